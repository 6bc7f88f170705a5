"""Indexes on disk."""

from __future__ import annotations

import pytest
from ase.io import write
from example_files import same

from mlffbench.datasets.path import path
from mlffbench.system import progress


def test_the_index_is_kept(labelled, tmp_path, cache, monkeypatch):
    write(tmp_path / "a.xyz", labelled)
    path(str(tmp_path / "a.xyz"), lazy=False)
    assert not cache.exists()
    first = path(str(tmp_path / "a.xyz"), lazy=True)
    (kept,) = cache.glob("*.npz")
    monkeypatch.setattr("mlffbench.datasets.formats.files.index_extxyz", None)  # not called again
    same(first, path(str(tmp_path / "a.xyz"), lazy=True))
    monkeypatch.undo()
    monkeypatch.setenv("MLFFBENCH_CACHE", str(cache.parent))
    kept.write_bytes(kept.read_bytes()[:100])  # damaged
    same(first, path(str(tmp_path / "a.xyz"), lazy=True))


def test_a_cache_that_cannot_be_written_is_no_error(labelled, tmp_path, monkeypatch):
    write(tmp_path / "a.xyz", labelled)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLFFBENCH_CACHE", str(tmp_path / "file"))
    assert len(path(str(tmp_path / "a.xyz"), lazy=True)) == 30


def test_an_interrupted_index_leaves_nothing(labelled, tmp_path, cache):
    write(tmp_path / "a.xyz", labelled)

    def interrupt(stage, *_):
        assert stage.startswith("index ")
        raise KeyboardInterrupt

    with progress.listen(interrupt), pytest.raises(KeyboardInterrupt):
        path(str(tmp_path / "a.xyz"), lazy=True)
    assert not cache.exists()
