"""Checkpoint of a fitted model, believed only if nothing that decides the fit has changed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict

from mlffbench.forcefield import ForceField
from mlffbench.system import checkpoint, model_file
from mlffbench.system.checksum import Checksum
from mlffbench.system.failures import catch_failure
from mlffbench.system.fit_name import model_identity
from mlffbench.system.timing import Measurement

__all__ = ["forget_other_checkpoints", "read_fit", "sign_checkpoints", "write_fit"]

MODEL, FIT, INPUTS = "model.mlff", "fit.json", "inputs.json"
FITS = "fit-*"  # folders of states of fits


def forget_other_checkpoints(model: ForceField, inputs: str) -> None:
    """Remove checkpoints of another model, other inputs or other versions; names of fits say their own."""
    folder = checkpoint.folder()
    if folder is None or not folder.is_dir():
        return
    kept = checkpoint.read(folder / INPUTS)
    if kept != (_key(model, inputs),):
        checkpoint.empty(folder, but=FITS if kept is None else None)


def sign_checkpoints(model: ForceField, inputs: str) -> None:
    """Write what `forget_other_checkpoints` compares with, before anything but states of fits is kept."""
    folder = checkpoint.folder()
    if folder is not None and checkpoint.read(folder / INPUTS) is None:
        checkpoint.write(folder / INPUTS, _key(model, inputs))


def _key(model: ForceField, inputs: str) -> str:
    return f"{inputs} {model_identity(model)}"


def read_fit(model: ForceField) -> tuple[ForceField, Measurement, int] | None:
    """The fitted model, the cost of its fit, and the number of processes before the one that ended it.

    None if there is no fit, or none to be believed.
    """
    return catch_failure(lambda: _fit_of(model))[0]


def _fit_of(model: ForceField) -> tuple[ForceField, Measurement, int] | None:
    folder = checkpoint.folder()
    kept = None if folder is None else checkpoint.read(folder / FIT)
    if folder is None or kept is None:
        return None
    (fit,) = kept
    if not Checksum(fit["model"]).fits(folder / MODEL):
        return None
    loaded = model_file.load(folder / MODEL, trust=[type(model).__module__])
    if model_identity(loaded) != model_identity(model):
        return None
    return loaded, Measurement(**fit["cost"]), int(fit["resumed"])


def write_fit(model: ForceField, cost: Measurement, resumed: int) -> None:
    """Write the model, then its digest and cost, and remove the states of its fit.

    A model that cannot be written is not kept.
    """
    folder = checkpoint.folder()
    if folder is None:
        return
    with suppress(Exception):
        model.save(folder / MODEL)
        fit = {"model": Checksum("").of(folder / MODEL), "cost": asdict(cost), "resumed": resumed}
        checkpoint.write(folder / FIT, fit)
        checkpoint.empty(folder, only=FITS)
