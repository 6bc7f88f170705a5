"""The convolution over padded neighbours against e3nn's tensor product and a scatter."""

from __future__ import annotations

from typing import Any

import torch
from example_mace import mixed, untrained

from mlffbench.potentials.mace.convolution import NeighbourConvolution, PaddedNeighbours, is_convertible
from mlffbench.potentials.mace.library import mace, session


def test_matrix_products_give_the_sum_over_pairs() -> None:
    """Atoms with three, two, one and no neighbours."""
    module: Any = untrained(mixed(), [1, 6, 8], {"max_L": 1, "max_ell": 2})[0]
    theirs = module.interactions[1].conv_tp
    assert is_convertible(theirs)
    assert not is_convertible(torch.nn.Linear(1, 1))
    with session(torch.float64):
        ours = NeighbourConvolution(theirs, mace().wigner_3j, PaddedNeighbours())
    edges = torch.tensor([[1, 2, 0, 0, 3, 3], [0, 0, 1, 2, 1, 0]])  # sender, receiver
    nodes, harmonics, radial = (
        torch.randn(n, d, dtype=torch.float64)
        for n, d in ((4, theirs.irreps_in1.dim), (6, theirs.irreps_in2.dim), (6, theirs.weight_numel))
    )
    messages = theirs(nodes[edges[0]], harmonics, radial)
    expected = messages.new_zeros(4, messages.shape[1]).index_add(0, edges[1], messages)
    torch.testing.assert_close(ours(nodes, harmonics, radial, edges), expected, rtol=1e-10, atol=1e-10)
