"""Neighbours of many frames as padded blocks of atoms, so that few shapes are compiled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from ase import Atoms
from scipy.sparse import csr_array

from mlffbench.descriptors.neighbours import neighbour_list

__all__ = ["SIZES", "Block", "Edges", "edges_of"]

SIZES = (16, 128)  # atoms of a block; each is compiled once


@dataclass(frozen=True)
class Edges:
    """Directed pairs of all atoms of a list of frames, sorted by the first atom.

    Attributes
    ----------
    species : (n_atoms,) array of int
        Index of each atom's element.
    frame : (n_atoms,) array of int
        Frame of each atom.
    volume : (n_frames,) array
        Å³; NaN where a frame is not periodic in three directions.
    first, second : (n_pairs,) arrays of int
        Atoms of each pair.
    vectors : (n_pairs, 3) array
        From the first to the second, Å.
    width : int
        Neighbours of an atom in a block, the others being padding.
    """

    species: np.ndarray
    frame: np.ndarray
    volume: np.ndarray
    first: np.ndarray
    second: np.ndarray
    vectors: np.ndarray
    width: int

    def blocks(self, far: float, sizes: Sequence[int] = SIZES) -> Iterator[Block]:
        """Consecutive atoms with their neighbours; padding lies `far` away, at the cutoff."""
        starts = np.searchsorted(self.first, np.arange(len(self.species) + 1))
        begin = 0
        while begin < len(self.species):
            left = len(self.species) - begin
            size = next((s for s in sizes if s >= left), sizes[-1])
            end = min(begin + size, len(self.species))
            yield self._block(slice(begin, end), slice(starts[begin], starts[end]), size, starts, far)
            begin = end

    def on_atoms(self, gradients: np.ndarray) -> np.ndarray:
        """Forces on the atoms, (n_atoms, ...), from derivatives by the pairs' vectors, (n_pairs, ...)."""
        atoms, pairs, tail = len(self.species), len(self.first), gradients.shape[1:]
        row, column = np.concatenate([self.first, self.second]), np.tile(np.arange(pairs), 2)
        signs = csr_array((np.repeat([1.0, -1.0], pairs), (row, column)), shape=(atoms, pairs))
        return (signs @ gradients.reshape(pairs, prod(tail))).reshape(atoms, *tail)

    def split(self, values: np.ndarray) -> list[np.ndarray]:
        """Values of the atoms, frame by frame."""
        return np.split(values, np.searchsorted(self.frame, np.arange(1, len(self.volume))))

    def _block(self, atoms: slice, pairs: slice, size: int, starts: np.ndarray, far: float) -> Block:
        row = self.first[pairs] - atoms.start
        place = row, np.arange(pairs.start, pairs.stop) - starts[self.first[pairs]]
        vectors = np.zeros((size, self.width, 3))
        vectors[..., 0] = far
        mask, other = np.zeros((size, self.width), bool), np.zeros((size, self.width), np.int32)
        species = np.zeros(size, np.int32)
        species[: atoms.stop - atoms.start] = self.species[atoms]
        vectors[place], mask[place], other[place] = (
            self.vectors[pairs],
            True,
            self.species[self.second[pairs]],
        )
        return Block(atoms, pairs, place, vectors, mask, species, other)


@dataclass(frozen=True)
class Block:
    """Some atoms with their neighbours, padded to a size that is compiled.

    Attributes
    ----------
    atoms, pairs : slice
        Of the frames' atoms and pairs.
    place : tuple of two (n_pairs,) arrays of int
        Row and column of each pair.
    vectors : (size, width, 3) array
    mask : (size, width) array of bool
        True for pairs, False for padding.
    species : (size,) array of int
    other : (size, width) array of int
        Elements of the neighbours.
    """

    atoms: slice
    pairs: slice
    place: tuple[np.ndarray, np.ndarray]
    vectors: np.ndarray
    mask: np.ndarray
    species: np.ndarray
    other: np.ndarray


def edges_of(frames: Sequence[Atoms], numbers: Sequence[int], cutoff: float, width: int) -> Edges:
    """Neighbours of all atoms of the frames.

    Parameters
    ----------
    frames : list of Atoms
    numbers : sequence of int
        Atomic numbers, by the order of the elements in the model.
    cutoff : float
        Å.
    width : int
        Neighbours in a row of a block; doubled until the largest number of neighbours fits.
    """
    order = np.full(120, -1)
    order[list(numbers)] = np.arange(len(numbers))
    lists = [neighbour_list("ijD", atoms, cutoff) for atoms in frames]
    sizes = [len(atoms) for atoms in frames]
    offsets = np.cumsum([0, *sizes[:-1]])
    first, second = (
        np.concatenate([pairs[k] + offset for pairs, offset in zip(lists, offsets, strict=True)]).astype(int)
        for k in (0, 1)
    )
    most = int(np.bincount(first).max(initial=0))
    while width < most:
        width *= 2
    return Edges(
        species=order[np.concatenate([atoms.numbers for atoms in frames])],
        frame=np.repeat(np.arange(len(frames)), sizes),
        volume=np.array([atoms.get_volume() if atoms.pbc.all() else np.nan for atoms in frames]),
        first=first,
        second=second,
        vectors=np.concatenate([pairs[2].reshape(-1, 3) for pairs in lists]),
        width=width,
    )
