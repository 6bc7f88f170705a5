"""A batch of frames as tensors on the device."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mlffbench.potentials.mace.neighbours import Neighbours

__all__ = ["Batch"]


class Batch(dict[str, Any]):
    """A batch whose entries are attributes too; its atoms are sorted by element, its pairs undirected.

    Attributes
    ----------
    order : (n_real,) int array
        Place among the batch's atoms of each atom of the frames, one frame after the other.
    sizes : (n_frames,) int array
        Number of atoms of each frame.
    periodic : (n_frames,) bool array
        True for three periodic directions: the stress is defined.
    """

    order: np.ndarray
    sizes: np.ndarray
    periodic: np.ndarray

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def num_graphs(self) -> int:
        return len(self["ptr"]) - 1

    @property
    def neighbours(self) -> Neighbours:
        columns = ("slot_sender", "reverse", "directed", "pair", "slots")
        return Neighbours(self["width"], *(self[k] for k in columns))

    def mace_inputs(self) -> Batch:
        """A copy for one call of mace-torch's model, which writes into it; pairs in both directions."""
        receiver, sender = self["undirected"]
        both = torch.stack([torch.cat([sender, receiver]), torch.cat([receiver, sender])])
        shifts = {k: torch.cat([self[k], -self[k]]) for k in ("shifts", "unit_shifts")}
        return Batch(self, positions=self["positions"].detach(), edge_index=both, **shifts)
