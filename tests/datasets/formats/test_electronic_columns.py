"""Magnetic moments and charges of atoms become columns of their sums."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from example_files import h2

from mlffbench.datasets.formats.to_dataset import from_frames
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
    for suffix in ("xyz", "xyz.gz", "db", "traj"):
        write(tmp_path / f"iron.{suffix}", frames)
        for lazy in (False, True):
            columns = path(str(tmp_path / f"iron.{suffix}"), lazy=lazy).columns
            expected = {"total_magmoms": 0.5, "total_abs_magmoms": 3.5, "magmom": 0.5, "total_charges": 1.0}
            for name, value in expected.items():
                np.testing.assert_allclose(columns[name], [np.nan, value, value], err_msg=f"{name} {suffix}")


@pytest.mark.parametrize("name", ["magmoms", "DFT_magmom", "magnetic_moments", "initial_magmoms"])
def test_moments_of_other_names_and_of_three_components_are_summed(name):
    collinear = h2({"energy": 0.0}, {name: [2.0, -1.0]})
    tilted = h2({"energy": 0.0}, {name: [[3.0, 4.0, 0.0], [0.0, 0.0, 0.0]]})
    bare = h2({"energy": 0.0})
    columns = from_frames("x", [collinear, tilted, bare]).columns
    np.testing.assert_allclose(columns["total_magmoms"], [1, 5, np.nan])
    np.testing.assert_allclose(columns["total_abs_magmoms"], [3, 5, np.nan])
