"""An interaction layer turns as its features do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from mlffbench.potentials.networks import e3nn_wrapper
from mlffbench.potentials.networks.convolution import rows_of
from mlffbench.potentials.networks.nequip_interaction import Interaction
from mlffbench.potentials.networks.seeding import fixed_seed

DIRECTIONS = [(0, 1), (1, -1), (2, 1)]
BOTH_PARITIES = [*DIRECTIONS, (0, -1), (1, 1), (2, -1)]


@pytest.mark.parametrize("kinds", [DIRECTIONS, BOTH_PARITIES])
@pytest.mark.parametrize("sign", [1, -1])
def test_features_turn_with_wigners_matrices(kinds: list[tuple[int, int]], sign: int, o3: Any) -> None:
    """A layer of rotated, and reflected, inputs is the rotated layer: D(R) on the rows of each atom."""
    with fixed_seed(0):
        layer = Interaction(
            kinds, DIRECTIONS, kinds, channels=3, n_elements=2, n_basis=4, neighbours=3.0
        ).double()  # fmt: skip
    matrix = sign * Rotation.random(rng=np.random.default_rng(5)).as_matrix()
    vectors = torch.nn.functional.normalize(torch.randn(12, 3, dtype=torch.float64))
    x = torch.randn(4, rows_of(kinds)[-1].stop, 3, dtype=torch.float64)
    rest = (torch.rand(12, 4, dtype=torch.float64), torch.tensor([0, 1, 1, 0]))
    pairs = torch.randint(4, (2, 12))
    turn = torch.tensor(matrix)
    D = o3.Irreps([(1, k) for k in kinds]).D_from_matrix(turn.float()).double()
    before = layer(x, e3nn_wrapper.harmonics(2, vectors), *rest, *pairs)
    after = layer(D @ x, e3nn_wrapper.harmonics(2, vectors @ turn.T), *rest, *pairs)
    assert before.abs().mean() > 0.1
    torch.testing.assert_close(after, D @ before, rtol=1e-4, atol=1e-4)  # e3nn turns in float32
