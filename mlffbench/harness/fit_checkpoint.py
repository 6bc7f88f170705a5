"""Checkpoint of a fitted model, believed only if nothing that decides the fit has changed."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from mlffbench.forcefield import ForceField
from mlffbench.system import checkpoint, model_file
from mlffbench.system.checksum import Checksum
from mlffbench.system.failures import catch_failure
from mlffbench.system.timing import Measurement
from mlffbench.system.versions import versions

__all__ = ["forget_other_checkpoints", "read_fit", "write_fit"]

MODEL, FIT, INPUTS = "model.mlff", "fit.json", "inputs.json"
PACKAGES = ("mlffbench", "numpy", "scipy", "scikit-learn", "ase", "torch")


def forget_other_checkpoints(model: ForceField, inputs: str) -> None:
    """Empty the checkpoint folder if it belongs to another model, other inputs or other versions."""
    folder, key = checkpoint.folder(), f"{inputs} {_identity(model)}"
    if folder is None or checkpoint.read(folder / INPUTS) == (key,):
        return
    checkpoint.empty(folder)
    checkpoint.write(folder / INPUTS, key)


def read_fit(model: ForceField) -> tuple[ForceField, Measurement] | None:
    """The fitted model and the cost of its fit; None if there are none, or none to be believed."""
    return catch_failure(lambda: _fit_of(model))[0]


def _fit_of(model: ForceField) -> tuple[ForceField, Measurement] | None:
    folder = checkpoint.folder()
    kept = None if folder is None else checkpoint.read(folder / FIT)
    if folder is None or kept is None:
        return None
    (fit,) = kept
    if not Checksum(fit["model"]).fits(folder / MODEL):
        return None
    loaded = model_file.load(folder / MODEL, trust=[type(model).__module__])
    return (loaded, Measurement(**fit["cost"])) if _identity(loaded) == _identity(model) else None


def write_fit(model: ForceField, cost: Measurement) -> None:
    """Write the model, then its digest and cost; a model that cannot be written is not kept."""
    folder = checkpoint.folder()
    if folder is None:
        return
    with suppress(Exception):
        model.save(folder / MODEL)
        fit = {"model": Checksum("").of(folder / MODEL), "cost": asdict(cost)}
        checkpoint.write(folder / FIT, fit)


def _identity(model: ForceField) -> str:
    """Class, parameters and versions that decide a fit, in words."""
    name = f"{type(model).__module__}:{type(model).__qualname__}"
    parts = [name, model.get_params(deep=False), versions(PACKAGES)]
    return json.dumps(parts, default=_plain, skipkeys=True)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else repr(value)
