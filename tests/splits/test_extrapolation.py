"""The split for extrapolation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from ase import Atoms
from example_splits import counts, crystals, mixture

from mlffbench.data import Dataset, Labels
from mlffbench.splits.common.quantities import largest_strain
from mlffbench.splits.extrapolation import extrapolation


@pytest.mark.parametrize(
    ("by", "data", "measure"),
    [
        ("force", crystals, lambda d, i: np.linalg.norm(d.labels.forces[i], axis=1).max()),
        ("energy", crystals, lambda d, i: d.labels.energy[i]),  # one composition: the energy itself
        ("size", mixture, lambda d, i: len(d.frames[i])),
    ],
)
def test_extrapolation_tests_beyond_all_that_trained(by, data, measure):
    data = data()
    split = extrapolation(data, by=by, train=0.6, test_fraction=0.2)
    value = {k: [measure(data, i) for i in v] for k, v in {"train": split.train, **split.tests}.items()}
    assert max(value["train"] + value["in_domain"]) < min(value["extrapolation"])
    assert sum(map(len, value.values())) == len(data)
    assert split.in_domain == "in_domain"


def test_extrapolation_by_energy_takes_the_composition_off():
    data = mixture()
    excess = np.random.default_rng(0).permutation(len(data)) * 0.01  # eV/atom, the truth to be found again
    counts_ = np.array([[a.numbers.tolist().count(z) for z in (1, 6, 7, 8)] for a in data.frames])
    size = counts_.sum(axis=1)
    excess -= counts_ / size[:, None] @ np.linalg.lstsq(counts_ / size[:, None], excess, rcond=None)[0]
    energy = counts_ @ [-13.6, -1030.0, -1480.0, -2040.0] + size * excess
    split = extrapolation(Dataset("m", data.frames, Labels(energy)), train=0.6, test_fraction=0)
    assert excess[split.train].max() < excess[split.tests["extrapolation"]].min()


def test_extrapolation_in_bins_of_rising_value():
    data = crystals()
    split = extrapolation(data, by="strain", train=0.5, bins=3)
    value = largest_strain(data)
    parts = [value[split.train], *(value[split.tests[f"extrapolation_{b}"]] for b in (1, 2, 3))]
    assert all(a.max() < b.min() for a, b in pairwise(parts))
    assert {len(p) for p in parts[1:]} <= {6, 7}
    assert split.notes["limit"] < split.notes["extrapolation_1"][0]


def test_equal_sizes_are_on_one_side():
    split = extrapolation(mixture(), by="size", train=0.9, test_fraction=0)  # 6 of 3 atoms, 5 of 2, 4 of 5
    assert counts(split) == {"train": 11, "extrapolation": 4}
    split = extrapolation(mixture(), by="size", train=0.1, test_fraction=0)
    assert counts(split) == {"train": 5, "extrapolation": 10}


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"by": "forces"}, "no quantity 'forces' .* did you mean 'force'"),
        ({"by": "force"}, "toy has no forces to order"),
        ({"by": "strain"}, "frame 0 is not periodic in three directions"),
        ({"by": "size", "train": 1.0}, "train must be a share"),
        ({"by": "energy"}, "all frames have the same energy"),
        ({"by": "size", "bins": 3}, "cannot cut 4 frames of 1 different values into 3 bins"),
        ({"by": "size", "bins": 0}, "into 0 bins"),
    ],
)
def test_extrapolation_refuses(keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        extrapolation(mixture(), **keywords)


def test_extrapolation_refuses_frames_without_the_label():
    labels = Labels(np.zeros(3), (np.ones((1, 3)), None, np.ones((1, 3))))
    with pytest.raises(ValueError, match=r"1 frames \(first: frame 1\) have no forces"):
        extrapolation(Dataset("toy", [Atoms("H")] * 3, labels), by="force")
