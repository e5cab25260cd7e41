"""The commands, one file a family; `group` loads each when it is called."""

if __name__ == "commands":
    raise ImportError("import this package as robustsize.commands (run `pip install -e .` first)")
