"""Prepared frames: batches for an evaluation, and smaller ones where memory runs out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from sklearn.utils import gen_batches

from mlffbench.potentials.mace.assembly import assemble, least_shape
from mlffbench.potentials.mace.batch import Batch
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.memory import atoms_of_batch
from mlffbench.potentials.mace.shapes import rounded_up
from mlffbench.potentials.networks.batches import consecutive_groups
from mlffbench.system.cuda_graph import captures

__all__ = ["Inputs"]


@dataclass(frozen=True)
class Inputs:
    """Frames in groups of consecutive ones, and the batch of each group."""

    graphs: Graphs
    groups: list[list[int]]
    batches: list[Batch]

    @classmethod
    def of(cls, graphs: Graphs, module: torch.nn.Module) -> Inputs:
        """Groups as large as the module's memory allows on the graphs' device."""
        groups = consecutive_groups([s.n for s in graphs.shapes], atoms_of_batch(module, graphs))
        return cls(graphs, groups, [_batch(graphs, group) for group in groups])

    def parts(self, number: int, n: int) -> list[Batch]:
        """The batch of a group, or those of n of about as many of its frames."""
        group = self.groups[number]
        if n == 1 or len(group) == 1:
            return [self.batches[number]]
        slices = gen_batches(len(group), -(-len(group) // n))
        return [_batch(self.graphs, group[part]) for part in slices]


def _batch(graphs: Graphs, group: list[int]) -> Batch:
    """A batch whose number of pairs is rounded up where evaluations are captured: MD changes it little."""
    shape = rounded_up(least_shape(graphs, group)) if captures(graphs.device) else None
    return assemble(graphs, group, shape)
