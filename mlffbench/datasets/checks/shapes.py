"""Forces for another number of atoms, and frames without atoms."""

from __future__ import annotations

from mlffbench.data import Dataset, Finding

__all__ = ["shapes"]


def shapes(dataset: Dataset) -> list[Finding]:
    """Frames without atoms, and forces for another number of atoms than the frame has."""
    sizes = [len(a) for a in dataset.frames]
    forces = dataset.labels.forces or (None,) * len(sizes)
    empty = [i for i, n in enumerate(sizes) if n == 0]
    wrong = [i for i, (n, f) in enumerate(zip(sizes, forces, strict=True)) if f is not None and len(f) != n]
    findings = []
    if empty:
        findings.append(
            Finding("shapes", f"{len(empty)} frames are without atoms", tuple(empty), certain=True)
        )
    if wrong:
        first = forces[wrong[0]]
        text = (
            f"{len(wrong)} frames have forces for another number of atoms (the first has "
            f"{sizes[wrong[0]]} atoms and {0 if first is None else len(first)} forces)"
        )
        findings.append(Finding("shapes", text, tuple(wrong), certain=True))
    return findings
