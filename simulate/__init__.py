"""Instances, networks, training and certification: what can be measured on small cases.

Data goes one way: an instance, a network trained or built for it, a certificate, a measured size.

>>> from robustsize import simulate
>>> built = simulate.build("thm3.3", d=2, epsilon="1/5", c="1/2", samples=6)
>>> simulate.certify(built).status.value
'certified'

`certify`, `experiment`, `search` and `train` are packages that can be called: calling one does the
usual thing, its names are for the rest. docs/python.md has an example of each.
"""

from typing import TYPE_CHECKING

if __name__ == "simulate":
    raise ImportError("import this package as robustsize.simulate (run `pip install -e .` first)")

from robustsize.bounds.lazy import exports

if TYPE_CHECKING:
    from robustsize.simulate.api import (
        Certificate,
        Construction,
        Guarantee,
        InputError,
        Instance,
        Network,
        Plan,
        Result,
        SearchResult,
        build,
        certify,
        experiment,
        instance,
        load_network,
        save_network,
        search,
        train,
    )

__all__ = [
    "Certificate",
    "Construction",
    "Guarantee",
    "InputError",
    "Instance",
    "Network",
    "Plan",
    "Result",
    "SearchResult",
    "build",
    "certify",
    "experiment",
    "instance",
    "load_network",
    "save_network",
    "search",
    "train",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, {"api": __all__})
