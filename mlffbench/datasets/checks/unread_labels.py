"""Values with the shape or the name of labels that are not read."""

from __future__ import annotations

from mlffbench.data import Dataset, Finding

__all__ = ["unread_labels"]


def unread_labels(dataset: Dataset) -> list[Finding]:
    """Arrays that look like forces or stresses, in frames for which none were read.

    A model is then fitted to the other labels only. The names that were read are in the card.
    """
    return [Finding("unread_labels", sentence) for sentence in dataset.card.get("unread", {}).values()]
