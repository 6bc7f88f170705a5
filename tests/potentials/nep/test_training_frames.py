"""Training frames as torchnep reads them."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.io import read
from ase.stress import voigt_6_to_full_3x3_stress

from mlffbench.data import Labels
from mlffbench.potentials.nep.training_frames import write_frames


def test_labels_and_boxes_are_written_to_the_last_bit(tmp_path):
    rng = np.random.default_rng(0)
    crystal, water = bulk("Si", a=5.43), molecule("H2O")
    forces = [rng.normal(size=(len(a), 3)) for a in (crystal, water)]
    stress = rng.normal(size=6)
    labels = Labels(np.array([-1.25, 1 / 3]), tuple(forces), (stress, None))
    write_frames(tmp_path / "train.xyz", [crystal, water], labels, cutoff=5.0)
    first, second = read(tmp_path / "train.xyz", ":", format="extxyz")
    assert first.get_potential_energy() == -1.25
    assert second.get_potential_energy() == 1 / 3
    for atoms, each in zip((first, second), forces, strict=True):
        assert (atoms.get_forces() == each).all()
    assert (first.cell.array == crystal.cell.array).all()
    virial = -crystal.get_volume() * voigt_6_to_full_3x3_stress(stress)
    np.testing.assert_allclose(np.ravel(first.info["virial"]), virial.ravel())
    assert "virial" not in second.info
    assert second.get_distance(0, 1) == pytest.approx(water.get_distance(0, 1))
    assert (second.cell.lengths() - np.ptp(water.positions, axis=0) >= 10.0 - 1e-9).all()


def test_missing_labels_are_left_out(tmp_path):
    layer = Atoms("Si", cell=[3, 3, 9], pbc=[True, True, False])
    write_frames(tmp_path / "train.xyz", [layer], Labels(np.array([1.0]), (None,), (np.ones(6),)), 4.0)
    text = (tmp_path / "train.xyz").read_text()
    assert "forces" not in text
    assert "virial" not in text  # a direction is open
