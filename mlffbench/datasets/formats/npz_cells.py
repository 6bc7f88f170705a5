"""Cells and periodic directions of frames in .npz arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mlffbench.datasets.formats.unread_cells import is_cell_name

__all__ = ["cells_and_pbc"]


def cells_and_pbc(file: Path, data: Mapping[str, np.ndarray], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the (n, 3, 3) cells of all frames, with vectors as rows, and the (n, 3) periodic directions.

    The cell is an array such as ``lattice`` or ``cell``, one for all frames or one a frame; frames with a
    cell are periodic along its vectors unless an array ``pbc`` says otherwise.

    Raises
    ------
    ValueError
        An array that has the name of a cell and not the shape, two different cells, vectors that may be rows
        or columns, or a ``pbc`` of another shape.
    """
    cells: np.ndarray | None = None
    for key in (k for k, v in data.items() if is_cell_name(k) and v.dtype.kind != "U"):
        other = _cells(file, key, data, n)
        if cells is not None and not np.allclose(cells, other):
            raise ValueError(f"{file.name}: {key!r} is another cell than that of a second array; remove one")
        cells = other
    if cells is None:
        cells = np.zeros((n, 3, 3))
    return cells, _pbc(file, data, cells)


def _cells(file: Path, key: str, data: Mapping[str, np.ndarray], n: int) -> np.ndarray:
    """Cells of all frames from one array."""
    array = data[key]
    if array.shape not in ((3, 3), (9,), (1, 3, 3), (n, 3, 3), (n, 9)) or array.dtype.kind not in "iuf":
        raise ValueError(
            f"{file.name}: {key!r} has shape {array.shape}, which is not read as a cell; give the vectors "
            f"as rows, (3, 3) for all frames or ({n}, 3, 3)"
        )
    cells = np.broadcast_to(array.reshape(-1, 3, 3).astype(float), (n, 3, 3))
    of_sgdml = key == "lattice" and str(data.get("type", "")) in ("d", "dataset")
    if of_sgdml and not np.allclose(cells, cells.swapaxes(1, 2)):
        raise ValueError(
            f"{file.name}: the vectors of 'lattice' are rows or columns, depending on the version of sGDML; "
            "save them as rows under the name 'cell'"
        )
    return cells


def _pbc(file: Path, data: Mapping[str, np.ndarray], cells: np.ndarray) -> np.ndarray:
    """Periodic directions of all frames: those of the array ``pbc``, else those with a cell vector."""
    named = [k for k in data if k.lower() == "pbc"]
    if not named:
        return np.asarray(cells.any(axis=2))
    pbc = np.asarray(data[named[0]])
    if (
        pbc.shape not in ((), (1,), (3,), (len(cells), 3))
        or pbc.dtype.kind not in "biu"
        or not np.isin(pbc, (0, 1)).all()
    ):
        raise ValueError(
            f"{file.name}: {named[0]!r} has shape {pbc.shape}; it must be (3,) or (n, 3) of True and False"
        )
    return np.broadcast_to(pbc.astype(bool), (len(cells), 3))
