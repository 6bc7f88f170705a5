"""Supercells without one atom."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk

from mlffbench.labelling.samplers.vacancy import vacancy


def test_a_vacancy_is_one_atom_less():
    frames = vacancy(bulk("Si", cubic=True), None, 0, repeat=[2, 1, 1], n_frames=16)
    assert [len(f) for f in frames] == [15] * 16
    assert sorted(f.info["vacancy"] for f in frames) == list(range(16))
    crystal = bulk("Si", cubic=True).repeat((2, 1, 1))
    (third,) = vacancy(bulk("Si", cubic=True), None, 0, repeat=[2, 1, 1], index=3)
    assert np.allclose(third.positions, np.delete(crystal.positions, 3, axis=0))
    with pytest.raises(ValueError, match="has 8 sites"):
        vacancy(bulk("Si", cubic=True), None, 0, n_frames=9)
