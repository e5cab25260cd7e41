"""How long a query takes, as a ratio to importing SymPy: `ratio` is ours / peer, below 1 is faster.

python benchmarks/startup.py [--quick] [--json]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from _common import Row, middle_and_spread, run

QUERY = ["-m", "robustsize.cli", "bound", "thm4.3", "--d", "20", "--epsilon", "0.1", "--json"]
PEER = ["-c", "import sympy"]


def seconds(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(quick: bool) -> Iterator[Row]:
    seconds(QUERY), seconds(PEER)
    pairs = [(seconds(QUERY), seconds(PEER)) for _ in range(7 if quick else 21)]
    ratio, spread = middle_and_spread(ours / peer for ours, peer in pairs)
    yield Row(
        case="bound thm4.3 --json against import sympy",
        ours=statistics.median(ours for ours, _ in pairs),
        peer=statistics.median(peer for _, peer in pairs),
        ratio=ratio,
        spread=spread,
    )


if __name__ == "__main__":
    run(__doc__, measure)
