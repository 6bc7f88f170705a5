"""Labels of a source: find their keys, convert their units, check their shapes and numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isclose
from typing import Any

import numpy as np
from ase.stress import full_3x3_to_voigt_6_stress
from ase.units import Bohr

from mlffbench.datasets.formats.index import Index, is_missing
from mlffbench.datasets.formats.records import Reader, Record, Source
from mlffbench.datasets.formats.units import EV, Units, unit_in_name
from mlffbench.registry import suggest
from mlffbench.system.progress import report

__all__ = ["LABEL_NAMES", "SPELLINGS", "Label", "energies", "find_key"]

SPELLINGS: dict[str, tuple[str, ...]] = {  # compared in lower case
    "energy": (
        *("energy", "energies", "total_energy", "totenergy", "dft_energy", "ref_energy"),
        *("potential_energy", "etot", "e", "u0", "e_dft", "e_ref", "energy_dft", "energy_ref"),
    ),
    "forces": (
        *("forces", "force", "dft_force", "dft_forces", "ref_force", "ref_forces", "f"),
        *("f_dft", "f_ref", "forces_dft", "forces_ref"),
    ),
    "stress": (
        *("stress", "dft_stress", "ref_stress"),
        *("virial", "virials", "dft_virial", "dft_virials", "ref_virial", "ref_virials"),
    ),
}
LABEL_NAMES = {"free_energy", *(name for names in SPELLINGS.values() for name in names)}
NDIM = {"energy": {0}, "forces": {2}, "stress": {1, 2}}
SAME = {"energy": 1e-6, "forces": 1e-5, "stress": 1e-6}  # largest difference of two spellings of one label


@dataclass(frozen=True, eq=False)
class Label:
    """Reader of one quantity under one key, frame by frame: in eV and Å, checked."""

    dataset: str
    quantity: str
    key: str
    reader: Reader
    units: Units = EV
    placeholders: frozenset[int] = frozenset()  # frames whose label has no weight
    missing: set[int] = field(default_factory=set)

    def __call__(self, i: int) -> Any:
        """Return the label of frame `i`, None where it has none or NaN throughout (noted in `missing`).

        Raises
        ------
        ValueError
            The label is no number, not finite, or of a wrong shape.
        """
        if i in self.placeholders:
            return None
        record = self.reader.record(i)
        if self.key not in record.values:
            return None
        if self.quantity != "energy" and is_missing(record.values[self.key]):
            self.missing.add(i)
            return None
        convert: Callable[..., Any] = {"energy": _energy, "forces": _forces, "stress": _stress}[self.quantity]
        try:
            value = convert(record.values[self.key], record, self.key)
        except ValueError as error:
            raise ValueError(f"{self.dataset}: {self.key!r} of frame {i} {error}") from None
        return value if value is None or self.units is EV else value * self.scale

    def present(self, index: Index) -> np.ndarray:
        """Mask of the frames that have the label, (n,) bool."""
        mask = index.has(self.key)
        mask[list(self.placeholders)] = False
        return mask

    @property
    def scale(self) -> float:
        """Size of the label's unit in eV, eV/Å or eV/Å³."""
        return self.units.size(self.quantity, self.key)


# ---------------------------------------------------------------- keys
def find_key(name: str, quantity: str, given: str | None, source: Source) -> str | None:
    """Find the key of a quantity: the one given, else the well-known one that most frames have.

    Raises
    ------
    ValueError
        No such key; several that disagree; an energy that some frames lack.
    """
    if given is not None:
        key: str | None = _given_key(name, quantity, given, source)
    else:
        key = _well_known_key(name, quantity, source)
    if key is not None and quantity == "energy":
        _require_in_every_frame(name, key, source)
    return key


def _given_key(name: str, quantity: str, key: str, source: Source) -> str:
    """Return the key if any frame has it."""
    known = sorted(source.index.names())
    if key in source.index.names_of_kind("flag") and key not in known:
        raise ValueError(f"{name}: {quantity}_key {key!r} is a flag in every frame that has it, not a number")
    if key not in known and key not in source.index.names_of_kind("missing"):
        raise ValueError(f"{name}: no frame has {quantity}_key {key!r}{suggest(key, known)}")
    unit = unit_in_name(key)
    if unit is not None and not any(isclose(unit[1], s, rel_tol=1e-3) for s in _sizes(quantity, key, source)):
        raise ValueError(
            f"{name}: {quantity}_key {key!r} names the unit {unit[0]!r}, but the file is read in "
            f"{source.units}; set units, or convert it to eV and Å and rename it"
        )
    return key


def _sizes(quantity: str, key: str, source: Source) -> tuple[float, ...]:
    """Sizes of the units that the name of a label may tell: forces may name their energy only."""
    size = source.units.size(quantity, key)
    return (size, size * Bohr, source.units.energy) if quantity == "forces" else (size,)


def _well_known_key(name: str, quantity: str, source: Source) -> str | None:
    """Return the well-known key that most frames have; all such keys must agree."""
    rivals = _rivals(quantity, source)
    if not rivals:
        if quantity == "energy":
            raise ValueError(_no_energies(name, source))
        return None
    best = max(rivals, key=lambda k: int(source.index.has(k).sum()))
    for other in rivals:
        if other != best:
            _require_one_level(name, quantity, best, other, source)
    for other in rivals[1:]:
        if not _agree(name, quantity, rivals[0], other, source):
            raise ValueError(
                f"{name}: {rivals} hold different values for the {quantity}; choose one as {quantity}_key"
            )
    return best


