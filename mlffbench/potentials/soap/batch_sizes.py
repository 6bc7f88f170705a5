"""Batches of frames whose SOAP vectors, derivatives and kernel rows fit into memory together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from ase import Atoms
from sklearn.utils import gen_batches

from mlffbench.descriptors.graph import Graph, parts
from mlffbench.descriptors.power_spectrum import Basis
from mlffbench.system.batch_size import batch_bytes, consecutive_parts, with_half_on_memory_error

__all__ = ["equal_parts", "in_halves", "parts_of"]

T = TypeVar("T")
COPIES = 2  # of an array, in the operations that make and use it and in the backward pass


def parts_of(
    frames: Sequence[Atoms], basis: Basis, batch_size: int | None, device: str, rows: int, share: int = 1
) -> list[slice]:
    """Consecutive frames to compute together: `batch_size` at a time, or as many as the device takes.

    Parameters
    ----------
    frames : sequence of Atoms
    basis : Basis
    batch_size : int or None
    device : str
    rows : int
        Numbers of kernel rows that each atom needs.
    share : int
        Divides the batches' size, after one of them did not fit.
    """
    if batch_size is not None:
        return equal_parts(len(frames), max(1, min(batch_size, len(frames)) // share))
    sizes = [_bytes(a, basis, rows) for a in frames]
    return consecutive_parts(sizes, min(batch_bytes(device), sum(sizes)) / share)


def equal_parts(n: int, size: int) -> list[slice]:
    """Slices of `size` frames, the last one shorter."""
    return list(gen_batches(n, size))


def in_halves(function: Callable[[Graph], T], graph: Graph) -> list[T]:
    """The function's value of a batch, or those of its halves if the memory of the GPU does not suffice."""
    return with_half_on_memory_error(lambda n: [function(part) for part in parts(graph, n)])


def _bytes(atoms: Atoms, basis: Basis, rows: int) -> float:
    """Memory of a frame's temporaries in double precision, from the shapes of its arrays."""
    degrees, channels = basis.l_max + 1, basis.n_channels
    an_atom = len(basis.order) + degrees * channels * (channels + basis.width) + rows
    a_pair = degrees * (2 * basis.n_max + basis.width)
    return 8.0 * COPIES * len(atoms) * (an_atom + _neighbours(atoms, basis.radius) * a_pair)


def _neighbours(atoms: Atoms, radius: float) -> float:
    """Estimate of the neighbours of an atom: all others of a molecule, or as many as the density says."""
    if not atoms.pbc.all():
        return len(atoms) - 1.0
    return len(atoms) / atoms.get_volume() * 4 / 3 * np.pi * radius**3
