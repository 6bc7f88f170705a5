"""Memory of an evaluation, counted tensor by tensor, against the estimate that sizes the batches."""

from __future__ import annotations

import weakref
from itertools import pairwise
from typing import Any

import pytest
import torch
from ase.build import molecule
from example_mace import untrained
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from mlffbench.potentials.mace.assembly import assemble
from mlffbench.potentials.mace.evaluation import frozen_weights, output
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.memory import bytes_per_atom
from mlffbench.potentials.mace.network import FusedMACE


class Peak(TorchDispatchMode):
    """Most bytes of the tensors that are alive at once."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: dict[int, int] = {}
        self.most = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        results = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(results):
            storage = tensor.untyped_storage() if isinstance(tensor, torch.Tensor) else None
            if storage is not None and storage.data_ptr() not in self.sizes:
                self.sizes[storage.data_ptr()] = storage.nbytes()
                weakref.finalize(storage, self.sizes.pop, storage.data_ptr(), None)
        self.most = max(self.most, sum(self.sizes.values()))
        return results


@pytest.mark.parametrize(
    ("max_L", "max_ell"), [(1, 2), pytest.param(2, 3, marks=pytest.mark.slow)], ids=["small", "paper"]
)
def test_an_evaluation_takes_linear_memory_of_which_a_gpu_has_enough(max_L: int, max_ell: int) -> None:
    """With 256 channels in float64: 1,000 molecules of 15 atoms in 80 GB."""
    frames = [molecule("CH3CH2OH") for _ in range(45)]
    sizes = {"num_channels": 8, "max_L": max_L, "max_ell": max_ell, "correlation": 3, "cutoff": 5.0}
    module, graphs, _ = untrained(frames, [1, 6, 8], sizes)
    with session(torch.float64):
        fused = FusedMACE(module)
    peaks = []
    for n in (15, 30, 45):
        batch = assemble(graphs, range(n))
        with frozen_weights(fused), Peak() as peak:
            output(fused, batch, stress=False)
        peaks.append(peak.most / 9)
    per_atom = [(b - a) / 15 for a, b in pairwise(peaks)]
    limit = bytes_per_atom(fused, batch.width)
    assert 0.3 * limit < max(per_atom) < limit
    channels = 256 / 8
    assert 15_000 * channels * limit < 80e9
    assert bytes_per_atom(module, batch.width) > 3 * limit  # mace-torch's own layers
