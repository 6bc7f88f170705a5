"""Overlapping atoms, and positions in bohr or nm."""

from __future__ import annotations

from mlffbench.data import Dataset, Finding
from mlffbench.datasets.checks.common.nearest_neighbours import distance_percentiles, nearest_distances

__all__ = ["contacts"]


def contacts(dataset: Dataset, overlap: float = 0.25, coincide: float = 0.1) -> list[Finding]:
    """Overlapping atoms and positions that are not in Å, from distances to nearest neighbours.

    Bonded atoms are 0.9 to 1.2 times the sum of their covalent radii apart: about 1.9 times in bohr read as
    Å, 0.1 times in nm. A frame is a finding where two atoms are nearer than `overlap` times this sum, and
    refused where they are nearer than `coincide` (Å).
    """
    low, middle = distance_percentiles(dataset)
    if low > 1.4 and 1.6 < middle < 2.2:
        return [_wrong_unit(dataset, middle, "bohr", "multiply them by 0.529")]
    if middle < 0.3:
        return [_wrong_unit(dataset, middle, "nm or fractions of the cell", "convert them to Å")]
    near = nearest_distances(dataset)
    coinciding = [i for i, (d, _) in near.items() if d.min() < coincide]
    overlapping = [i for i, (_, r) in near.items() if i not in coinciding and (r < overlap).any()]
    rows = [
        (
            coinciding,
            f"have atoms nearer than {coincide:g} Å, periodic images included: one place, two atoms",
            True,
        ),
        (overlapping, f"have atoms nearer than {overlap:g} times the sum of their covalent radii", False),
    ]
    return [
        Finding("contacts", f"{len(bad)} of {len(dataset)} frames {text}", tuple(bad), certain)
        for bad, text, certain in rows
        if bad
    ]


def _wrong_unit(dataset: Dataset, middle: float, unit: str, remedy: str) -> Finding:
    """The refusal of positions in another unit than Å."""
    text = (
        f"the positions look like {unit}: nearest neighbours are {middle:.2g} times the sum of their "
        f"covalent radii apart; {remedy}"
    )
    return Finding("contacts", text, certain=True)
