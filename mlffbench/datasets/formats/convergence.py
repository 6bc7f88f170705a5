"""Outputs of electronic-structure programs that say that their self-consistent field did not converge."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ase import Atoms
from ase.io.formats import open_with_compression
from ase.units import Hartree, Rydberg

__all__ = ["converged_frames"]


@dataclass(frozen=True)
class Wording:
    """Phrases of an unconverged field, and the pattern of the line that opens another structure."""

    phrases: tuple[str, ...]
    opening: str | None = None


WORDINGS = {  # by ASE's name of the format
    "abinit-out": Wording(("was not enough scf cycles to converge",)),
    "aims-output": Wording(
        ("SELF-CONSISTENCY CYCLE DID NOT CONVERGE",),
        "Attempting to predict improved coordinates|self-consistency loop: Re-initialization",
    ),
    "castep-castep": Wording(
        ("has not reached the groundstate", "electronic minimisation did not converge"),
        r"Unit Cell\s*$|iteration\s+\d+ *(\.\.\.)?\s*$",
    ),
    "espresso-out": Wording(("convergence NOT achieved",), "Program PWSCF|^ATOMIC_POSITIONS"),
    "gamess-us-out": Wording(("SCF IS UNCONVERGED", "SCF DID NOT CONVERGE")),
    "gaussian-out": Wording(("Convergence failure", "Convergence criterion not met"), r"orientation:\s*$"),
    "gpaw-out": Wording(("Did not converge!",), r"^positions:\s*$"),
    "nwchem-out": Wording(("Calculation failed to converge",), r'^\s*Geometry "'),
    "orca-output": Wording(
        ("SCF NOT CONVERGED", "Wavefunction not fully converged", "WAVEFUNCTION IS NOT CONVERGED"),
        "CARTESIAN COORDINATES \\(ANGSTROEM\\)",
    ),
}
ENERGY_LINE = re.compile(r"energy|scf done|extrapolated|zero kelvin|e\d*\(", re.IGNORECASE)
NUMBER = re.compile(r"-?\d+\.\d+(?:[eEdD][-+]?\d+)?")
UNITS, TOLERANCE = (1.0, Rydberg, Hartree), 1e-6  # eV; relative: programs and ASE have other constants
SHOWN = 5


def converged_frames(file: Path, kind: str, frames: Sequence[Atoms]) -> tuple[list[Atoms], tuple[str, ...]]:
    """Leave out frames whose energy did not converge; also return a sentence on them.

    A frame did not converge if it has no energy, or if the phrase stands in the part of the text, from one
    structure to the next, that has its energy.

    Raises
    ------
    ValueError
        A cycle did not converge, and its frame cannot be told from the others, or is the only one.
    """
    wording = WORDINGS.get(kind)
    parts = [] if wording is None else _parts(file, wording)
    phrases = [p for part in parts for p in _phrases_in(part, wording)]
    if not phrases:
        return list(frames), ()
    with_energy = [i for i, atoms in enumerate(frames) if _energy(atoms) is not None]
    failed = _failed(parts, [_energy(frames[i]) or 0.0 for i in with_energy], wording)
    if failed is None and len(with_energy) + len(phrases) <= len(frames):
        failed = []  # the frames without an energy are those that did not converge
    kept = [i for k, i in enumerate(with_energy) if failed is not None and k not in failed]
    if not kept:
        raise ValueError(
            f"{file.name}: a self-consistent field did not converge ({phrases[0]!r}) in this file of "
            f"{len(frames)} frames; leave the file out, or write its converged frames into extended xyz"
        )
    return [frames[i] for i in kept], (_note(file, len(frames), sorted(set(range(len(frames))) - set(kept))),)


def _note(file: Path, n: int, left_out: list[int]) -> str:
    """The sentence on the frames that are left out."""
    if not left_out:
        return f"{file.name}: a self-consistent field did not converge, and its structure has no frame"
    listed = ", ".join(str(i) for i in left_out[:SHOWN]) + (" ..." if len(left_out) > SHOWN else "")
    return f"{file.name}: {len(left_out)} of {n} frames did not converge and are left out (frames {listed})"


def _parts(file: Path, wording: Wording) -> list[str]:
    """Parts of the text from one structure to the next, if it has a phrase; else none."""
    with open_with_compression(str(file), "rb") as packed:
        text = packed.read().decode(errors="replace")
    if not _phrases_in(text, wording):
        return []
    if wording.opening is None:
        return [text]
    starts = [m.start() for m in re.finditer(wording.opening, text, re.MULTILINE | re.IGNORECASE)]
    return [text[a:b] for a, b in zip([0, *starts], [*starts, len(text)], strict=True)]


def _phrases_in(text: str, wording: Wording | None) -> list[str]:
    """Those of the phrases that stand in the text."""
    lowered = text.lower()
    return [p for p in (wording.phrases if wording else ()) if p.lower() in lowered]


def _failed(parts: Sequence[str], energies: Sequence[float], wording: Wording | None) -> list[int] | None:
    """Places of the energies that stand in a part with a phrase; None where one is not found in the text."""
    numbers = [_numbers(part) for part in parts]
    place, failed = -1, []
    for k, energy in enumerate(energies):
        later = (i for i in range(place + 1, len(parts)) if _has(numbers[i], energy))
        part = next(later, None)
        if part is None:
            return None
        place = part
        if _phrases_in(parts[place], wording):
            failed.append(k)
    return failed


def _numbers(part: str) -> list[float]:
    """Numbers in the lines of energies."""
    lines = (line for line in part.splitlines() if ENERGY_LINE.search(line))
    words = (word for line in lines for word in NUMBER.findall(line))
    return [float(word.upper().replace("D", "E")) for word in words]


def _has(numbers: Sequence[float], energy: float) -> bool:
    """True if one of the numbers is this energy (eV) in some unit."""
    return any(math.isclose(x * unit, energy, rel_tol=TOLERANCE) for x in numbers for unit in UNITS)


def _energy(atoms: Atoms) -> float | None:
    """Energy of the frame, eV, if it is finite."""
    energy = getattr(atoms.calc, "results", {}).get("energy")
    return float(energy) if energy is not None and math.isfinite(energy) else None
