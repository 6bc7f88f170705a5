"""Split of the user's own data where a suite gives none."""

from __future__ import annotations

from mlffbench.data import Dataset, Spec
from mlffbench.harness.planning.proposal.problem_kind import problem_kind
from mlffbench.harness.planning.proposal.split_choice import choose_split

__all__ = ["default_split"]


def default_split(dataset: Dataset) -> tuple[Spec, str | None]:
    """Return ``official`` where the data name a training group, else a split that fits, with the reason.

    Raises
    ------
    ValueError
        Not even a random split fits.
    """
    if dataset.card.get("train") is not None:
        return Spec("official"), None
    choice = choose_split(dataset, problem_kind(dataset))
    return choice.spec, choice.reason
