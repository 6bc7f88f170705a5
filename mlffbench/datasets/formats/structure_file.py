"""Structures from a file of any format that ASE reads, without a wait for atoms that are not there."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from ase import Atoms
from ase.io import read
from ase.io.formats import filetype, open_with_compression

from mlffbench.datasets.formats.packed_files import check_unpacked
from mlffbench.system.regular_file import check_regular

__all__ = ["check_claims", "read_structures"]

ENDLESS = re.compile(rb":[A-Za-z]:\d{6}")


def read_structures(file: Path | str, index: str = ":", format: str | None = None) -> list[Atoms]:
    """Read structures; `index` and `format` as of ``ase.io.read``.

    Raises
    ------
    OSError
        There is no such file, or it is no regular one.
    ValueError
        It is of no format that ASE reads, is damaged, does not fit into memory, or has no structures.
    """
    file = Path(file)
    check_regular(file)
    try:
        check_unpacked(file)
        check_claims(file, format or filetype(str(file)))
        frames = read(file, index, format=format)
    except Exception as error:  # each of ASE's readers raises others
        if isinstance(error, StopIteration | IndexError) and index != ":":
            raise ValueError(f"{file} has no structure {index}") from error
        raise ValueError(f"{file} cannot be read: {type(error).__name__}: {error}") from error
    if frames == []:
        raise ValueError(f"{file} has no structures")
    return frames if isinstance(frames, list) else [frames]


def check_claims(file: Path, format: str) -> None:
    """Refuse xyz with fewer lines than atoms, or endless columns: ASE would read on for ever.

    Raises
    ------
    ValueError
        The message names the number claimed.
    """
    if format in ("xyz", "extxyz"):
        with open_with_compression(str(file), "rb") as text:
            _check_counts(text)


def _check_counts(lines: Iterable[bytes]) -> None:
    rest = iter(lines)
    for head in rest:
        if not head.strip().isdigit():
            return  # the end, or for ASE to name
        if ENDLESS.search(next(rest, b"")):
            raise ValueError("a property has more than 99999 columns")
        claimed = int(head[:20])
        n_lines = sum(1 for _ in islice(rest, min(claimed, sys.maxsize)))
        if n_lines < claimed:
            raise ValueError(f"a frame begins with {claimed} atoms and has {n_lines}")
