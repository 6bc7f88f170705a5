"""A split that was exported before, here or in another laboratory."""

from __future__ import annotations

from pathlib import Path

from mlffbench.data import Dataset, Split
from mlffbench.splits.common.manifest_file import apply, read
from mlffbench.system.checksum import Checksum

__all__ = ["manifest"]


def manifest(dataset: Dataset, seed: int = 0, file: str = "split.json", sha256: str | None = None) -> Split:
    """The structures that a split manifest names, found in this dataset whatever the order of its frames.

    Parameters
    ----------
    dataset : Dataset
        Holds all of the manifest's structures; others are left out.
    seed : int
        Decides nothing: the manifest does.
    file : str
        Relative to the current directory.
    sha256 : str, optional
        What the file must hash to: pins a suite to one content, which the file's name does not.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is no manifest or another one, or structures are missing from the data.
    """
    document = read(Path(file))
    if sha256 is not None and (found := Checksum(sha256).of(Path(file))) != sha256.lower():
        raise ValueError(
            f"{file} is not the manifest that was asked for: its sha256 is {found}, not {sha256}"
        )
    return apply(document, dataset)
