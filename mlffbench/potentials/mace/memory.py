"""Atoms that are evaluated together: as many as memory takes on a GPU, as a cache holds on a CPU."""

from __future__ import annotations

from typing import Any

import torch

from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.network import FusedMACE
from mlffbench.system.batch_size import free_bytes

__all__ = ["atoms_of_batch", "bytes_per_atom"]

ON_CPU = 400  # atoms; fewer and more take longer per atom
SHARE = 0.4  # of the device's free memory; the rest is for fragments and for other graphs
MOST = 100_000  # atoms; more do not run faster
DENSE, SPARSE = 12, 2  # tensors of the size of a contraction's table, in mace-torch's and NVIDIA's layers


def atoms_of_batch(module: torch.nn.Module, graphs: Graphs) -> int:
    """Number of atoms of these frames that are evaluated together, with forces."""
    if graphs.device.type != "cuda":
        return ON_CPU
    free = free_bytes(graphs.device)
    width = max((shape.width for shape in graphs.shapes), default=1)
    return max(1, min(MOST, int(SHARE * free / bytes_per_atom(module, width))))


def bytes_per_atom(module: Any, width: int) -> int:
    """Most memory of an evaluation with forces, by the sizes of its largest tensors.

    Parameters
    ----------
    module
    width : int
        Neighbours of an atom.
    """
    first = module.interactions[0]
    size, channels = next(module.parameters()).element_size(), first.hidden_irreps[0].mul
    if isinstance(module, FusedMACE):
        layers: list[Any] = list(module.layers)
        kept = sum(width * x.n_paths / 2 + x.n_outputs * x.n_components for x in layers)
        convolution = max(width * (1.5 * x.n_paths + x.n_inputs) for x in layers)
        contraction = max(3 * x.n_monomials + 2 * x.n_outputs * (x.n_components + 1) for x in layers)
        return int(size * (channels * (kept + max(convolution, contraction)) + 512 * width))
    components, outputs = (sum(ir.dim for _, ir in x) for x in (first.target_irreps, first.hidden_irreps))
    tables = (
        DENSE if type(module.products[0].symmetric_contractions).__module__.startswith("mace.") else SPARSE
    )
    return int(size * channels * (tables * components**2 * outputs + 16 * width))
