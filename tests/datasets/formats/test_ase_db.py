"""ASE's databases of the extra 'lmdb'."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect
from example_files import FORCES, same

from mlffbench.datasets.path import path


def test_lmdb(labelled, tmp_path):
    pytest.importorskip("ase_db_backends", reason="the extra 'lmdb' is not installed")
    file = str(tmp_path / "a.aselmdb")
    with connect(file) as database:
        for atoms in labelled:
            database.write(atoms, kind="x")
    eager, lazy = (path(file, lazy=x) for x in (False, True))
    np.testing.assert_allclose(lazy.labels.energy, [a.get_potential_energy() for a in labelled])
    assert lazy.columns["kind"].tolist() == ["x"] * 30
    same(eager, lazy)
    same(eager, pickle.loads(pickle.dumps(lazy)))


def test_lmdb_needs_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ase_db_backends.aselmdb", None)
    (tmp_path / "a.aselmdb").write_bytes(b"x")
    with pytest.raises(ImportError, match=r"pip install 'mlffbench\[lmdb\]'"):
        path(str(tmp_path / "a.aselmdb"))


def test_flags_are_texts(labelled, tmp_path):
    with connect(tmp_path / "a.db") as database:
        for i, atoms in enumerate(labelled[:4]):
            database.write(atoms, converged=bool(i % 2))
    for lazy in (False, True):
        columns = path(str(tmp_path / "a.db"), lazy=lazy).columns
        assert columns["converged"].tolist() == ["False", "True"] * 2
        with pytest.raises(ValueError, match="energy_key 'converged' is a flag"):
            path(str(tmp_path / "a.db"), lazy=lazy, energy_key="converged")


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(
    ("data", "read", "unread"),
    [
        ({"vasp_force": FORCES}, "none", "give forces_key: vasp_force"),
        ({"flat_force": np.arange(9.0)}, "none", "give forces_key: flat_force"),
        ({"dft_forces": FORCES, "ragged": [[1], [1, 2]], "note": "a"}, "dft_forces", None),
    ],
)
def test_labels_in_data_beside_an_energy(data, read, unread, lazy, tmp_path):
    n = 3 if "flat_force" in data else 2
    with connect(tmp_path / "a.db") as database:
        for i in range(2):
            atoms = Atoms(f"H{n}", [(0, 0, 0.8 * k) for k in range(n)])
            atoms.calc = SinglePointCalculator(atoms, energy=-1.0 - i)
            database.write(atoms, data=data)
    card = path(str(tmp_path / "a.db"), lazy=lazy).card
    assert card["labels"] == {"energy": "energy", "forces": read, "stress": "none"}
    assert unread is None or unread in card["unread"][next(iter(data))]
