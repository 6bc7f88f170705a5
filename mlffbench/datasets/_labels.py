"""Where a file keeps its labels, and whether they can be used: keys found, shapes and numbers checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.stress import full_3x3_to_voigt_6_stress

from mlffbench.registry import suggest

__all__ = ["LABEL_NAMES", "find_labels"]

SPELLINGS: dict[str, tuple[str, ...]] = {  # compared in lower case
    "energy": (
        *("energy", "energies", "total_energy", "totenergy", "dft_energy", "ref_energy"),
        *("potential_energy", "etot", "e", "u0"),
    ),
    "forces": ("forces", "force", "dft_force", "dft_forces", "ref_force", "ref_forces", "f"),
    "stress": (
        *("stress", "dft_stress", "ref_stress"),
        *("virial", "virials", "dft_virial", "dft_virials", "ref_virial", "ref_virials"),
    ),
}
LABEL_NAMES = {"free_energy", *(name for names in SPELLINGS.values() for name in names)}
NDIM = {"energy": {0}, "forces": {2}, "stress": {1, 2}}
SAME = {"energy": 1e-6, "forces": 1e-5, "stress": 1e-6}  # what two spellings of one label may differ by

Record = Mapping[str, Any]


def find_labels(name: str, quantity: str, given: str | None, frames: Sequence[Atoms]) -> list[Any]:
    """The ``energy``, ``forces`` or ``stress`` of every frame under the key given or found; None if missing.

    Raises
    ------
    ValueError
        See `from_frames`; the message begins with `name`.
    """
    records = [_record(a) for a in frames]
    key = _key(name, quantity, given, frames, records)
    if key is None:
        return [None] * len(frames)
    missing = [i for i, r in enumerate(records) if key not in r]
    if missing and quantity == "energy":
        raise ValueError(
            f"{name}: {len(missing)} of {len(frames)} frames (first: frame {missing[0]}) have no {key!r}, "
            f"and a frame without an energy cannot be used; it has {sorted(records[missing[0]])}"
        )
    return _values(name, quantity, key, frames, records)


def _record(atoms: Atoms) -> dict[str, Any]:
    """Everything that could be a label, by name; a calculator's results win."""
    arrays = {k: v for k, v in atoms.arrays.items() if k not in ("numbers", "positions")}
    merged = {**arrays, **atoms.info, **getattr(atoms.calc, "results", {})}
    return {k: v for k, v in merged.items() if v is not None}


# ---------------------------------------------------------------- which key
def _key(
    name: str, quantity: str, given: str | None, frames: Sequence[Atoms], records: Sequence[Record]
) -> str | None:
    """The key that holds a quantity: the one given, else the fullest of the known spellings."""
    known = sorted({k for r in records for k in r})
    if given is not None:
        if given not in known:
            raise ValueError(f"{name}: no frame has {quantity}_key {given!r}{suggest(given, known)}")
        return given
    rivals = _rivals(quantity, known, records)
    if not rivals and quantity == "energy":
        raise ValueError(f"{name}: no energies found; the frames have {known}; name one as energy_key")
    for other in rivals[1:]:
        if not _agree(name, quantity, rivals[0], other, frames, records):
            raise ValueError(
                f"{name}: {rivals} hold different values for the {quantity}; choose one as {quantity}_key"
            )
    return max(rivals, key=lambda k: sum(k in r for r in records), default=None)


def _rivals(quantity: str, known: Sequence[str], records: Sequence[Record]) -> list[str]:
    """The well-known names in use, where any value has the dimensions (``F`` may be anything)."""
    named = [k for k in known if k.lower() in SPELLINGS[quantity]]
    rivals = [k for k in named if any(np.ndim(r[k]) in NDIM[quantity] for r in records if k in r)]
    if not rivals and quantity == "energy":
        return [k for k in known if k.lower() == "free_energy"][:1]
    return rivals


def _agree(
    name: str, quantity: str, key: str, other: str, frames: Sequence[Atoms], records: Sequence[Record]
) -> bool:
    """Whether two keys hold the same numbers, and at all in the same frames."""
    if not any(key in r and other in r for r in records):
        return False
    one, two = (_values(name, quantity, k, frames, records) for k in (key, other))
    both = [(a, b) for a, b in zip(one, two, strict=True) if a is not None and b is not None]
    return all(np.allclose(a, b, rtol=0, atol=SAME[quantity]) for a, b in both)


# ---------------------------------------------------------------- its values
def _values(
    name: str, quantity: str, key: str, frames: Sequence[Atoms], records: Sequence[Record]
) -> list[Any]:
    read = {"energy": _energy, "forces": _forces, "stress": _stress}[quantity]
    values = []
    for i, (atoms, record) in enumerate(zip(frames, records, strict=True)):
        try:
            values.append(None if key not in record else read(_numbers(record[key]), atoms, key))
        except ValueError as error:
            raise ValueError(f"{name}: {key!r} of frame {i} {error}") from None
    return values


def _numbers(value: Any) -> np.ndarray:
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"is {value!r}, not a number") from None
    if not np.isfinite(array).all():
        raise ValueError("is not finite")
    return array


def _energy(value: np.ndarray, atoms: Atoms, key: str) -> float:
    if value.size != 1:
        raise ValueError(f"has shape {value.shape}; an energy is one number")
    return float(value.item())


def _forces(value: np.ndarray, atoms: Atoms, key: str) -> np.ndarray:
    n = len(atoms)
    if value.shape != (n, 3):
        raise ValueError(f"has shape {value.shape}; the forces on its {n} atoms have ({n}, 3)")
    return value


def _stress(value: np.ndarray, atoms: Atoms, key: str) -> np.ndarray | None:
    """Voigt; None where it is not defined."""
    if value.size not in (6, 9):
        raise ValueError(f"has shape {value.shape}; a stress is 3×3, 9 numbers or 6")
    if not atoms.pbc.all():
        return None
    voigt = value.reshape(6) if value.size == 6 else full_3x3_to_voigt_6_stress(value.reshape(3, 3))
    return -voigt / atoms.get_volume() if "virial" in key.lower() else voigt
