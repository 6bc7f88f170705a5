"""Total energies where atomised ones are meant, the reverse, and both in one file."""

from __future__ import annotations

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.energy_zero import EnergyZero, energy_zero
from mlffbench.datasets.checks.common.frame_selection import usable_frames

__all__ = ["energy_reference"]


def energy_reference(dataset: Dataset) -> list[Finding]:
    """Energies that are total in some frames and atomised in others, or do not belong to `atomic_energies`.

    With deep atomic energies E₀ (more than 30 eV an atom), a frame is total where E is nearer to Σ E₀ than to
    zero, and atomised where it is within 15 eV an atom of zero. Without them, frames of one composition are
    compared with each other.
    """
    zero = energy_zero(dataset)
    if zero.is_consistent:
        return []
    if zero.is_mixed:
        return [_mixture(zero, len(usable_frames(dataset)))]
    if zero.is_atomised:
        text = (
            f"the energies are atomised, {zero.energy:.3g} eV an atom, but atomic_energies "
            f"are total, {zero.free:.4g} eV an atom; give none, or total energies"
        )
        return [Finding("energy_reference", text, certain=True)]
    text = (
        f"the energies less those of the atoms are {zero.binding:.4g} eV an atom, which is no binding energy"
        f"; atomic_energies are of another code, level of theory or unit"
    )
    return [Finding("energy_reference", text)]


def _mixture(zero: EnergyZero, n_frames: int) -> Finding:
    """The finding that names the rarer kind of frames."""
    fewer = sorted(min(zero.atomised, zero.total, key=len).tolist())
    text = (
        f"energies are atomised in {len(zero.atomised)} and total in {len(zero.total)} of {n_frames} frames; "
        "subtract the atoms' energies in all or in none"
    )
    return Finding("energy_reference", text, tuple(fewer), certain=True)
