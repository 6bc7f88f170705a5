"""Files written whole or not at all, through no link."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mlffbench.system import atomic_write as module
from mlffbench.system.atomic_write import atomic_write, remove_parts


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(TypeError), atomic_write(tmp_path / "a.txt") as file:
        file.writelines([b"half", "text"])
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_link_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "a.txt").symlink_to("victim")
    with atomic_write(tmp_path / "a.txt") as file:
        file.write(b"new")
    assert (tmp_path / "victim").read_text() == "mine"
    assert not (tmp_path / "a.txt").is_symlink()


def test_a_link_of_the_temporary_name_is_not_opened(tmp_path, monkeypatch):
    (tmp_path / "victim").write_text("mine")
    monkeypatch.setattr(module.secrets, "token_hex", lambda n: "known")
    (tmp_path / "a.known.part").symlink_to("victim")
    with pytest.raises(FileExistsError), atomic_write(tmp_path / "a.txt"):
        pass
    assert (tmp_path / "victim").read_text() == "mine"


def test_links_of_every_pid_are_not_opened(tmp_path):
    (tmp_path / "victim").write_text("mine")
    (tmp_path / f"a.{os.getpid()}.part").symlink_to("victim")
    with atomic_write(tmp_path / "a.txt") as file:
        file.write(b"new")
    assert (tmp_path / "victim").read_text() == "mine"


def test_two_writers_of_one_pid_do_not_share_a_file(tmp_path):
    with atomic_write(tmp_path / "a.txt") as one, atomic_write(tmp_path / "a.txt") as other:
        one.write(b"one")
        other.write(b"other")
        assert one.name != other.name
    assert (tmp_path / "a.txt").read_bytes() in (b"one", b"other")


def test_the_mode_respects_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        with atomic_write(tmp_path / "a.txt"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640


def test_parts_of_the_dead_are_removed_and_those_of_the_living_stay(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from mlffbench.system.atomic_write import atomic_write\n"
        "with atomic_write(Path(sys.argv[1])) as file: file.write(b'half'); file.flush(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "dead.txt")], check=False)
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "link.part").symlink_to("victim")
    assert len(list(tmp_path.glob("*.part"))) == 2
    with atomic_write(tmp_path / "living.txt") as file:
        file.write(b"whole")
        remove_parts(tmp_path)
        assert [p.name for p in tmp_path.glob("*.part")] == [os.path.basename(file.name)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["living.txt", "victim"]
