"""The same structure more than once."""

from __future__ import annotations

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.frame_selection import usable
from mlffbench.properties.duplicates import Duplicate, find_duplicates

__all__ = ["duplicates"]

SAME_ENERGY = 0.01  # eV an atom: forces of 10 eV/Å over the tolerance, and reruns of one calculation


def duplicates(dataset: Dataset, tolerance: float = 1e-3) -> list[Finding]:
    """Frames that are one structure, however moved, turned or renumbered, within `tolerance` (Å).

    Duplicates with different energies are a finding of their own: labels of two levels of theory, or wrong.
    """
    frames = usable(dataset).tolist()
    pairs = [
        Duplicate(frames[t.i], frames[t.j], t.distance)
        for t in find_duplicates([dataset.frames[i] for i in frames], tolerance=tolerance)
    ]
    disagree = [t for t in pairs if _per_atom_difference(dataset, t) > SAME_ENERGY]
    agree = [t for t in pairs if _per_atom_difference(dataset, t) <= SAME_ENERGY]
    found = []
    if agree:
        found.append(_finding(dataset, agree, "leave copies out, or one may test what another trained"))
    if disagree:
        off = max(_per_atom_difference(dataset, t) for t in disagree)
        text = f"their energies differ by up to {off:.3g} eV an atom: mixed levels of theory, or wrong labels"
        found.append(_finding(dataset, disagree, text))
    return found


def _finding(dataset: Dataset, pairs: list[Duplicate], text: str) -> Finding:
    copies = tuple(sorted({t.j for t in pairs}))
    return Finding("duplicates", f"{len(copies)} of {len(dataset)} frames repeat others; {text}", copies)


def _per_atom_difference(dataset: Dataset, twin: Duplicate) -> float:
    """Cells of different size compare by atom."""
    one, two = (dataset.labels.energy[i] / len(dataset.frames[i]) for i in (twin.i, twin.j))
    return float(abs(one - two))
