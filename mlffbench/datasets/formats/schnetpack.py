"""Labels in the ``data`` of ASE's databases, as of SchNetPack, and units in their metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlffbench.datasets.formats.stated_units import stated_in
from mlffbench.datasets.formats.units import size_of

__all__ = ["labels_in", "units_in"]

UNITLESS = ("", "1", "1.0", "none")


def labels_in(data: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers in a row's ``data``; an energy is stored as an array of one number."""
    arrays = {k: _array(v) for k, v in data.items() if not isinstance(v, Mapping)}
    return {k: _squeezed(v) for k, v in arrays.items() if v.dtype.kind in "iuf" and v.size}


def _array(value: Any) -> np.ndarray:
    """An array of the value; an empty one where its rows are of different lengths."""
    try:
        return np.asarray(value)
    except ValueError:
        return np.empty(0)


def _squeezed(array: np.ndarray) -> Any:
    """One number as such, and a 3×3 tensor without the dimension of the frames."""
    return float(array.item()) if array.size == 1 else array[0] if array.shape == (1, 3, 3) else array


def units_in(file: str, metadata: Mapping[str, Any]) -> tuple[dict[str, str | float], dict[str, float]]:
    """Units of quantities, and the sizes of those of single labels, as the metadata state them.

    Raises
    ------
    ValueError
        A word that is no unit, for a label.
    """
    stated = stated_in({k: v for k, v in metadata.items() if isinstance(v, str)})
    keys: dict[str, float] = {}
    named = (v for k, v in metadata.items() if "unit" in k.lower() and isinstance(v, Mapping))
    for key, text in (pair for units in named for pair in units.items()):
        quantity = _quantity(key)
        if quantity is None or str(text).strip().lower() in UNITLESS:
            continue
        size = size_of(text, quantity)
        if size is None:
            raise ValueError(
                f"{file}: {text!r} is no known unit of {key!r}; write that of eV and Å into the metadata"
            )
        if quantity == "length":
            stated["length"] = text
            continue
        keys[key] = size
        if quantity == "energy" and (key.lower() == "energy" or "energy" not in stated):
            stated["energy"] = text
    return stated, keys


def _quantity(key: str) -> str | None:
    """Quantity of a label, from its name; None for dipoles and the like."""
    name = key.lower()
    if name in ("e", "u", "u0") or "energ" in name:
        return "energy"
    if name == "f" or "force" in name:
        return "forces"
    if name in ("length", "distance", "position", "positions", "coordinates"):
        return "length"
    return next((quantity for quantity in ("stress", "virial") if quantity in name), None)
