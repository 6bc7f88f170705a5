"""The task properties: crystals and molecules by what the reference has, and words that it does not know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlffbench.data import Missing, Score, Split
from mlffbench.datasets.stillinger_weber_si import stillinger_weber_si
from mlffbench.tasks.properties import properties
from mlffbench.testing.controls import Analytic


@pytest.fixture(scope="module")
def silicon():
    data = stillinger_weber_si(n_train=4, n_test=1)
    split = Split(np.arange(4), {"test": np.array([4])})
    return Analytic("stillinger_weber", {"Si": 0.0}).fit(data.frames[:4], data.labels[:4]), data, split


def test_published_truth_through_the_whole_path(silicon):
    """Of Stillinger and Weber's potential: E. R. Cowley, Phys. Rev. Lett. 60, 2379 (1988)."""
    rows = properties(*silicon, solids={"include": ["equation_of_state", "elastic"]})
    found = {(r.test, r.quantity): r.predicted for r in rows if isinstance(r, Score)}
    published = {"lattice_constant": 5.431, "C11": 151.4, "C12": 76.4, "C44": 56.4}
    for quantity, value in published.items():
        assert found["diamond", quantity] == pytest.approx(value, rel=0.01), quantity


def test_without_structures_it_is_skipped(silicon):
    model, data, split = silicon
    (row,) = properties(model, replace(data, reference=None), split)
    assert isinstance(row, Missing)
    assert (row.kind, row.message) == ("skipped", "stillinger_weber_si has no reference structures")


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        (
            {"solids": {"incude": []}},
            "of properties has no keyword 'incude'.*did you mean 'include'",
        ),
        ({"solids": {"include": ["elastics"]}}, "did you mean 'elastic'"),
        ({"molecules": {"mirrored": True}}, "did you mean 'mirror'"),
    ],
)
def test_unknown_words_are_refused(silicon, keywords, message):
    with pytest.raises(LookupError, match=message):
        properties(*silicon, **keywords)
