"""Ethanol: coordinates along its paths, and known overlaps of its groups."""

from __future__ import annotations

import numpy as np
import pytest
from example_datasets import load, rows

pytestmark = pytest.mark.usefixtures("offline")


def test_paths_of_ethanol_have_their_coordinates(mirror):
    data = load("ethanol_botnet")
    removal = rows(data, "H_removal")
    lengths = [data.frames[i].get_distance(2, 8) for i in removal]
    assert data.columns["coordinate"][removal] == pytest.approx(lengths, abs=1e-4)
    for mode, n in (("norm_mode_874", 37), ("norm_mode_3005", 18)):
        places = data.columns["coordinate"][rows(data, mode)]
        assert np.diff(places) == pytest.approx(np.full(n - 1, 0.1))
    dimers = rows(data, "dimers")
    apart = [data.frames[i].get_distance(0, 1) for i in dimers]
    assert data.columns["distance"][dimers] == pytest.approx(apart, abs=1e-6)
    assert {data.columns["molecule"][i] for i in dimers} == {"HH", "HC", "HO", "CC", "CO", "OO"}
    assert not np.isfinite(data.columns["coordinate"][dimers]).any()  # six curves are no path


def test_training_sets_of_ethanol_overlap_as_the_card_says(mirror):
    data = load("ethanol_botnet")
    inside = lambda group: {data.frames[i].positions.tobytes() for i in rows(data, group)}
    assert inside("train") < inside("train_eth_meth")
    assert inside("test_MD") < inside("test_eth_meth")
    assert not inside("train_eth_meth") & inside("test_eth_meth")
    for group, n in (("train_eth_meth", 300), ("test_eth_meth", 145)):
        assert sum(data.columns["molecule"][rows(data, group)] == "methanol") == n
    assert data.card["tests"] == [g for g in data.card["groups"] if not g.startswith("train")]
