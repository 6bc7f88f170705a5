"""Name of a fit, from everything that decides it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.system.versions import versions

__all__ = ["fit_name", "model_identity"]

PACKAGES = (
    "mlffbench", "numpy", "scipy", "scikit-learn", "ase", "torch", "mace-torch", "e3nn", "graph-pes",
    "nequip", "nequip-allegro", "torchnep", "deepmd-kit", "tensorpotential", "tensorflow-cpu", "optuna",
)  # fmt: skip


def fit_name(model: Any, frames: Sequence[Atoms], labels: Labels) -> str:
    """Digest of an estimator's parameters, the versions of its libraries, and its training set."""
    digest = hashlib.sha256(model_identity(model).encode())
    for atoms in frames:
        for values in (atoms.numbers, atoms.positions, atoms.cell.array, atoms.pbc):
            _add(digest, values)
    _add(digest, labels.energy)
    for each in (labels.forces, labels.stress):
        for values in each or [None]:
            _add(digest, values)
    return f"fit-{digest.hexdigest()[:16]}"


def _add(digest: Any, values: np.ndarray | None) -> None:
    """Add shape and bytes of an array; a missing one differs from zeros."""
    values = np.asarray([] if values is None else values)
    digest.update(f"{values.dtype} {values.shape};".encode())
    digest.update(np.ascontiguousarray(values).tobytes())


def model_identity(model: Any) -> str:
    """Class, parameters and versions that decide a fit, in words."""
    name = f"{type(model).__module__}:{type(model).__qualname__}"
    parts = [name, model.get_params(deep=False), versions(PACKAGES)]
    return json.dumps(parts, default=_plain, skipkeys=True)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else repr(value)
