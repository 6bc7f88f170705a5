"""Checkpoints by name, in the folder that was set."""

from __future__ import annotations

from helpers import failing

from mlffbench.system import earlier_work
from mlffbench.system.checkpoint import folder, keep_in, keep_in_part, read, resumed, write


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


def test_the_name_of_a_part_is_computed_when_something_is_looked_for(tmp_path):
    names = []

    def name():
        names.append("part")
        return names[-1]

    with keep_in_part(name):
        assert folder() is None
    with keep_in(tmp_path), keep_in_part(name):
        assert names == []
        assert resumed("a", lambda: 1) == 1
        assert folder() == tmp_path / "part"
        assert names == ["part"]
    assert (tmp_path / "part").is_dir()


def test_short_work_is_not_kept_and_parts_of_finished_work_are_removed(tmp_path):
    def outer():
        assert resumed("inner", lambda: 2) == 2
        assert len(list(tmp_path.rglob("*.json"))) == 1
        return 3

    with keep_in(tmp_path):
        assert resumed("short", lambda: 1, least_seconds=60.0) == 1
        assert not list(tmp_path.iterdir())
        assert resumed("outer", outer) == 3
        (file,) = tmp_path.iterdir()
        assert file.suffix == ".json"


def test_work_of_another_process_counts(tmp_path, monkeypatch):
    with keep_in(tmp_path):
        resumed("a", lambda: 1)
        with earlier_work.listen() as earlier:
            assert resumed("a", failing) == 1
        assert earlier.resumed == 0
        monkeypatch.setattr(earlier_work, "process", lambda: "another")
        with earlier_work.listen() as earlier:
            assert resumed("a", failing) == 1
        assert earlier.resumed == 1
        assert 0 < earlier.seconds < 10
