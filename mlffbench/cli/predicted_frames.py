"""Predictions in frames: keys of extended xyz beside all that the frames hold."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculatorError, PropertyNotImplementedError
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms, FixCartesian
from ase.io import write
from ase.stress import voigt_6_to_full_3x3_stress

from mlffbench.data import Labels, concatenate
from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.progress import report

if TYPE_CHECKING:
    from ase.calculators.calculator import BaseCalculator

__all__ = ["predictions_by", "with_predictions", "write_frames"]

BATCH = 2000  # atoms that are predicted at a time
LOST = "extended xyz holds no constraints but fixed atoms"
QUANTITIES = ("energy", "forces", "stress", "energy_std", "forces_std")


# ---------------------------------------------------------------- predict
def predictions_by(predictor: Any, frames: Sequence[Atoms]) -> Labels:
    """Predictions of a fitted model in batches, or of an ASE calculator frame by frame.

    Raises
    ------
    ValueError
        The model cannot predict these frames; the message names them.
    """
    parts, done = [], 0
    for batch in _batches(frames):
        report("predict frames", done, len(frames))
        try:
            if hasattr(predictor, "predict"):
                parts.append(predictor.predict(list(batch)))
            else:
                parts.append(_calculated(predictor, batch))
        except (ValueError, NotImplementedError, CalculatorError) as error:
            place = f"frame {done}" if len(batch) == 1 else f"frames {done} to {done + len(batch) - 1}"
            raise ValueError(f"{place}: {error}") from error
        done += len(batch)
    return concatenate(parts)


def _batches(frames: Sequence[Atoms]) -> Iterator[Sequence[Atoms]]:
    """Consecutive frames with at most `BATCH` atoms together, or one frame with more."""
    start, atoms = 0, 0
    for i, frame in enumerate(frames):
        if i > start and atoms + len(frame) > BATCH:
            yield frames[start:i]
            start, atoms = i, 0
        atoms += len(frame)
    yield frames[start:]


def _calculated(calculator: BaseCalculator, frames: Sequence[Atoms]) -> Labels:
    """Energy, forces and, of crystals, stress where the calculator has them."""
    energy, forces, stress = [], [], []
    for frame in frames:
        atoms = frame.copy()
        atoms.set_constraint()
        atoms.calc = calculator
        energy.append(float(atoms.get_potential_energy()))
        forces.append(_optional(atoms.get_forces))
        stress.append(_optional(atoms.get_stress) if atoms.pbc.all() else None)
    some = [any(v is not None for v in values) for values in (forces, stress)]
    return Labels(np.array(energy), tuple(forces) if some[0] else None, tuple(stress) if some[1] else None)


def _optional(compute: Any) -> Any:
    """Value of a property, None where the calculator does not have it."""
    try:
        return compute()
    except PropertyNotImplementedError:
        return None


# ---------------------------------------------------------------- write
def with_predictions(
    frames: Iterable[Atoms], predicted: Labels, prefix: str, ase_names: bool
) -> Iterator[Atoms]:
    """Frames with their predictions under ``<prefix>energy`` ..., or ASE's names; all else stays.

    Under ASE's names, the labels that a frame has there are renamed ``ref_energy`` ...
    """
    for i, frame in enumerate(frames):
        atoms = frame.copy()
        own = dict(getattr(frame.calc, "results", {}))
        for quantity in QUANTITIES:  # of an earlier prediction
            atoms.info.pop(f"{prefix}{quantity}", None)
            atoms.arrays.pop(f"{prefix}{quantity}", None)
        values = {
            q: v[i] for q in QUANTITIES if (v := getattr(predicted, q)) is not None and v[i] is not None
        }
        if not ase_names:
            _put(atoms, prefix, values)
            atoms.calc = frame.calc
        else:
            _put(atoms, "ref_", {q: own[q] for q in QUANTITIES if q in own})
            main = {q: values.pop(q) for q in ("energy", "forces", "stress") if q in values}
            _put(atoms, prefix, values)
            atoms.calc = SinglePointCalculator(atoms, **main)
        yield atoms


def _put(atoms: Atoms, prefix: str, values: dict[str, Any]) -> None:
    """Write values into ``info`` and ``arrays``; stresses as 9 numbers, eV/Å³."""
    for quantity, value in values.items():
        if quantity.startswith("forces"):
            atoms.arrays[f"{prefix}{quantity}"] = np.asarray(value, dtype=float)
        elif quantity == "stress":
            full = np.asarray(value) if np.shape(value) == (3, 3) else voigt_6_to_full_3x3_stress(value)
            atoms.info[f"{prefix}{quantity}"] = full.ravel()
        else:
            atoms.info[f"{prefix}{quantity}"] = float(value)


def write_frames(path: Path, frames: Iterable[Atoms]) -> list[str]:
    """Write extended xyz atomically; sentences on what the format does not hold."""
    notes: dict[str, None] = {}
    with warnings.catch_warnings(record=True) as heard, atomic_write(path) as file:
        warnings.simplefilter("always")
        text = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
        for atoms in frames:
            kept = [c for c in atoms.constraints if isinstance(c, FixAtoms | FixCartesian)]
            if len(kept) < len(atoms.constraints):
                notes[f"{LOST}; others are not in {path}"] = None
            atoms.set_constraint(kept)
            write(text, atoms, format="extxyz")
        text.detach()
    return list(notes | dict.fromkeys(f"{path}: {warning.message}" for warning in heard))
