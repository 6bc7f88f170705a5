"""Outputs of electronic-structure programs that say that their self-consistent field did not converge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from ase import Atoms
from ase.io.formats import open_with_compression

__all__ = ["converged_frames"]

PHRASES = {  # by ASE's name of the format
    "abinit-out": ("was not enough scf cycles to converge",),
    "aims-output": ("SELF-CONSISTENCY CYCLE DID NOT CONVERGE",),
    "castep-castep": ("has not reached the groundstate",),
    "espresso-out": ("convergence NOT achieved",),
    "gamess-us-out": ("SCF IS UNCONVERGED", "SCF DID NOT CONVERGE"),
    "gaussian-out": ("Convergence failure", "Convergence criterion not met"),
    "gpaw-out": ("Did not converge!",),
    "nwchem-out": ("Calculation failed to converge",),
    "orca-output": ("SCF NOT CONVERGED", "Wavefunction not fully converged", "WAVEFUNCTION IS NOT CONVERGED"),
}


def converged_frames(file: Path, kind: str, frames: Sequence[Atoms]) -> tuple[list[Atoms], tuple[str, ...]]:
    """Leave out frames whose energy did not converge; also return a sentence on them.

    Programs print no energy for some of these frames, and then they are known.

    Raises
    ------
    ValueError
        A cycle did not converge, and the frames without an energy are fewer: they cannot be told apart.
    """
    phrases = _phrases_in(file, PHRASES.get(kind, ()))
    if not phrases:
        return list(frames), ()
    kept = [a for a in frames if _has_energy(a)]
    if len(kept) == len(frames) or not kept:
        raise ValueError(
            f"{file.name}: a self-consistent field did not converge ({phrases[0]!r}) in this file of "
            f"{len(frames)} frames; leave the file out, or write its converged frames into extended xyz"
        )
    note = f"{file.name}: {len(frames) - len(kept)} of {len(frames)} frames did not converge and are left out"
    return kept, (note,)


def _has_energy(atoms: Atoms) -> bool:
    """True if the frame has a finite energy."""
    energy = getattr(atoms.calc, "results", {}).get("energy")
    return energy is not None and math.isfinite(energy)


def _phrases_in(file: Path, phrases: Sequence[str]) -> list[str]:
    """Those of the phrases that stand in the file."""
    if not phrases:
        return []
    with open_with_compression(str(file), "rb") as packed:
        text = packed.read().decode(errors="replace").lower()
    return [phrase for phrase in phrases if phrase.lower() in text]
