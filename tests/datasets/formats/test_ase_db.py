"""ASE's databases of the extra 'lmdb'."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from ase.db import connect
from example_files import same

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
