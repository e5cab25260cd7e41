"""Bounds on the size of robust ReLU networks, as statements, as SymPy expressions and as numbers.

>>> from robustsize import bounds
>>> print(bounds.bound("thm4.3", d=20, epsilon="1/10", c="1/2"))
thm4.3 (lower, explicit): network size (non-zero weights and biases) >= 49370321 at d = 20, \
epsilon = 1/10, c = 1/2, alpha = 0, mu = 1, p = inf
>>> bounds.theorem("thm4.3").form("printed").expression
(2*epsilon)**(1/6 - d/6)

`table` is the paper's Table 1 at parameters of yours, `crossing` asks the question the other way
round, `check` goes through the steps of a proof. docs/python.md has an example of each.
"""

from typing import TYPE_CHECKING

if __name__ == "bounds":
    raise ImportError("import this package as robustsize.bounds (run `pip install -e .` first)")

from robustsize.bounds.lazy import exports

if TYPE_CHECKING:
    from robustsize.bounds.api import (
        IDS,
        Bound,
        Crossing,
        Form,
        InputError,
        Theorem,
        bound,
        check,
        crossing,
        table,
        theorem,
    )

__all__ = [
    "IDS",
    "Bound",
    "Crossing",
    "Form",
    "InputError",
    "Theorem",
    "bound",
    "check",
    "crossing",
    "table",
    "theorem",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, {"api": __all__})
