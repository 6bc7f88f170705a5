"""Frames as tensors on the device, once; batches in the form that mace-torch's models and losses read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ase import Atoms
from ase.cell import Cell

from mlffbench.data import Labels
from mlffbench.descriptors import graph

__all__ = ["Batch", "Graphs", "consecutive"]


class Batch(dict[str, torch.Tensor]):
    """What mace-torch calls a batch: a dict whose entries are attributes too."""

    def __getattr__(self, name: str) -> torch.Tensor:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def num_graphs(self) -> int:
        return len(self["ptr"]) - 1

    def inputs(self) -> dict[str, torch.Tensor]:
        """For one call of the model, which writes into what it is given."""
        return dict(self) | {"positions": self["positions"].detach()}


@dataclass(frozen=True)
class Graphs:
    """A set of frames, their neighbours and labels, concatenated.

    Attributes
    ----------
    per_atom, per_pair, per_frame : dict of str to tensor
        By mace-torch's names; pairs name atoms by their place in the whole set.
    atoms, pairs : (n_frames + 1,) int tensors, where each frame begins
    """

    per_atom: dict[str, torch.Tensor]
    per_pair: dict[str, torch.Tensor]
    per_frame: dict[str, torch.Tensor]
    atoms: torch.Tensor
    pairs: torch.Tensor

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
        """Neighbour lists and one-hot species; a label that is missing weighs 0."""
        # centred: float32 is finest there
        centred = [_centred(a) for a in frames]
        whole = graph.build(centred, cutoff)
        cells = torch.as_tensor(np.array([_full_rank(a) for a in centred]))
        of_pair = whole.frame[whole.source]
        # the pair's vector points from source to target; mace-torch collects messages at the receiver
        unit_shifts = -whole.shifts
        to = lambda x: x.to(device, dtype if x.is_floating_point() else None)
        known = _labelled(frames, labels) | {
            "cell": cells,
            "head": torch.zeros(len(frames), dtype=torch.long),
        }
        forces = known.pop("forces")
        species = whole.numbers[:, None] == torch.as_tensor(list(numbers))
        return cls(
            {k: to(v) for k, v in {
                "positions": whole.positions, "node_attrs": species.double(), "forces": forces,
            }.items()},
            {k: to(v) for k, v in {
                "edge_index": torch.stack([whole.target, whole.source], dim=1), "unit_shifts": unit_shifts,
                "shifts": torch.einsum("pi,pij->pj", unit_shifts, cells[of_pair]),
            }.items()},
            {k: to(v) for k, v in (known | {"periodic": whole.periodic}).items()},
            to(_starts(whole.frame, len(frames))),
            to(_starts(of_pair, len(frames))),
        )  # fmt: skip

    def batch(self, picks: Sequence[int]) -> Batch:
        """Some frames, in this order."""
        frames = torch.as_tensor(list(picks), dtype=torch.long, device=self.atoms.device)
        atoms, starts = _ranges(self.atoms, frames)
        pairs, pair_starts = _ranges(self.pairs, frames)
        found = {k: v.index_select(0, atoms) for k, v in self.per_atom.items()}
        found |= {k: v.index_select(0, pairs) for k, v in self.per_pair.items()}
        found |= {k: v.index_select(0, frames) for k, v in self.per_frame.items()}
        moved = (starts[:-1] - self.atoms[frames]).repeat_interleave(pair_starts.diff())
        found["edge_index"] = (found["edge_index"] + moved[:, None]).T.contiguous()
        found["cell"] = found["cell"].flatten(0, 1)
        number = torch.arange(len(frames), device=frames.device)
        return Batch(found, ptr=starts, batch=number.repeat_interleave(starts.diff()))


def consecutive(sizes: Sequence[int], atoms: int) -> list[list[int]]:
    """Indices of consecutive frames, at most `atoms` atoms together unless one alone has more."""
    parts: list[list[int]] = []
    room = -1
    for i, size in enumerate(sizes):
        room -= size
        if room < 0:
            parts.append([])
            room = atoms - size
        parts[-1].append(i)
    return parts


def _centred(atoms: Atoms) -> Atoms:
    return Atoms(
        atoms.numbers, atoms.positions - atoms.positions.mean(axis=0), cell=atoms.cell, pbc=atoms.pbc
    )


def _full_rank(atoms: Atoms) -> np.ndarray:
    """A cell with a volume, which mace-torch divides by; unit vectors where the frame is not periodic."""
    cell = np.where(atoms.pbc[:, None], np.asarray(atoms.cell), 0.0)
    return np.asarray(Cell(cell).complete()) if atoms.pbc.any() else np.eye(3)


def _labelled(frames: Sequence[Atoms], labels: Labels | None) -> dict[str, torch.Tensor]:
    """Labels as mace-torch's losses want them; zeros with weight 0 where there is none."""
    n = len(frames)
    forces = [None] * n if labels is None or labels.forces is None else list(labels.forces)
    stress = [None] * n if labels is None or labels.stress is None else list(labels.stress)
    stress = [s if a.pbc.all() else None for s, a in zip(stress, frames, strict=True)]
    filled = [np.zeros((len(a), 3)) if f is None else f for f, a in zip(forces, frames, strict=True)]
    voigt = np.array([np.zeros(6) if s is None else s for s in stress])
    weights = lambda given: torch.tensor([float(x is not None) for x in given])
    return {
        "energy": torch.zeros(n).double() if labels is None else torch.as_tensor(labels.energy),
        "forces": torch.as_tensor(np.concatenate(filled)),
        "stress": torch.as_tensor(voigt[:, [0, 5, 4, 5, 1, 3, 4, 3, 2]].reshape(n, 3, 3)),
        "weight": torch.ones(n), "energy_weight": torch.ones(n),
        "forces_weight": weights(forces), "stress_weight": weights(stress),
    }  # fmt: skip


def _starts(frame: torch.Tensor, n: int) -> torch.Tensor:
    """Where each frame's entries begin, and the end: (n + 1,)."""
    counts = torch.bincount(frame, minlength=n)
    return torch.cat([counts.new_zeros(1), counts.cumsum(0)])


def _ranges(starts: torch.Tensor, picks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The entries of the picked frames one after the other, and where each begins among them."""
    first, counts = starts[picks], starts.diff()[picks]
    begins = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
    places = torch.arange(int(begins[-1]), device=starts.device)
    return places + (first - begins[:-1]).repeat_interleave(counts), begins
