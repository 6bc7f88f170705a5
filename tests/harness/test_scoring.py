"""Scores against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.data import Labels
from mlffbench.harness.scoring import score
from mlffbench.metrics import mae, max_error, rmse

METRICS = {"rmse": rmse, "mae": mae, "max_error": max_error}


def values(true, predicted, n_atoms):
    return {(s.quantity, s.metric): s for s in score("t", n_atoms, true, predicted, METRICS)}


def test_energies_whole_per_atom_and_shifted():
    found = values(Labels([0.0, 0.0]), Labels([2.0, 4.0]), [2, 2])
    expected = {
        "energy": (np.sqrt(10), 3, 4), "energy_per_atom": (np.sqrt(2.5), 1.5, 2),
        "energy_shifted": (1, 1, 1), "energy_per_atom_shifted": (0.5, 0.5, 0.5),
    }  # fmt: skip
    for quantity, numbers in expected.items():
        assert [found[quantity, m].value for m in METRICS] == pytest.approx(numbers), quantity
    assert found["energy", "rmse"].unit == "eV"
    assert found["energy_per_atom", "rmse"].unit == "eV/atom"


def test_the_shift_is_removed_per_atom_where_the_energy_is_per_atom():
    found = values(Labels([0.0, 0.0]), Labels([1.0, 4.0]), [1, 4])
    assert found["energy_per_atom_shifted", "rmse"].value == pytest.approx(0.0, abs=1e-12)
    assert found["energy_shifted", "mae"].value == pytest.approx(1.5)


def test_forces_of_frames_without_labels_do_not_count():
    true = Labels([0.0, 0.0], [None, np.zeros((1, 3))])
    predicted = Labels([0.0, 0.0], [np.full((2, 3), 9.0), np.array([[3.0, 0.0, 0.0]])])
    found = values(true, predicted, [2, 1])
    assert found["forces", "rmse"].value == pytest.approx(np.sqrt(3))
    assert found["forces", "mae"].value == pytest.approx(1.0)
    assert found["forces", "rmse"].unit == "eV/Å"
    assert found["forces", "rmse"].low is None, "one frame gives no interval"


def test_quantities_that_one_side_lacks_are_absent_not_zero():
    found = values(Labels([0.0, 1.0], [np.zeros((1, 3))] * 2), Labels([0.0, 1.0]), [1, 1])
    assert {q for q, _ in found} == {"energy", "energy_per_atom", "energy_shifted", "energy_per_atom_shifted"}


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng, hits = np.random.default_rng(0), 0
    for _ in range(60):
        error = rng.normal(size=50)
        s = score("t", [1] * 50, Labels(np.zeros(50)), Labels(error), {"rmse": rmse})[0]
        assert s.low < s.value < s.high
        hits += s.low <= 1.0 <= s.high
    assert 48 <= hits <= 60
