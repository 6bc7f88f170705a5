"""Split from a manifest file, exported before, here or in another laboratory."""

from __future__ import annotations

from pathlib import Path

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.manifest_file import apply, read
from mlffbench.system.checksum import Checksum

__all__ = ["manifest"]


def manifest(dataset: Dataset, seed: int = 0, file: str = "split.json", sha256: str | None = None) -> Split:
    """Train and test on the structures that a manifest file names, in any order of the frames.

    Parameters
    ----------
    dataset : Dataset
        Holds all of the manifest's structures; others are left out.
    seed : int
        Without effect: the manifest decides.
    file : str
        Path of the manifest, relative to the current directory.
    sha256 : str, optional
        Checksum that the file must have: it pins a suite to one content of the file.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is no manifest or another one, or structures are missing from the data.
    """
    document = read(Path(file))
    if sha256 is not None and (actual := Checksum(sha256).of(Path(file))) != sha256.lower():
        raise ValueError(
            f"{file} is not the manifest that was asked for: its sha256 is {actual}, not {sha256}"
        )
    return apply(document, dataset)
