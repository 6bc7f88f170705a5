"""Names under which the labels of a dataset were read, as one phrase."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlffbench.data import Dataset

__all__ = ["read_labels"]


def read_labels(dataset: Dataset) -> str:
    """Names of the labels, ", energy from 'REF_energy', no forces"; "" for data that are not the user's."""
    names = dataset.card.get("labels", {})
    words = (f"no {q}" if key == "none" else f"{q} from {key!r}" for q, key in names.items())
    return "".join(f", {word}" for word in words)
