"""Frames and labels as flat arrays: nothing is lost, and what is missing stays missing."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.data import Labels
from mlffbench.system.frame_arrays import frame_arrays, frames_of, label_arrays, labels_from

FRAMES = [molecule("H2O"), bulk("Cu", "fcc", a=3.6), Atoms("Ar", pbc=(True, False, True), cell=[3, 4, 5])]
SIZES = np.array([3, 1, 1])


def test_frames_come_back():
    arrays = frame_arrays(FRAMES)
    assert arrays["sizes"].tolist() == SIZES.tolist()
    assert all(array.dtype != object for array in arrays.values())
    assert frames_of(arrays) == FRAMES


def test_labels_come_back_and_missing_ones_stay_missing():
    rng = np.random.default_rng(0)
    forces = [rng.normal(size=(3, 3)), None, np.full((1, 3), np.nan)]
    labels = Labels(np.arange(3.0), forces, [None, rng.normal(size=6), None], np.ones(3), None)
    back = labels_from(label_arrays(labels), SIZES)
    np.testing.assert_array_equal(back.energy, labels.energy)
    np.testing.assert_array_equal(back.energy_std, labels.energy_std)
    for name in ("forces", "stress"):
        for one, other in zip(getattr(back, name), getattr(labels, name), strict=True):
            assert (one is None) == (other is None)
            np.testing.assert_array_equal(one, other)
    assert back.forces_std is None


def test_energies_alone_have_no_other_arrays():
    arrays = label_arrays(Labels([1.0, 2.0]))
    assert list(arrays) == ["energy"]
    assert labels_from(arrays, SIZES[:2]).forces is None
