"""Frames as tensors on the device, and batches of them in mace-torch's form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ase import Atoms
from ase.cell import Cell

from mlffbench.data import Labels
from mlffbench.descriptors import graph

__all__ = ["Batch", "Graphs"]


class Batch(dict[str, torch.Tensor]):
    """A batch as mace-torch reads it: a dict whose entries are attributes too."""

    def __getattr__(self, name: str) -> torch.Tensor:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def num_graphs(self) -> int:
        return len(self["ptr"]) - 1

    def inputs(self) -> dict[str, torch.Tensor]:
        """A copy for one call of the model, which writes into its input."""
        return dict(self) | {"positions": self["positions"].detach()}


@dataclass(frozen=True)
class Graphs:
    """Frames with their neighbours and labels, concatenated on the device.

    Attributes
    ----------
    per_atom, per_pair, per_frame : dict of str to tensor
        mace-torch's tensors by name; pairs number the atoms of the whole set.
    atoms, pairs : (n_frames + 1,) int tensors
        First atom and first pair of each frame, and the totals.
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
        """Build neighbour lists and one-hot species; a missing label gets the weight 0."""
        # centred: float32 is finest there
        centred = [_centred(a) for a in frames]
        joined = graph.build(centred, cutoff)
        cells = torch.as_tensor(np.array([_full_rank(a) for a in centred]))
        of_pair = joined.frame[joined.source]
        # the pair's vector points from source to target; mace-torch collects messages at the receiver
        unit_shifts = -joined.shifts
        to = lambda x: x.to(device, dtype if x.is_floating_point() else None)
        per_frame = _label_tensors(frames, labels) | {
            "cell": cells,
            "head": torch.zeros(len(frames), dtype=torch.long),
        }
        forces = per_frame.pop("forces")
        species = joined.numbers[:, None] == torch.as_tensor(list(numbers))
        return cls(
            {k: to(v) for k, v in {
                "positions": joined.positions, "node_attrs": species.double(), "forces": forces,
            }.items()},
            {k: to(v) for k, v in {
                "edge_index": torch.stack([joined.target, joined.source], dim=1), "unit_shifts": unit_shifts,
                "shifts": torch.einsum("pi,pij->pj", unit_shifts, cells[of_pair]),
            }.items()},
            {k: to(v) for k, v in (per_frame | {"periodic": joined.periodic}).items()},
            to(_starts(joined.frame, len(frames))),
            to(_starts(of_pair, len(frames))),
        )  # fmt: skip

    def batch(self, picks: Sequence[int]) -> Batch:
        """The batch of some frames, in this order."""
        frames = torch.as_tensor(list(picks), dtype=torch.long, device=self.atoms.device)
        atoms, starts = _ranges(self.atoms, frames)
        pairs, pair_starts = _ranges(self.pairs, frames)
        tensors = {k: v.index_select(0, atoms) for k, v in self.per_atom.items()}
        tensors |= {k: v.index_select(0, pairs) for k, v in self.per_pair.items()}
        tensors |= {k: v.index_select(0, frames) for k, v in self.per_frame.items()}
        moved = (starts[:-1] - self.atoms[frames]).repeat_interleave(pair_starts.diff())
        tensors["edge_index"] = (tensors["edge_index"] + moved[:, None]).T.contiguous()
        tensors["cell"] = tensors["cell"].flatten(0, 1)
        number = torch.arange(len(frames), device=frames.device)
        return Batch(tensors, ptr=starts, batch=number.repeat_interleave(starts.diff()))


def _centred(atoms: Atoms) -> Atoms:
    return Atoms(
        atoms.numbers, atoms.positions - atoms.positions.mean(axis=0), cell=atoms.cell, pbc=atoms.pbc
    )


def _full_rank(atoms: Atoms) -> np.ndarray:
    """A cell with a volume, which mace-torch divides by; unit vectors where the frame is not periodic."""
    cell = np.where(atoms.pbc[:, None], np.asarray(atoms.cell), 0.0)
    return np.asarray(Cell(cell).complete()) if atoms.pbc.any() else np.eye(3)


def _label_tensors(frames: Sequence[Atoms], labels: Labels | None) -> dict[str, torch.Tensor]:
    """Labels and their weights by mace-torch's names; a missing label is zeros with weight 0."""
    n = len(frames)
    forces = [None] * n if labels is None or labels.forces is None else list(labels.forces)
    stress = [None] * n if labels is None or labels.stress is None else list(labels.stress)
    stress = [s if a.pbc.all() else None for s, a in zip(stress, frames, strict=True)]
    filled = [np.zeros((len(a), 3)) if f is None else f for f, a in zip(forces, frames, strict=True)]
    voigt = np.array([np.zeros(6) if s is None else s for s in stress])
    weights = lambda values: torch.tensor([float(x is not None) for x in values])
    return {
        "energy": torch.zeros(n).double() if labels is None else torch.as_tensor(labels.energy),
        "forces": torch.as_tensor(np.concatenate(filled)),
        "stress": torch.as_tensor(voigt[:, [0, 5, 4, 5, 1, 3, 4, 3, 2]].reshape(n, 3, 3)),
        "weight": torch.ones(n), "energy_weight": torch.ones(n),
        "forces_weight": weights(forces), "stress_weight": weights(stress),
    }  # fmt: skip


def _starts(frame: torch.Tensor, n: int) -> torch.Tensor:
    """First entry of each frame, and the number of entries: (n + 1,)."""
    counts = torch.bincount(frame, minlength=n)
    return torch.cat([counts.new_zeros(1), counts.cumsum(0)])


def _ranges(starts: torch.Tensor, picks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Entries of the picked frames one after the other, and the first of each frame among them."""
    first, counts = starts[picks], starts.diff()[picks]
    begins = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
    places = torch.arange(int(begins[-1]), device=starts.device)
    return places + (first - begins[:-1]).repeat_interleave(counts), begins
