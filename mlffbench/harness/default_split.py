"""Split of the user's own data where a suite gives none."""

from __future__ import annotations

from mlffbench.data import Dataset, Spec
from mlffbench.harness.suite_data import make_split

__all__ = ["default_split"]

RELATED = "its frames have a column of trajectories or groups, of which whole blocks train or test"
UNRELATED = "no column relates its frames; where they are neighbours in time, a random split flatters"


def default_split(dataset: Dataset) -> tuple[Spec, str | None]:
    """Return ``official`` where the data name a training group, else a split that fits, with the reason."""
    if dataset.card.get("train") is not None:
        return Spec("official"), None
    if {"trajectory", "group"} & set(dataset.columns):
        try:
            make_split(dataset, Spec("blocks"), 0)
            return Spec("blocks"), RELATED
        except ValueError:
            pass  # fewer than two blocks
    return Spec("random"), UNRELATED
