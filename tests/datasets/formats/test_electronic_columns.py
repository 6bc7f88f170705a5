"""Magnetic moments and charges of atoms become columns of their sums."""

from __future__ import annotations

import numpy as np
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from mlffbench.datasets.path import path


def test_sums_of_moments_and_charges_are_columns_and_missing_ones_are_nan(tmp_path):
    frames = []
    for i in range(3):
        atoms = bulk("Fe", cubic=True)
        atoms.rattle(0.05, seed=i)
        results = {"energy": -16.0, "forces": np.zeros((2, 3))}
        if i:
            results |= {"magmoms": np.array([2.0, -1.5]), "magmom": 0.5}
            atoms.set_initial_charges([0.25, 0.75])
        atoms.calc = SinglePointCalculator(atoms, **results)
        frames.append(atoms)
    write(tmp_path / "iron.xyz", frames)
    columns = path(str(tmp_path / "iron.xyz")).columns
    expected = {"total_magmoms": 0.5, "total_abs_magmoms": 3.5, "magmom": 0.5, "total_charges": 1.0}
    for name, value in expected.items():
        np.testing.assert_allclose(columns[name], [np.nan, value, value], err_msg=name)
    lazy = path(str(tmp_path / "iron.xyz"), lazy=True).columns
    assert "magmom" in lazy
    assert "total_magmoms" not in lazy
