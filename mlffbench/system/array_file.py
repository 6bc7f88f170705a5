"""File of arrays between two processes of ours: a line of JSON, then their bytes.

An ``.npz`` archive of a small structure takes ten times as long to write and to read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

__all__ = ["read_array_file", "write_array_file"]


def write_array_file(file: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays of numbers and truth values by name."""
    head = [[name, array.dtype.str, array.shape] for name, array in arrays.items()]
    file.write_bytes(b"".join([json.dumps(head).encode(), b"\n", *(a.tobytes() for a in arrays.values())]))


def read_array_file(file: Path) -> dict[str, np.ndarray]:
    """Read the arrays that `write_array_file` wrote."""
    head, _, content = file.read_bytes().partition(b"\n")
    arrays, begin = {}, 0
    for name, dtype, shape in json.loads(head):
        values = np.frombuffer(content, dtype, math.prod(shape), begin)
        arrays[name] = values.reshape(shape).copy()  # aligned, and writable
        begin += values.nbytes
    return arrays
