"""The contraction over distinct monomials against mace-torch's own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from example_mace import mixed, untrained

from mlffbench.potentials.mace.symmetric_contraction import MonomialContraction


@pytest.mark.parametrize("sizes", [{"max_L": 0, "correlation": 2}, {"max_L": 2, "correlation": 3}], ids=str)
def test_monomials_give_mace_torchs_contraction(sizes: dict[str, int]) -> None:
    """For atoms of three elements in mixed order, one element absent."""
    module: Any = untrained(mixed(), [1, 6, 8], sizes)[0]
    theirs = module.products[0].symmetric_contractions
    ours = MonomialContraction(theirs)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    components = theirs.contractions[0].U_tensors(1).shape[-2]
    features = torch.randn(5, 4, components, dtype=torch.float64)
    species = torch.eye(3, dtype=torch.float64)[[2, 0, 2, 0, 0]]
    expected = theirs(features, species)
    assert expected.abs().mean() > 1e-3
    torch.testing.assert_close(ours(features, species), expected, rtol=1e-10, atol=1e-10)
