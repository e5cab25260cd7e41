"""The smallest certified network of an instance, and how much an architecture can shatter.

>>> from robustsize.simulate import instance
>>> from robustsize.simulate.search import smallest_width
>>> points = instance([[0.0], [0.5], [1.0]], [1, -1, 1], radius=0)
>>> answer = smallest_width(points)
>>> answer.width, answer.exact
(2, True)
"""

from typing import TYPE_CHECKING

from robustsize.bounds.lazy import exports

if TYPE_CHECKING:
    from robustsize.simulate.search.exact_width import SmallestWidth, smallest_width
    from robustsize.simulate.search.model import Found, SearchResult, Settings
    from robustsize.simulate.search.shatter import Realised, Shattered, shatter
    from robustsize.simulate.search.smallest import default_ladder, search

__all__ = [
    "Found",
    "Realised",
    "SearchResult",
    "Settings",
    "Shattered",
    "SmallestWidth",
    "default_ladder",
    "search",
    "shatter",
    "smallest_width",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(
        __name__,
        {
            "exact_width": ["SmallestWidth", "smallest_width"],
            "model": ["Found", "SearchResult", "Settings"],
            "shatter": ["Realised", "Shattered", "shatter"],
            "smallest": ["default_ladder", "search"],
        },
    )
