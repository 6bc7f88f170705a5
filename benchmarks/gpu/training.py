"""MACE: epochs a minute of our fit against ``mace_run_train``, in one run on one card.

Architecture, optimiser, loss, batches, precision and frames are the same; validation belongs to an epoch on
both sides. `mace_run_train` is a process of its own, timed by its log. The first epochs, in which TorchScript
compiles and graphs are captured, are left out: the median of the others counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from _gpu import Claim, Fact, Parts, Run, dataset, estimator
from _peer import OURS, at_least, save
from _peer import run as run_side

from mlffbench.potentials.validation_split import holdout

SIZES = {"max_ell": 3, "correlation": 3, "num_interactions": 2, "num_radial_basis": 8, "cutoff": 5.0}
SMALL = {"num_channels": 4, "max_L": 1, "max_ell": 1, "correlation": 2, "cutoff": 4.5}
TRAINING = {"learning_rate": 0.01, "weight_decay": 5e-7, "ema_decay": 0.99, "energy_weight": 1.0,
            "forces_weight": 100.0}  # fmt: skip
# channels, order, precision, batch; the ratio that must be reached
CASES: dict[str, tuple[int, int, str, int, float | None]] = {
    "256x2 float64 batch 5": (256, 2, "float64", 5, 5.0),
    "64x1 float32 batch 10": (64, 1, "float32", 10, 8.0),
    "256x2 float32 batch 10": (256, 2, "float32", 10, None),
}
FRAMES, VALIDATION, SEED = 200, 0.1, 0
EPOCHS = {"ours": 8, "theirs": 4}
FIRST = {"ours": 3, "theirs": 1}  # epochs left out


def parts(run: Run) -> Parts:
    return {name: partial(both_sides, name) for name in (list(CASES)[:2] if run.small else CASES)}


def both_sides(name: str, run: Run) -> dict[str, Any]:
    channels, order, dtype, batch, _ = CASES[name]
    size = {**SIZES, "num_channels": channels, "max_L": order} | (SMALL if run.small else {})
    training = {**TRAINING, "batch_size": batch, "dtype": dtype}
    ours = _ours(run, size, training)
    run.note({"ours": ours})
    return {"ours": ours, "theirs": _theirs(run, size, training), "size": size, "training": training}


def _ours(run: Run, size: dict[str, Any], training: dict[str, Any]) -> dict[str, Any]:
    data, train, _ = dataset(run, FRAMES)
    model = estimator(
        run, "mace", data, {}, **size, **training, preset="medium", schedule="plateau", cooldown=0.0,
        max_epochs=4 if run.small else EPOCHS["ours"], validation_fraction=VALIDATION, random_state=SEED,
    )  # fmt: skip
    model.fit([data.frames[i] for i in train], data.labels[train])
    ends = [row["seconds"] for row in model.history_]
    seconds = [b - a for a, b in zip([0.0, *ends], ends, strict=False)]
    told = {k: getattr(model, k, None) for k in ("kernels_", "captured_", "dtype_")}
    return {**_rate(seconds, FIRST["ours"]), **told}


def _theirs(run: Run, size: dict[str, Any], training: dict[str, Any]) -> dict[str, Any]:
    data, train, _ = dataset(run, FRAMES)
    order: dict[str, Any] = {
        "task": "fit", "device": run.device, "seed": SEED, "epochs": 2 if run.small else EPOCHS["theirs"],
        "atomic_energies": dict(data.atomic_energies or {}), "size": size, "training": training,
    }  # fmt: skip
    with TemporaryDirectory() as folder:
        fitted, held = holdout(len(train), VALIDATION, SEED)
        for name, picks in {"train": train[fitted], "valid": train[held]}.items():
            frames, labels = [data.frames[i] for i in picks], data.labels[picks]
            order[name] = str(save(Path(folder) / f"{name}.xyz", frames, labels))
        with _quiet(Path(folder) / "log"):
            answer = run_side(OURS, "mace_theirs", order, threads=1 if run.small else 8)
    return _rate(answer["epoch_seconds"], FIRST["theirs"]) | answer


@contextmanager
def _quiet(log: Path) -> Iterator[None]:
    """Let the processes started inside the block write into a file; show its end if one fails."""
    before = os.dup(2)
    with log.open("wb") as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        except Exception as error:
            error.add_note(log.read_text(errors="replace")[-3000:])
            raise
        finally:
            os.dup2(before, 2)
            os.close(before)


def _rate(seconds: list[float], first: int) -> dict[str, Any]:
    """Seconds of each epoch, and epochs a minute without the first."""
    return {"epoch_seconds": seconds, "epochs_per_minute": 60 / median(seconds[first:])}


def claims(numbers: Mapping[str, Any]) -> list[Claim]:
    rows = []
    for name, values in numbers.items():
        required = CASES[name][-1]
        if "theirs" in values and required is not None:
            ratio = values["ours"]["epochs_per_minute"] / values["theirs"]["epochs_per_minute"]
            rows.append(
                at_least(f"MACE {name}: epochs a minute, ours over mace_run_train's", ratio, required)
            )
    return rows


def facts(numbers: Mapping[str, Any]) -> list[Fact]:
    return [
        Fact(f"MACE {name}: epochs a minute, {side}", values[side]["epochs_per_minute"], "")
        for name, values in numbers.items()
        for side in ("ours", "theirs")
        if side in values
    ]
