"""Structures that occur more than once."""

from __future__ import annotations

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.frame_selection import usable_frames
from mlffbench.properties.duplicates import Duplicate, find_duplicates

__all__ = ["duplicates"]

SAME_ENERGY = 0.01  # eV an atom: forces of 10 eV/Å over the tolerance, and reruns of one calculation


def duplicates(dataset: Dataset, tolerance: float = 1e-3) -> list[Finding]:
    """Frames that are one structure up to isometry and order of the atoms, within `tolerance` (Å).

    Duplicates with different energies are a finding of their own: labels of two levels of theory, or wrong.
    """
    frames = usable_frames(dataset).tolist()
    pairs = [
        Duplicate(frames[d.i], frames[d.j], d.distance)
        for d in find_duplicates([dataset.frames[i] for i in frames], tolerance=tolerance)
    ]
    disagree = [d for d in pairs if _per_atom_difference(dataset, d) > SAME_ENERGY]
    agree = [d for d in pairs if _per_atom_difference(dataset, d) <= SAME_ENERGY]
    findings = []
    if agree:
        findings.append(_finding(dataset, agree, "leave copies out, or one may test what another trained"))
    if disagree:
        off = max(_per_atom_difference(dataset, d) for d in disagree)
        text = f"their energies differ by up to {off:.3g} eV an atom: mixed levels of theory, or wrong labels"
        findings.append(_finding(dataset, disagree, text))
    return findings


def _finding(dataset: Dataset, pairs: list[Duplicate], text: str) -> Finding:
    """The finding that names the later frame of each pair."""
    copies = tuple(sorted({d.j for d in pairs}))
    return Finding("duplicates", f"{len(copies)} of {len(dataset)} frames repeat others; {text}", copies)


def _per_atom_difference(dataset: Dataset, pair: Duplicate) -> float:
    """Difference of the energies per atom, eV: cells may differ in size."""
    one, two = (dataset.labels.energy[i] / len(dataset.frames[i]) for i in (pair.i, pair.j))
    return float(abs(one - two))
