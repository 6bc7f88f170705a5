"""Folders held by one process at a time, released by its death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from mlffbench.system import folder_lock
from mlffbench.system.folder_lock import claim


def test_a_folder_has_one_owner_at_a_time(tmp_path):
    folder = tmp_path / "new" / "folder"
    with claim(folder) as first, claim(folder) as second:
        assert (first, second) == (True, False)
    with claim(folder) as again:
        assert again
    assert list(folder.iterdir()) == []


def test_the_death_of_the_owner_releases_it(tmp_path):
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom mlffbench.system.folder_lock import claim\n"
        "with claim(Path(sys.argv[1])) as mine: print(mine, flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout.readline() == "True\n"
    with claim(tmp_path) as mine:
        assert not mine
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    with claim(tmp_path) as mine:
        assert mine


def test_owners_that_remove_the_folder_never_meet(tmp_path):
    inside, met, claims = [], [], []

    def work():
        for _ in range(100):
            with claim(tmp_path / "a" / "b") as mine:
                if mine:
                    inside.append(1)
                    met.append(len(inside) > 1)
                    claims.append(1)
                    inside.pop()
                    for folder in (tmp_path / "a" / "b", tmp_path / "a"):
                        with suppress(OSError):
                            folder.rmdir()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) > 50
    assert not any(met)


def test_links_are_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for folder in (tmp_path / "link", tmp_path / "link" / "below"):
        with pytest.raises(OSError), claim(folder):  # noqa: PT011
            pass
    assert list((tmp_path / "real").iterdir()) == []


def test_a_file_system_without_locks_refuses_nothing(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(folder_lock.fcntl, "flock", flock)
    with claim(tmp_path) as first, claim(tmp_path) as second:
        assert first
        assert second
