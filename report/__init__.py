"""Measurement held against theory: verdicts, figures, pages."""

if __name__ == "report":
    raise ImportError("import this package as robustsize.report (run `pip install -e .` first)")
