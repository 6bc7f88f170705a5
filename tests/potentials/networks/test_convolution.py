"""The equivariant convolution against group theory and e3nn's own tensor product."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mlffbench.potentials.networks import e3nn_wrapper
from mlffbench.potentials.networks.convolution import Convolution, rows_of

DIRECTIONS = [(0, 1), (1, -1), (2, 1)]
BOTH_PARITIES = [*DIRECTIONS, (0, -1), (1, 1), (2, -1)]


@pytest.mark.parametrize("kinds", [DIRECTIONS, BOTH_PARITIES])
def test_convolution_is_the_sum_over_clebsch_gordan_coefficients(
    kinds: list[tuple[int, int]], o3: Any
) -> None:
    """m_k = w √(2l₃+1) Σ_ij W_ijk x_i Y_j, written out path by path with e3nn's 3j symbols."""
    convolution = Convolution(kinds, DIRECTIONS, kinds)
    x, y, w = (torch.randn(3, *s, dtype=torch.float64) for s in shapes(kinds, convolution))
    found, row, path = convolution(x, y, w), 0, 0
    ins, angles = rows_of(kinds), rows_of(DIRECTIONS)
    for l3, p3 in kinds:
        for i, (l1, p1) in enumerate(kinds):
            for j, (l2, p2) in enumerate(DIRECTIONS):
                if not (abs(l1 - l2) <= l3 <= l1 + l2 and p3 == p1 * p2):
                    continue
                W = o3.wigner_3j(l1, l2, l3, dtype=torch.float64) * (2 * l3 + 1) ** 0.5
                product = torch.einsum("ijk,pic,pj->pkc", W, x[:, ins[i]], y[:, angles[j]])
                expected = product * w[:, path, None]
                torch.testing.assert_close(found[:, row : row + 2 * l3 + 1], expected)
                row, path = row + 2 * l3 + 1, path + 1
    assert (row, path) == (found.shape[1], convolution.n_paths)


def shapes(kinds: list[tuple[int, int]], convolution: Convolution) -> list[tuple[int, ...]]:
    return [(rows_of(kinds)[-1].stop, 4), (9,), (convolution.n_paths, 4)]


def test_convolution_is_e3nns_tensor_product(o3: Any) -> None:
    """``TensorProduct`` with ``uvu`` instructions, whose channels come before the components."""
    channels, convolution = 4, Convolution(DIRECTIONS, DIRECTIONS, DIRECTIONS)
    x, y, w = (torch.randn(6, *s) for s in shapes(DIRECTIONS, convolution))
    wide = o3.Irreps([(channels, ir) for ir in DIRECTIONS])
    outs = o3.Irreps([(channels, ir) for ir in convolution.reached])
    instructions, k = [], 0
    for third in DIRECTIONS:
        for i, first in enumerate(DIRECTIONS):
            for j, second in enumerate(DIRECTIONS):
                if third in e3nn_wrapper.irreps(first, second):
                    instructions.append((i, j, k, "uvu", True))
                    k += 1
    product = o3.TensorProduct(
        wide,
        o3.Irreps([(1, k) for k in DIRECTIONS]),
        outs,
        instructions,
        shared_weights=False,
        internal_weights=False,
    )
    expected = product(flat(x, DIRECTIONS), y, w.flatten(1))
    found = flat(convolution.float()(x, y, w), convolution.reached)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def flat(x: torch.Tensor, kinds: list[tuple[int, int]]) -> torch.Tensor:
    """(p, rows, channels) as e3nn has it: (p, Σ channels · (2l+1)), channels first."""
    return torch.cat([x[:, rows].mT.flatten(1) for rows in rows_of(kinds)], 1)
