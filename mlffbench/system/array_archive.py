"""Arrays of a zip archive (.npz): no pickles, and no more bytes than the archive's directory says."""

from __future__ import annotations

import math
import zipfile
from typing import IO, Any

import numpy as np

__all__ = ["LARGEST", "read_array", "read_arrays"]

LARGEST = 4 * 2**30  # bytes of all arrays of an archive
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_arrays(file: IO[bytes], largest: int = LARGEST) -> dict[str, np.ndarray]:
    """Read the arrays of an ``.npz`` file by name.

    Raises
    ------
    ValueError
        It is damaged, holds something else than arrays of numbers or texts, or more than `largest` bytes.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > largest:
                raise ValueError(f"its arrays would take {size:,} bytes, more than {largest:,}")
            names = archive.namelist()
            return {name.removesuffix(".npy"): read_array(archive, name) for name in names}
    except Exception as error:  # zipfile, zlib and numpy raise many kinds on damaged bytes
        raise ValueError(str(error) or type(error).__name__) from None


def read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """Read one ``.npy`` member, whose header must claim as many bytes as the archive's directory.

    Raises
    ------
    ValueError
        It is no array, a pickle, or the sizes differ.
    """
    with archive.open(name) as member:
        shape, fortran_order, dtype = _header(member)
        claimed, size = math.prod(shape) * dtype.itemsize, archive.getinfo(name).file_size - member.tell()
        if dtype.hasobject or claimed != size:
            raise ValueError(f"{name} is no array of {size:,} bytes, but {shape} of {dtype}")
        array = np.frombuffer(bytearray(member.read()), dtype=dtype)
    return array.reshape(shape, order="F" if fortran_order else "C")


def _header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(member)
    if version not in HEADERS:
        raise ValueError(f"an array of format {version}")
    return HEADERS[version](member)
