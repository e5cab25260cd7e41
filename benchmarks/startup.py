"""How long a query takes, as a ratio to importing SymPy."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

QUERY = ["-m", "robustsize.cli", "bound", "thm4.3", "--d", "20", "--epsilon", "0.1", "--json"]
PEER = ["-c", "import sympy"]


def seconds(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer pairs")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    seconds(QUERY), seconds(PEER)
    pairs = [(seconds(QUERY), seconds(PEER)) for _ in range(7 if options.quick else 21)]
    ratios = sorted(ours / peer for ours, peer in pairs)
    row = {
        "case": "bound thm4.3 --json against import sympy",
        "ours": statistics.median(ours for ours, _ in pairs),
        "peer": statistics.median(peer for _, peer in pairs),
        "ratio": statistics.median(ratios),
        "spread": [ratios[0], ratios[-1]],
    }
    if options.json:
        print(json.dumps([row], indent=2))
    else:
        print(f"{row['case']}: {row['ours']:.3f} s / {row['peer']:.3f} s = {row['ratio']:.2f}")


if __name__ == "__main__":
    main()
