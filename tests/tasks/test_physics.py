"""The task physics on models that cannot do all of it."""

from __future__ import annotations

import numpy as np
from example_counts import counts_of

from mlffbench.data import Missing, Score, Split
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.estimators import SGDML, Bonded
from mlffbench.tasks.physics import physics

SPLIT = Split(np.arange(20), {"test": np.arange(400, 405)})


def rows(model):
    data = malonaldehyde()
    return physics(model.fit(data.frames[:20], data.labels[:20]), data, SPLIT, n_lines=1, n_points=60)


def test_a_model_of_one_molecule_is_not_asked_about_pairs():
    found = rows(SGDML())
    missing = {r.quantity: r.message for r in found if isinstance(r, Missing)}
    assert missing.keys() == {"extensivity", "locality", "pairs"}
    assert missing["pairs"] == "SGDML describes one molecule"
    (asymmetry,) = (r.value for r in found if isinstance(r, Score) and r.quantity == "hessian_asymmetry")
    assert asymmetry < 1e-4
    assert {r.test for r in found if isinstance(r, Score)} == {"C3H4O2"}


def test_every_pair_of_elements_is_a_test_of_its_own():
    found = rows(Bonded())
    pairs = {"H-H", "H-C", "H-O", "C-C", "C-O", "O-O"}
    assert {r.test for r in found if isinstance(r, Score)} == {"C3H4O2", *pairs}
    assert not [r for r in found if isinstance(r, Missing) and r.kind != "skipped"]
    assert set(counts_of("physics", found)) == {
        ("compression", "holes"), ("force_flips", "error"), ("holes", "error")
    }  # fmt: skip
