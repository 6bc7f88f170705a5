"""Frames with neighbours and labels on the host, which batches are assembled from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ase import Atoms
from ase.cell import Cell

from mlffbench.data import Labels
from mlffbench.descriptors import graph
from mlffbench.potentials.mace.pairs import UndirectedPairs
from mlffbench.potentials.mace.shapes import Shape

__all__ = ["Graphs"]


@dataclass(frozen=True)
class Graphs:
    """Frames with their neighbours and labels, concatenated, on the host.

    Attributes
    ----------
    per_atom, per_pair, per_frame : dict of str to array
        Undirected pairs number the atoms of their frame.
    atoms, pairs : (n_frames + 1,) int arrays
        First atom and first pair of each frame, and the totals.
    shapes : list of Shape
        Of each frame by itself.
    cutoff : float
        Å.
    dtype, device
        Of the batches.
    """

    per_atom: dict[str, np.ndarray]
    per_pair: dict[str, np.ndarray]
    per_frame: dict[str, np.ndarray]
    atoms: np.ndarray
    pairs: np.ndarray
    shapes: list[Shape]
    cutoff: float
    dtype: torch.dtype
    device: torch.device

    def __len__(self) -> int:
        return len(self.atoms) - 1

    @classmethod
    def build(
        cls,
        frames: Sequence[Atoms],
        numbers: Sequence[int],
        cutoff: float,
        dtype: torch.dtype,
        device: torch.device,
        labels: Labels | None = None,
    ) -> Graphs:
        """Build neighbour lists; a missing label gets the weight 0."""
        joined = graph.build(frames, cutoff)
        frame, receiver, sender = (x.numpy() for x in (joined.frame, joined.source, joined.target))
        # the pair's vector points from source to target; mace-torch collects messages at the receiver
        pairs = UndirectedPairs.of(receiver, sender, -joined.shifts.numpy(), len(frame))
        of_pair, atoms = frame[pairs.receiver], _starts(frame, len(frames))
        first, cells = atoms[of_pair], np.array([_full_rank(a) for a in frames])
        element = (joined.numbers.numpy()[:, None] == np.asarray(numbers)).argmax(axis=1)
        per_frame = label_arrays(frames, labels)
        per_frame |= {"cell": cells, "volume": abs(np.linalg.det(cells)), "periodic": joined.periodic.numpy()}
        starts = _starts(of_pair, len(frames))
        return cls(
            {
                "positions": _centred(joined.positions.numpy(), atoms), "forces": per_frame.pop("forces"),
                "element": element,
            },
            {
                "receiver": pairs.receiver - first, "sender": pairs.sender - first,
                "receiver_rank": pairs.receiver_rank, "sender_rank": pairs.sender_rank,
                "unit_shifts": pairs.shifts, "shifts": np.einsum("pi,pij->pj", pairs.shifts, cells[of_pair]),
            },
            per_frame, atoms, starts,
            _shapes(frame, element, len(numbers), np.diff(starts), pairs.counts),
            float(cutoff), dtype, device,
        )  # fmt: skip


def _shapes(
    frame: np.ndarray, element: np.ndarray, n_elements: int, pairs: np.ndarray, neighbours: np.ndarray
) -> list[Shape]:
    """Shape of each frame by itself."""
    counts = np.zeros((len(pairs), n_elements), int)
    np.add.at(counts, (frame, element), 1)
    widths = np.maximum.reduceat(neighbours, np.concatenate([[0], counts.sum(axis=1).cumsum()[:-1]]))
    rows = zip(counts.tolist(), pairs.tolist(), widths.tolist(), strict=True)
    return [Shape(tuple(c), p, max(w, 1), 1) for c, p, w in rows]


def _centred(positions: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Positions about the mean of each frame, where float32 is finest."""
    sizes = np.diff(starts)
    means = np.add.reduceat(positions, starts[:-1]) / sizes[:, None]
    return positions - means.repeat(sizes, axis=0)


def _full_rank(atoms: Atoms) -> np.ndarray:
    """A cell with a volume, which mace-torch divides by; unit vectors where the frame is not periodic."""
    if not atoms.pbc.any():
        return np.eye(3)
    return np.asarray(Cell(np.where(atoms.pbc[:, None], np.asarray(atoms.cell), 0.0)).complete())


def label_arrays(frames: Sequence[Atoms], labels: Labels | None) -> dict[str, np.ndarray]:
    """Labels and their weights; a missing label is zeros with weight 0."""
    n = len(frames)
    forces = [None] * n if labels is None or labels.forces is None else list(labels.forces)
    stress = [None] * n if labels is None or labels.stress is None else list(labels.stress)
    stress = [s if a.pbc.all() else None for s, a in zip(stress, frames, strict=True)]
    filled = [np.zeros((len(a), 3)) if f is None else f for f, a in zip(forces, frames, strict=True)]
    voigt = np.array([np.zeros(6) if s is None else s for s in stress])
    weights = lambda values: np.array([float(x is not None) for x in values])
    return {
        "energy": np.zeros(n) if labels is None else np.asarray(labels.energy, float),
        "forces": np.concatenate(filled),
        "stress": voigt[:, [0, 5, 4, 5, 1, 3, 4, 3, 2]].reshape(n, 3, 3),
        "forces_weight": weights(forces), "stress_weight": weights(stress),
    }  # fmt: skip


def _starts(frame: np.ndarray, n: int) -> np.ndarray:
    """First entry of each frame, and the number of entries: (n + 1,)."""
    return np.concatenate([[0], np.bincount(frame, minlength=n).cumsum()])
