"""Ends of a reaction path, from the card or from labelled frames."""

from __future__ import annotations

from dataclasses import replace

import pytest
from example_molecule import FEW, PATHS, TRUE, Toy, dataset, rows, scores

from mlffbench.data import Dataset, Split
from mlffbench.tasks.properties import properties


def barrier(data: Dataset, split: Split) -> float:
    """The barrier that the true model has, meV, with ends that the card names."""
    few = {k: FEW[k] for k in ("n_images",)} | {"include": ["reaction_path"]}
    model = Toy().fit([data.frames[i] for i in split.train], data.labels[split.train])
    found = properties(model, data, split, 0, molecules=few)
    return scores(found)["reaction path", "barrier", "error"].predicted


def test_the_ends_of_the_labelled_path_are_ends_too() -> None:
    data, split = dataset()
    cards = [{"permutation": [0, 1, 2, 3], "mirror": True}, {"path_group": "proton_transfer"}]
    one, other = (barrier(replace(data, card={"molecule": {**PATHS, **c}}), split) for c in cards)
    assert one == pytest.approx(other, abs=0.5)
    assert one == pytest.approx(1e3 * (TRUE.torsion(0) - TRUE.torsion(TRUE.gauche())), abs=0.5)


def test_keywords_win_over_the_card() -> None:
    data, split = dataset()
    named = replace(data, card={"molecule": {**PATHS, "permutation": [0, 1, 2, 3], "mirror": True}})
    keywords = {"include": ["reaction_path"], "permutation": None}
    (reason,) = rows(Toy(), named, split, **keywords)
    assert reason.message == "no end of a path is named, by an option or the card"
