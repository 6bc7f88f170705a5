"""Strained cells: symmetric, bounded, of the volumes asked for."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from example_samples import nitrogen

from mlffbench.labelling.samplers.strain import strain


def test_strains_are_symmetric_bounded_and_carry_the_atoms():
    atoms = bulk("Si", cubic=True)
    frames = strain(atoms, None, 0, n_frames=40, max_strain=0.04)
    tensors = np.array([np.linalg.solve(atoms.cell.array, f.cell.array) for f in frames]) - np.eye(3)
    assert np.allclose(tensors, tensors.transpose(0, 2, 1), atol=1e-12)
    assert np.abs(tensors).max() <= 0.04
    assert np.abs(tensors[:, [0, 1, 0], [1, 2, 2]]).max() > 0.036, "shears reach as far as elongations"
    for frame, tensor in zip(frames, tensors, strict=True):
        principal = np.linalg.eigvalsh(tensor)
        assert abs(frame.info["strain"]) == pytest.approx(np.abs(principal).max())
        assert frame.info["volume_ratio"] == pytest.approx(frame.get_volume() / atoms.get_volume())
        assert np.allclose(frame.get_scaled_positions(), atoms.get_scaled_positions(), atol=1e-9)


def test_a_volumetric_series_has_its_volumes():
    atoms = bulk("Si")
    frames = strain(atoms, None, 0, volumetric=[0.9, 1.0, 1.1])
    assert np.allclose([f.get_volume() / atoms.get_volume() for f in frames], [0.9, 1.0, 1.1])
    assert np.allclose([f.cell.angles() for f in frames], 60.0)
    with pytest.raises(ValueError, match="periodic in three directions"):
        strain(nitrogen(), None, 0, n_frames=1)
    with pytest.raises(ValueError, match="1 frames or more"):
        strain(atoms, None, 0)
