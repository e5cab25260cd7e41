"""The state of a search in a folder: JSON and network files, whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from robustsize.simulate.certify.complete import Certificate, CertificateStatus
from robustsize.simulate.data.instance import Instance
from robustsize.simulate.networks.network import Network
from robustsize.simulate.search.model import Found, Settings, State
from robustsize.simulate.search.prune import Origin, Survivor
from robustsize.simulate.search.race import Tried
from robustsize.simulate.system.files import write_bytes

STATE = "state.json"


def save_state(
    folder: Path, instances: Sequence[Instance], settings: Settings, state: State
) -> None:
    """Write the state after a cycle; the files of earlier cycles go once the new state is there."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for i, (found, pool) in enumerate(zip(state.found, state.pools, strict=True)):
        names = []
        for k, one in enumerate(pool.survivors):
            names.append(f"cycle{state.cycle}-{i}-{k}.npz")
            one.network.save(folder / names[-1])
        best = f"cycle{state.cycle}-{i}-best.npz"
        if found.network is not None:
            found.network.save(folder / best)
        rows.append(
            {
                "best": best if found.network is not None else None,
                "certificate": _certificate_json(found),
                "origin": found.origin.value if found.origin else None,
                "smallest_survivor": found.smallest_survivor,
                "tried": [asdict(tried) for tried in found.tried],
                "pruning": [found.pruning_tried, found.pruning_steps],
                "survivors": [
                    {"file": name, "margin": one.margin, "origin": one.origin.value}
                    for name, one in zip(names, pool.survivors, strict=True)
                ],
            }
        )
    whole = {
        "made_by": _key(instances, settings),
        "cycle": state.cycle,
        "engine": state.engine,
        "device": state.device,
        "rows": rows,
    }
    write_bytes(folder / STATE, json.dumps(whole, indent=1).encode())
    for path in folder.glob("cycle*-*.npz"):
        if not path.name.startswith(f"cycle{state.cycle}-"):
            path.unlink()


def load_state(
    folder: Path, instances: Sequence[Instance], settings: Settings, state: State
) -> bool:
    """Take up what an interrupted search of the same instances and settings left, if it did.

    Raises ValueError, naming the file, where the state is damaged.
    """
    path = folder / STATE
    if not path.is_file():
        return False
    try:
        saved = json.loads(path.read_text())
        if saved["made_by"] != _key(instances, settings):
            return False
        for row, found, pool in zip(saved["rows"], state.found, state.pools, strict=True):
            _restore(folder, row, found)
            pool.survivors = [
                Survivor(Network.load(folder / s["file"]), s["margin"], Origin(s["origin"]))
                for s in row["survivors"]
            ]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ValueError(f"{path} is damaged ({error}); delete it to start anew") from error
    state.cycle, state.engine, state.device = saved["cycle"], saved["engine"], saved["device"]
    return True


def _restore(folder: Path, row: dict[str, Any], found: Found) -> None:
    if row["best"] is not None:
        found.network = Network.load(folder / row["best"])
        parts = dict(row["certificate"])
        parts["status"] = CertificateStatus(parts["status"])
        found.certificate = Certificate(**parts, counterexample=None)
        found.origin = Origin(row["origin"])
    found.smallest_survivor = row["smallest_survivor"]
    found.tried = tuple(
        Tried(**{**tried, "hidden": tuple(tried["hidden"])}) for tried in row["tried"]
    )
    found.pruning_tried, found.pruning_steps = row["pruning"]


def _certificate_json(found: Found) -> dict[str, Any] | None:
    """A certificate that certifies, so without a counterexample; its proof is not kept."""
    if found.certificate is None:
        return None
    given = found.certificate
    kept = (field.name for field in fields(given) if field.name not in ("counterexample", "proof"))
    return {name: getattr(given, name) for name in kept} | {"status": given.status.value}


def _key(instances: Sequence[Instance], settings: Settings) -> str:
    """Names the instances and settings that a state belongs to."""
    text = json.dumps(asdict(settings), sort_keys=True)
    for one in instances:
        text += f"|{one.points}|{one.labels.tolist()}|{one.radius}|{one.p}"
    return hashlib.sha256(text.encode()).hexdigest()
