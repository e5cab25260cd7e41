"""What the constructions of the upper bounds are made of.

>>> from robustsize.simulate.construct import constant_network
>>> constant_network(3, -1).size
1
"""

from typing import TYPE_CHECKING

from robustsize.bounds.lazy import exports

if TYPE_CHECKING:
    from robustsize.simulate.construct.bit_families import BitFamilies, Ladder
    from robustsize.simulate.construct.bit_table import BitTable, bit_table
    from robustsize.simulate.construct.boxes import BoxCover, box_network, cover_pieces
    from robustsize.simulate.construct.halves import depth_five_network, depth_four_network
    from robustsize.simulate.construct.quadratic import quadratic_network
    from robustsize.simulate.construct.result import Construction, constant_network

__all__ = [
    "BitFamilies",
    "BitTable",
    "BoxCover",
    "Construction",
    "Ladder",
    "bit_table",
    "box_network",
    "constant_network",
    "cover_pieces",
    "depth_five_network",
    "depth_four_network",
    "quadratic_network",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(
        __name__,
        {
            "bit_families": ["BitFamilies", "Ladder"],
            "bit_table": ["BitTable", "bit_table"],
            "boxes": ["BoxCover", "box_network", "cover_pieces"],
            "halves": ["depth_five_network", "depth_four_network"],
            "quadratic": ["quadratic_network"],
            "result": ["Construction", "constant_network"],
        },
    )
