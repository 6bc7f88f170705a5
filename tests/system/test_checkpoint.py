"""Checkpoints by name, in the folder that was set."""

from __future__ import annotations

from helpers import failing

from mlffbench.system.checkpoint import keep_in, read, resumed, write


def test_names_that_look_alike_on_disk_are_kept_apart(tmp_path):
    with keep_in(tmp_path):
        assert resumed("Si (111)", lambda: 1) == 1
        assert resumed("Si [111]", lambda: 2) == 2
        assert resumed("Si (111)", failing) == 1


def test_nothing_is_kept_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert resumed("a", lambda: 1) == 1
    assert not list(tmp_path.iterdir())


def test_a_damaged_piece_is_computed_again(tmp_path):
    with keep_in(tmp_path):
        assert resumed("a", lambda: [1, 2]) == [1, 2]
        (file,) = tmp_path.iterdir()
        content = file.read_bytes()
        for k in range(0, len(content), 7):
            file.write_bytes(content[:k] + bytes([content[k] ^ 1]) + content[k + 1 :])
            assert resumed("a", lambda: [3]) == [3]
            file.write_bytes(content[:k])
            assert resumed("a", lambda: [4]) == [4]
        file.write_text("[1, 2]")  # as older versions wrote it
        assert resumed("a", lambda: [5]) == [5]
        assert resumed("a", failing) == [5]


def test_read_knows_what_write_wrote(tmp_path):
    file = tmp_path / "folder" / "a.json"
    assert read(file) is None
    write(file, None)
    assert read(file) == (None,)
    file.unlink()
    file.mkdir()
    assert read(file) is None
