"""The convolution over padded neighbours against e3nn's tensor product and a scatter, and its derivatives."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from example_mace import mixed, untrained

from mlffbench.potentials.mace.assembly import assemble
from mlffbench.potentials.mace.batch import Batch
from mlffbench.potentials.mace.convolution import CHUNK, NeighbourConvolution, is_convertible
from mlffbench.potentials.mace.library import mace, session


def example(sizes: dict[str, int], frame: int) -> tuple[Any, NeighbourConvolution, Batch]:
    module, graphs, _ = untrained(mixed(), [1, 6, 8], {"num_channels": 2, "cutoff": 1.8} | sizes)
    theirs = module.interactions[1].conv_tp  # type: ignore[index, union-attr]
    with session(torch.float64):
        ours = NeighbourConvolution(theirs, mace().wigner_3j)
    torch.manual_seed(0)
    return theirs, ours, assemble(graphs, [frame])


def random_inputs(tensor_product: Any, batch: Batch) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Features by atom, harmonics by slot, and radial weights by pair, zero for a pair beyond the cutoff."""
    n, width = len(batch.positions), batch.width
    components = tensor_product.irreps_in1.dim // 2
    shapes = ((n, components, 2), (n * width, tensor_product.irreps_in2.dim))
    nodes, harmonics = (torch.randn(*s, dtype=torch.float64, requires_grad=True) for s in shapes)
    radial = torch.randn(len(batch.shifts), tensor_product.weight_numel, dtype=torch.float64)
    radial[batch.shifts.norm(dim=1) > 0] = 0.0
    return nodes, harmonics, radial.requires_grad_()


@pytest.mark.parametrize("chunk", [1, 2**20])
def test_matrix_products_give_the_sum_over_pairs(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Atoms with different numbers of neighbours, one at a time and all at once."""
    monkeypatch.setitem(CHUNK, "cpu", chunk)
    theirs, ours, batch = example({"max_L": 1, "max_ell": 2}, 0)
    assert is_convertible(theirs)
    assert not is_convertible(torch.nn.Linear(1, 1))
    nodes, harmonics, radial = random_inputs(theirs, batch)
    lists = batch.neighbours
    assert len(set(torch.bincount(lists.pair).tolist())) > 1  # empty slots
    flat = torch.cat([part.mT.flatten(1) for part in nodes.split([1, 3], dim=1)], dim=1)
    messages = theirs(flat[lists.sender], harmonics, radial[lists.pair])
    sums = messages.unflatten(0, (len(nodes), -1)).sum(dim=1)
    for order, computed in ours(nodes, harmonics, radial, lists).items():
        paths = [
            sums[:, s].view(len(nodes), 2, -1).mT
            for s, (_, ir) in zip(theirs.irreps_out.slices(), theirs.irreps_out, strict=True)
            if ir.l == order
        ]
        torch.testing.assert_close(computed, torch.cat(paths, dim=2), rtol=1e-10, atol=1e-10)


def test_second_derivatives_are_those_of_finite_differences() -> None:
    """By features, harmonics and radial weights, in float64."""
    theirs, ours, batch = example({"max_L": 1, "max_ell": 1}, 0)
    lists = batch.neighbours
    value = lambda h, y, r: tuple(ours(h, y, r * inside, lists).values())
    nodes, harmonics, radial = random_inputs(theirs, batch)
    inside = (radial.detach() != 0).double()
    assert torch.autograd.gradcheck(value, (nodes, harmonics, radial), fast_mode=True)
    assert torch.autograd.gradgradcheck(value, (nodes, harmonics, radial), fast_mode=True)
