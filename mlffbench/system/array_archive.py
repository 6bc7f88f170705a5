"""Sizes stated inside archives of arrays, compared before anything is read."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import numpy as np
import psutil

from mlffbench.system.regular_file import check_regular

__all__ = ["arrays_of", "check_array", "check_sizes", "read_array", "read_arrays", "read_member"]

READ_HEADER = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
PARSED = 20  # times its size: memory of a text such as JSON once it is parsed
TOO_LONG = 2**62


def read_arrays(file: Path) -> dict[str, np.ndarray]:
    """Read all arrays of an ``.npz`` file by name, if they are as large as stated and fit into memory.

    Raises
    ------
    OSError
        It cannot be read.
    ValueError
        It is no archive of arrays, is damaged, holds Python objects, or claims more than it holds.
    """
    check_regular(file)
    with Path(file).open("rb") as stream:
        try:
            return arrays_of(stream)
        except ValueError as error:
            raise ValueError(f"{file} {error}") from error


def arrays_of(stream: IO[bytes]) -> dict[str, np.ndarray]:
    """Read all arrays of an open ``.npz`` file by name, as `read_arrays` does.

    Raises
    ------
    ValueError
        As `read_arrays`; the message is the predicate of a sentence.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            check_sizes(archive, names)
            return {name.removesuffix(".npy"): read_member(archive, name) for name in names}
    except Exception as error:  # zipfile, zlib, lzma, struct, numpy: each has exceptions of its own
        raise ValueError(f"is no archive of arrays, or is damaged: {error}") from error


def read_array(file: Path) -> np.ndarray:
    """Read an ``.npy`` file, if it is as large as it claims.

    Raises
    ------
    OSError
        It cannot be read.
    ValueError
        It is no array, holds Python objects, or claims more than it holds.
    """
    check_regular(file)
    with Path(file).open("rb") as stream:
        check_array(stream, file.stat().st_size, file.name)
        stream.seek(0)
        return np.lib.format.read_array(stream, allow_pickle=False)


def read_member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Read an array of an archive whose sizes were checked.

    Raises
    ------
    ValueError
        It is no array, or holds Python objects.
    """
    with archive.open(name) as member:
        return np.lib.format.read_array(member, allow_pickle=False)


def check_sizes(archive: zipfile.ZipFile, members: Iterable[str] | None = None) -> None:
    """Refuse an archive that memory cannot hold unpacked, or an array in it that claims more than is there.

    Parameters
    ----------
    archive : ZipFile
        Arrays, ``<name>.npy``, and texts.
    members : iterable of str, optional
        Those that will be read; all by default.

    Raises
    ------
    ValueError
        The message names the member.
    """
    wanted = archive.infolist() if members is None else [archive.getinfo(name) for name in members]
    needed = sum(_memory(member) for member in wanted)
    free = psutil.virtual_memory().available
    if needed > free:
        largest = max(wanted, key=lambda member: member.file_size).filename
        raise ValueError(
            f"unpacked it would take {_gigabytes(needed)} of memory, {largest!r} most of it, and "
            f"{_gigabytes(free)} are free"
        )
    for member in wanted:
        if member.filename.endswith(".npy"):
            with archive.open(member) as stream:
                check_array(stream, member.file_size, member.filename)


def _memory(member: zipfile.ZipInfo) -> int:
    """Memory that a member needs beyond its size on the disk; a plainly stored array may be mapped."""
    if not member.filename.endswith(".npy"):
        return member.file_size * PARSED
    return member.file_size if member.compress_type != zipfile.ZIP_STORED else 0


def check_array(stream: IO[bytes], size: int, name: str) -> None:
    """Refuse an ``.npy`` array whose header claims more than its bytes, before memory is taken for it.

    Parameters
    ----------
    stream : file
        Read from its beginning.
    size : int
        Bytes of the whole file.
    name : str
        Its name in the message.

    Raises
    ------
    ValueError
        It claims more, or begins like no array.
    """
    version = np.lib.format.read_magic(stream)
    shape, _, dtype = READ_HEADER.get(version, np.lib.format.read_array_header_2_0)(stream)
    claimed = math.prod(shape) * max(dtype.itemsize, 1)
    there = size - stream.tell()
    if dtype.hasobject:
        return  # whoever reads it refuses it
    if claimed > there or max(shape, default=0) > TOO_LONG:
        raise ValueError(f"{name!r} claims an array of {_gigabytes(claimed)}, and has {_gigabytes(there)}")


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB" if size >= 1e7 else f"{size} bytes"