def _no_energies(name: str, source: Source) -> str:
    """Return the error message of frames without an energy: the names and words that they have."""
    index = source.index
    dimensions = index.names()
    flags = sorted(index.names_of_kind("flag") - set(dimensions))
    missing = sorted(index.names_of_kind("missing") - set(dimensions))
    several = sorted(k for k in dimensions if k.lower() in SPELLINGS["energy"] and 0 not in dimensions[k])
    words = f"; {flags} are true or false, as ASE reads words without '='" if flags else ""
    words += "; a number without a name is not read: write energy=-76.4, not 'E -76.4'" if flags else ""
    words += f"; {missing} are NaN in every frame" if missing else ""
    words += (
        f"; {several} are several numbers, such as 1,5 with a comma for the decimal point" if several else ""
    )
    remedy = (
        "; name one as energy_key"
        if index.names_of_kind("number")
        else "; write energy=-76.4 before each frame"
    )
    remedy = "" if flags and not dimensions else remedy
    return f"{name}: no energies found; the frames have {sorted(dimensions)}{remedy}{words}"


def _require_one_level(name: str, quantity: str, key: str, other: str, source: Source) -> None:
    """Refuse a quantity that some frames hold under one key only, and other frames under another."""
    one, two = source.index.has(key), source.index.has(other)
    if (two & ~one).any():
        raise ValueError(
            f"{name}: {(one & ~two).sum()} frames have only {key!r} and {(two & ~one).sum()} only {other!r} "
            f"for the {quantity}: are they of one level of theory? if so write all under one name, else "
            "keep the frames of one of them"
        )


def _rivals(quantity: str, source: Source) -> list[str]:
    """Well-known keys with values of the right dimensions (``F`` may be anything)."""
    names = source.index.names()
    named = [k for k in sorted(names) if k.lower() in SPELLINGS[quantity]]
    rivals = [k for k in named if names[k] & NDIM[quantity]]
    if not rivals and quantity == "energy":
        return [k for k in sorted(names) if k.lower() == "free_energy"][:1]
    return rivals


def _agree(name: str, quantity: str, key: str, other: str, source: Source) -> bool:
    """True if some frames have both keys, all with the same numbers."""
    common = np.flatnonzero(source.index.has(key) & source.index.has(other))
    if quantity == "energy":
        one, two = (energies(name, k, source, source.index.has(k))[common] for k in (key, other))
        return len(common) > 0 and np.allclose(one, two, rtol=0, atol=SAME[quantity])
    labels = [Label(name, quantity, k, source.reader) for k in (key, other)]
    for done, i in enumerate(common.tolist()):
        if done % 1000 == 0:
            report(f"compare {key} and {other}", done, len(common))
        first, second = (label(i) for label in labels)
        if first is not None and second is not None and not np.allclose(first, second, 0, SAME[quantity]):
            return False
    return len(common) > 0


def _require_in_every_frame(name: str, key: str, source: Source) -> None:
    """Refuse frames without an energy."""
    index = source.index
    nans = np.flatnonzero(index.is_kind(key, "missing"))
    if len(nans):
        raise ValueError(
            f"{name}: {key!r} of frame {nans[0]} is not finite (NaN in {len(nans)} of {len(index)} frames), "
            "and a frame without an energy cannot be used; remove the frame"
        )
    missing = np.flatnonzero(~index.has(key))
    if len(missing):
        has = sorted(index.layouts[index.layout[missing[0]]].names())
        raise ValueError(
            f"{name}: {len(missing)} of {len(index)} frames (first: frame {missing[0]}) have no {key!r}, "
            f"and a frame without an energy cannot be used; it has {has}"
        )


# ---------------------------------------------------------------- values
def energies(name: str, key: str, source: Source, among: np.ndarray, units: Units = EV) -> np.ndarray:
    """Energies of the frames in the mask `among`, (n,) eV, from the index; NaN for other frames.

    They are checked as by `Label`.
    """
    label = Label(name, "energy", key, source.reader, units)
    values = source.index.scalars.get(key, np.full(len(among), np.nan)) * label.scale
    plain = source.index.is_kind(key, "number") & np.isfinite(values)
    for i in np.flatnonzero(among & ~plain).tolist():
        values[i] = label(i)
    return np.where(among, values, np.nan)


def _numbers(value: Any) -> np.ndarray:
    """Return the value as an array of finite floats; flags are no numbers."""
    if np.asarray(value).dtype.kind == "b":
        raise ValueError(f"is {value!r}, a flag and not a number")
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        shown = value.item() if isinstance(value, np.generic) else value
        raise ValueError(f"is {shown!r}, not a number") from None
    if not np.isfinite(array).all():
        raise ValueError("is not finite")
    return array


def _energy(label: Any, record: Record, key: str) -> float:
    value = _numbers(label)
    if value.size != 1:
        raise ValueError(f"has shape {value.shape}; an energy is one number")
    return float(value.item())


def _forces(label: Any, record: Record, key: str) -> np.ndarray:
    value, n = _numbers(label), len(record)
    if value.shape not in ((n, 3), (3 * n,)):
        raise ValueError(f"has shape {value.shape}; the forces on its {n} atoms have ({n}, 3)")
    return value.reshape(n, 3)


def _stress(label: Any, record: Record, key: str) -> np.ndarray | None:
    """Stress in Voigt order; None for frames that are not periodic in three directions."""
    if np.size(label) not in (6, 9):
        raise ValueError(f"has shape {np.shape(label)}; a stress is 3×3, 9 numbers or 6")
    if not record.pbc.all():
        return None
    value = _numbers(label)
    voigt = value.reshape(6) if value.size == 6 else full_3x3_to_voigt_6_stress(value.reshape(3, 3))
    return -voigt / record.volume if "virial" in key.lower() else voigt
