"""Labels that are missing because the file has NaN in their place."""

from __future__ import annotations

from mlffbench.data import Dataset, Finding

__all__ = ["missing_labels"]


def missing_labels(dataset: Dataset) -> list[Finding]:
    """Forces and stresses that are NaN throughout, as some programs write what they do not have.

    They count as missing; labels that are NaN in part are refused when they are read.
    """
    return [
        Finding(
            "missing_labels", f"the {quantity} of {n} of {len(dataset)} frames are NaN and count as missing"
        )
        for quantity, n in dataset.card.get("missing", {}).items()
    ]
