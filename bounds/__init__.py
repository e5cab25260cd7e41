"""Bounds on the size of robust ReLU networks, as statements, as SymPy expressions and as numbers.

`robustsize.bounds.catalogue` lists the theorems, `robustsize.bounds.evaluate` turns a form of one
into a number, `robustsize.bounds.solve` asks the question the other way round.
"""

if __name__ == "bounds":
    raise ImportError("import this package as robustsize.bounds (run `pip install -e .` first)")
