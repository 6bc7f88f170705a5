"""Checkpoints by name, in the folder that was set."""

from __future__ import annotations

from helpers import failing

from mlffbench.system.checkpoint import keep_in, resumed


def test_names_that_look_alike_on_disk_are_kept_apart(tmp_path):
    with keep_in(tmp_path):
        assert resumed("Si (111)", lambda: 1) == 1
        assert resumed("Si [111]", lambda: 2) == 2
        assert resumed("Si (111)", failing) == 1


def test_nothing_is_kept_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert resumed("a", lambda: 1) == 1
    assert not list(tmp_path.iterdir())
