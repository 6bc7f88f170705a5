"""Frames and labels that were left out when the files were read."""

from __future__ import annotations

from mlffbench.data import Dataset, Finding

__all__ = ["notes"]


def notes(dataset: Dataset) -> list[Finding]:
    """Notes of the reader of the files: unconverged frames, labels of weight zero, a missing cell."""
    return [Finding("notes", str(note)) for note in dataset.card.get("notes", ())]
