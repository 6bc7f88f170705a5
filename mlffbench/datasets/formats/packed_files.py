"""Sizes of packed files once they are unpacked, compared with the free memory."""

from __future__ import annotations

import zipfile
from pathlib import Path

import psutil
from ase.io.formats import open_with_compression

from mlffbench.system.array_archive import check_sizes

__all__ = ["check_unpacked"]

HIGHEST = {".gz": 1_100, ".xz": 10_000, ".bz2": 50_000}  # more bytes than a packed one can hold
TEXT = 4  # bytes of memory for a byte of text, while frames are made of it
BLOCK = 1 << 22


def check_unpacked(file: Path) -> None:
    """Refuse a packed file or archive whose content does not fit into memory.

    Raises
    ------
    ValueError
        It does not fit, or an array in it claims more bytes than it has.
    OSError, EOFError, lzma.LZMAError, zlib.error
        It is damaged.
    """
    if file.suffix == ".npz" and zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            check_sizes(archive)
    most = psutil.virtual_memory().available // TEXT
    if file.stat().st_size * HIGHEST.get(file.suffix, 0) <= most:
        return
    size = 0
    with open_with_compression(str(file), "rb") as packed:
        while block := packed.read(BLOCK):
            size += len(block)
            if size > most:
                raise ValueError(
                    f"{file.name} unpacks to more than {most / 1e9:.2g} GB, too much for the free memory"
                )
