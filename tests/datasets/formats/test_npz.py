"""MD17's arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.units import Bohr, Hartree, kcal, mol
from example_files import FORCES

from mlffbench.datasets.path import path


@pytest.mark.parametrize(
    ("units", "energy", "force"),
    [("eV", 1.0, 1.0), ("kcal/mol", kcal / mol, kcal / mol), ("Hartree", Hartree, Hartree / Bohr)],
)
@pytest.mark.parametrize("names", ["nuclear_charges coords energies forces", "z R E F"])
def test_npz_is_converted(units, energy, force, names, tmp_path):
    arrays = ([1, 1], np.ones((3, 2, 3)) * [[[0.0], [1.0]]], np.array([1.0, 2.0, 3.0]), [FORCES] * 3)
    index = {"old_indices": np.array([7, 8, 9])}
    np.savez(tmp_path / "a.npz", **dict(zip(names.split(), arrays, strict=True)), **index)
    data = path(str(tmp_path / "a.npz"), units=units)
    np.testing.assert_allclose(data.labels.energy, energy * arrays[2])
    np.testing.assert_allclose(data.labels.forces[2], force * FORCES)
    assert data.columns["old_indices"].tolist() == [7, 8, 9]
    assert data.elements == ["H"]


def test_npz_is_refused_with_a_sentence(tmp_path):
    file = str(tmp_path / "a.npz")
    np.savez(file, z=[1, 1], R=np.ones((3, 2, 3)), E=np.zeros(2))
    with pytest.raises(ValueError, match=r"do not tell units; .* \['eV', 'kcal/mol', 'Hartree'\]"):
        path(file)
    with pytest.raises(ValueError, match="did you mean 'kcal/mol'"):
        path(file, units="kcal")
    with pytest.raises(ValueError, match=r"3 frames, but 'E' has shape \(2,\)"):
        path(file, units="eV")
    np.savez(file, charges=[1, 1], R=np.ones((3, 2, 3)))
    with pytest.raises(ValueError, match=r"none of \['nuclear_charges'.*among its arrays \['R', 'charges'\]"):
        path(file, units="eV")
    (tmp_path / "cut.npz").write_bytes(Path(file).read_bytes()[:300])
    with pytest.raises(ValueError, match=r"cut.npz is no \.npz archive"):
        path(str(tmp_path / "cut.npz"), units="eV")
