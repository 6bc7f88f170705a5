"""Files that travel as bytes: all of a folder, none out of it."""

from __future__ import annotations

import pytest

from mlffbench.harness.cluster.files import is_visible, read_files, write_files


def test_a_folder_arrives_as_it_was(tmp_path):
    there, here = tmp_path / "there", tmp_path / "here"
    (there / "inner").mkdir(parents=True)
    (there / "inner" / "a.npz").write_bytes(b"\0\1")
    (there / "outcome.json").write_text("{}")
    (there / "link").symlink_to("/etc/passwd")
    files = read_files(there)
    assert sorted(files) == ["inner/a.npz", "outcome.json"]
    write_files(here, files, last="outcome.json")
    assert read_files(here) == files


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/../../x"])
def test_nothing_is_written_out_of_the_folder(tmp_path, name):
    with pytest.raises(ValueError, match="leads out of"):
        write_files(tmp_path / "here", {name: b"x"})
    assert not (tmp_path / "x").exists()


def test_a_folder_that_is_not_here_is_not_seen(tmp_path):
    assert is_visible(tmp_path)
    assert not is_visible(tmp_path / "other")
