"""Values that stand for missing labels: weights of zero, and frames that say that they did not converge."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlffbench.datasets.formats.index import Index

__all__ = ["notes_on", "without_weight"]

WEIGHTS = {  # MACE's columns, and those of others
    "energy": ("config_energy_weight", "energy_weight", "config_weight"),
    "forces": ("config_forces_weight", "config_force_weight", "forces_weight", "force_weight"),
    "stress": ("config_stress_weight", "stress_weight"),
    "virial": ("config_virials_weight", "config_virial_weight", "virials_weight", "virial_weight"),
}
CONVERGED = ("converged", "scf_converged", "is_converged", "electronic_converged", "dft_converged")


def without_weight(index: Index, quantity: str, key: str) -> np.ndarray:
    """Mask of the frames in which the label of this key has the weight zero, (n,) bool."""
    mask = np.zeros(len(index), dtype=bool)
    for column in _weights(index, quantity, key):
        mask |= _is_zero(index, column) & index.has(key)
    return mask


def _weights(index: Index, quantity: str, key: str) -> list[str]:
    """Columns of weights of a label."""
    names = WEIGHTS["virial" if quantity == "stress" and "virial" in key.lower() else quantity]
    return [column for column in index.scalars if column.lower() in names]


def _is_zero(index: Index, column: str) -> np.ndarray:
    """Mask of the frames in which a number is zero, (n,) bool."""
    return np.asarray(index.is_kind(column, "number") & (index.scalars[column] == 0))


def _is_false(index: Index, column: str) -> np.ndarray:
    """Mask of the frames in which a flag is false: 0, F or False, (n,) bool."""
    return _is_zero(index, column) | np.isin(np.char.lower(index.texts(column)), ("f", "false", "no"))


def notes_on(index: Index, keys: Mapping[str, str | None]) -> list[str]:
    """Sentences on labels of weight zero, and on frames that did not converge.

    Forces and stresses without weight are missing; a frame cannot be used without an energy, which is kept.
    """
    notes = []
    for quantity, key in keys.items():
        n = 0 if key is None else int(without_weight(index, quantity, key).sum())
        if key is not None and n:
            column = _weights(index, quantity, key)[0]
            fate = (
                "are used nevertheless; leave these frames out if they are placeholders"
                if quantity == "energy"
                else "are taken as missing"
            )
            notes.append(f"the {key!r} of {n} of {len(index)} frames have {column} = 0 and {fate}")
    for column in index.scalars:
        n = int(_is_false(index, column).sum()) if column.lower() in CONVERGED else 0
        if n:
            notes.append(
                f"{n} of {len(index)} frames say {column} = False; leave them out: they are no reference"
            )
    return notes
