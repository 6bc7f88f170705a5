"""3BPA: torsions, and the groups that are on this machine."""

from __future__ import annotations

import pytest
from example_datasets import MIRRORED, load

from mlffbench import registry
from mlffbench.system import fetch

pytestmark = pytest.mark.usefixtures("offline")


def test_threebpa_says_which_groups_are_here(mirror):
    with pytest.raises(fetch.DownloadError, match=r"3bpa/test_300K\.xyz.*\['train_300K', 'train_mixedT'\]"):
        registry.load("datasets", "threebpa")()


def test_torsions_of_threebpa_are_those_of_the_frames(mirror):
    data = load("threebpa", **MIRRORED[2][1])
    places = {"alpha": (4, 1, 5, 13), "beta": (1, 5, 13, 14), "gamma": (5, 13, 14, 18)}
    for name, atoms in places.items():
        for i in range(0, 1000, 100):
            off = data.frames[i].get_dihedral(*atoms) - data.columns[name][i]
            assert abs((off + 180) % 360 - 180) < 0.02
    assert {a.get_chemical_formula() for a in data.frames} == {"C12H12N2O"}
