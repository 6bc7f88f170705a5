"""Revised MD17: units, and neighbours in time."""

from __future__ import annotations

import numpy as np
import pytest
from example_datasets import load, rows

pytestmark = pytest.mark.usefixtures("offline")


def test_units_of_rmd17_agree_with_the_same_frames_in_ev(mirror):
    """BOTNet's ethanol is the official split 4, written in eV by other people."""
    there, here = load("ethanol_botnet"), load("rmd17", molecule="ethanol", fold=4)
    for theirs, ours in (("train", "train"), ("test_MD", "test")):
        first, second = rows(there, theirs), rows(here, ours)
        assert there.labels.energy[first] == pytest.approx(here.labels.energy[second], abs=1e-6)
        one, two = (
            np.array([np.linalg.norm(d.labels.forces[i], axis=1) for i in part])
            for d, part in ((there, first), (here, second))
        )
        assert np.sort(one, axis=1) == pytest.approx(np.sort(two, axis=1), abs=1e-6)  # atoms are renumbered


@pytest.mark.parametrize("molecule", ["ethanol", "aspirin"])
def test_neighbours_in_time_of_rmd17_are_neighbours_in_space(mirror, molecule):
    data = load("rmd17", molecule=molecule, fold=1)
    order = np.argsort(data.columns["time_index"])
    steps = np.diff(data.columns["time_index"][order])
    positions = np.array([data.frames[i].positions for i in order])
    moved = np.sqrt(((positions[1:] - positions[:-1]) ** 2).sum(axis=2).mean(axis=1))
    assert steps.min() >= 1  # no frame twice
    assert moved[steps <= 2].max() < 0.06
    assert moved[steps > 200].min() > 0.06
