"""Folders of a revision of git."""

from __future__ import annotations

import subprocess

import pytest

from mlffbench.system.committed_folder import committed_folder


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "results" / "demo" / "a.json"
    file.parent.mkdir(parents=True)
    user = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    subprocess.run(["git", "init", "-q"], check=True)
    for text in ("old", "new"):
        file.write_text(text)
        subprocess.run(["git", "add", "."], check=True)
        subprocess.run(["git", *user, "commit", "-qm", text], check=True)
    return tmp_path


def test_a_folder_is_that_of_the_revision(repository):
    with committed_folder("HEAD~1", "results/demo") as folder:
        assert (folder / "a.json").read_text() == "old"
    assert not folder.exists()
    assert (repository / "results" / "demo" / "a.json").read_text() == "new"


def test_a_folder_is_relative_to_the_working_directory(repository, monkeypatch):
    monkeypatch.chdir(repository / "results")
    with committed_folder("HEAD", "demo") as folder:
        assert (folder / "a.json").read_text() == "new"


@pytest.mark.parametrize(
    ("revision", "folder"), [("nobody", "results"), ("HEAD", "result"), ("--exec=x", "results")]
)
def test_what_is_not_there_is_a_sentence(repository, revision, folder):
    with (
        pytest.raises(ValueError, match=f"no {folder} in the revision {revision}: "),
        committed_folder(revision, folder),
    ):
        pass
