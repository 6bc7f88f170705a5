"""Predictions of small structures whose shapes repeat, as captured graphs: dynamics, relaxations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from mlffbench.data import Labels
from mlffbench.descriptors.graph import Graph, labels
from mlffbench.system.cuda_graph import CapturedFunction

__all__ = ["CapturedPrediction", "padded"]

MOST_ATOMS = 4096  # of a graph that is captured: larger ones keep the device busy without
SPARE = 4  # padding atoms at least


class CapturedPrediction:
    """Energies, forces and stresses of graphs by a function that is replayed where shapes repeat.

    Parameters
    ----------
    function : callable
        Graph -> energies (n_frames,), forces (n, 3) and stresses (n_frames, 6), as of `with_forces`. It waits
        for nothing.
    cutoff : float
        Å; pairs farther apart contribute nothing.
    device : str or torch.device
    """

    def __init__(
        self,
        function: Callable[[Graph], tuple[torch.Tensor, ...]],
        cutoff: float,
        device: str | torch.device,
    ) -> None:
        self.function, self.cutoff = function, cutoff
        self.captured: CapturedFunction[Graph] = CapturedFunction(
            function, torch.device(device), "the prediction"
        )

    def __call__(self, graph: Graph) -> tuple[torch.Tensor, ...]:
        """The function's values, those of the padding removed."""
        if not self.captured.captures or len(graph.numbers) > MOST_ATOMS:
            return self.function(graph)
        energy, forces, stress = self.captured(padded(graph, self.cutoff))
        return energy[: graph.n_frames], forces[: len(graph.numbers)], stress[: graph.n_frames]

    def labels(self, graph: Graph) -> Labels:
        """The values as labels."""
        return labels(graph, *self(graph))


def padded(graph: Graph, cutoff: float) -> Graph:
    """The graph with a last frame of padding atoms, and its pairs filled up to one of few numbers.

    A padding atom is a neighbour of its own image at two cutoffs, so that all derivatives are finite. There
    is one for every eight atoms: none has more pairs than the others have on average.
    """
    n, p = len(graph.numbers), len(graph.source)
    atoms, pairs = max(SPARE, -(-n // 8)), _rounded_up(p + 1) - p
    own = n + torch.arange(pairs, device=graph.source.device) % atoms
    cell = 2 * cutoff * torch.eye(3, dtype=graph.cells.dtype, device=graph.cells.device)
    last: dict[str, Any] = {
        "numbers": graph.numbers[:1].expand(atoms),
        "positions": graph.positions.new_zeros(atoms, 3),
        "cells": cell[None],
        "periodic": graph.periodic.new_zeros(1),
        "frame": graph.frame.new_full((atoms,), graph.n_frames),
        "source": own,
        "target": own,
        "shifts": torch.eye(1, 3, dtype=graph.shifts.dtype, device=graph.shifts.device).expand(pairs, 3),
    }
    return Graph(**{name: torch.cat([getattr(graph, name), end]) for name, end in last.items()})


def _rounded_up(n: int) -> int:
    """The least m·2^k that is not below n, with m from 8 to 16: at most an eighth more."""
    step = 1 << max(0, n.bit_length() - 4)
    return -(-n // step) * step
