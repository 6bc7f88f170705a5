"""Folder as a revision of git holds it, unpacked for a moment."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["committed_folder"]


@contextmanager
def committed_folder(revision: str, folder: str) -> Iterator[Path]:
    """Unpack a folder of a revision, inside the ``with`` block.

    Parameters
    ----------
    revision : str
        Commit, tag or branch of the repository of the working directory.
    folder : str
        Relative to the working directory.

    Raises
    ------
    ValueError
        There is no git, no repository, no such revision, or no such folder in it.
    """
    command = ["git", "archive", "--format=tar", "--end-of-options", revision, folder]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise ValueError(f"git is needed to read {folder} of the revision {revision}") from None
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise ValueError(f"no {folder} in the revision {revision}: {reason[-1] if reason else 'git failed'}")
    with tempfile.TemporaryDirectory(prefix="mlffbench-") as place:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(place, filter="data")
        yield Path(place) / folder
