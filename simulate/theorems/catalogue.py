"""All experiments, in the order of the paper's Table 1, and the presets that run them."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module

from robustsize.bounds.symbols import InputError
from robustsize.simulate.experiment.model import Experiment
from robustsize.simulate.experiment.run import Task

PRESETS = ("quick", "full")

FOLDERS = (
    "growth",
    "thm2_2",
    "prop3_2",
    "thm3_3",
    "thm4_3",
    "thm4_4",
    "thm4_5",
    "thm5_5",
    "gap",
)
"""The folders with an experiment; `experiment.py` in each has its `EXPERIMENT`."""

EXPERIMENTS: tuple[Experiment, ...] = tuple(
    import_module(f"{__package__}.{folder}.experiment").EXPERIMENT for folder in FOLDERS
)

BY_ID = {id: one for one in EXPERIMENTS for id in (*one.covers, one.id)}
"""An experiment is found by its own id and by those of the theorems that it covers: that of thm3.4
is thm3.3's, in the folder of its construction.
"""


def experiment_of(id: str, option: str) -> Experiment:
    """The experiment that covers a theorem, or has that id itself.

    Raises InputError, naming the option it came from, where there is none.
    """
    if id not in BY_ID:
        known = ", ".join(dict.fromkeys(BY_ID))
        raise InputError(f"{option} {id[:40]!r}: one of {known}; for example thm4.3")
    return BY_ID[id]


def preset_tasks(preset: str, only: Sequence[str], seed: int, device: str) -> list[Task]:
    """The probes of a preset with its settings.

    preset: quick or full. only: ids of probes or of theorems they cover; empty for all.

    Raises InputError for another preset or id.
    """
    if preset not in PRESETS:
        names = " or ".join(PRESETS)
        raise InputError(f"--preset {preset[:40]!r}: {names}; for example --preset quick")
    chosen = dict.fromkeys([experiment_of(id, "--only") for id in only] or EXPERIMENTS)
    settings = [(p, p.quick if preset == "quick" else p.full) for p in chosen]
    return [Task(p, replace(setting, seed=seed, device=device)) for p, setting in settings]
