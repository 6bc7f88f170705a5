"""Irreps, Clebsch–Gordan coefficients and spherical harmonics of e3nn, imported without side effects."""

from __future__ import annotations

import warnings
from functools import cache
from types import ModuleType
from typing import Any

import torch

__all__ = ["coefficients", "harmonics", "irreps", "o3"]

Irrep = tuple[int, int]  # order l and parity, ±1


@cache
def o3() -> ModuleType:
    """Import e3nn.o3; its file of constants holds slices, which torch loads only if declared safe."""
    with warnings.catch_warnings(), torch.serialization.safe_globals([slice]):
        warnings.simplefilter("ignore")
        from e3nn import o3 as module
    return module


def irreps(first: Irrep, second: Irrep) -> list[Irrep]:
    """Irreps in the product of two irreps: |l₁ − l₂| ≤ l ≤ l₁ + l₂, parities multiplied."""
    irrep = o3().Irrep
    return [(ir.l, ir.p) for ir in irrep(*first) * irrep(*second)]


@cache
def coefficients(first: int, second: int, third: int) -> torch.Tensor:
    """√(2l₃+1) times Wigner's 3j symbols in e3nn's real basis, (2l₁+1, 2l₂+1, 2l₃+1), float64."""
    return o3().wigner_3j(first, second, third, dtype=torch.float64) * (2 * third + 1) ** 0.5


def harmonics(l_max: int, directions: torch.Tensor) -> torch.Tensor:
    """Spherical harmonics of (p, 3) unit vectors, (p, (l_max+1)²), |Y_l|² = 2l+1."""
    spherical: Any = o3().spherical_harmonics
    return spherical(list(range(l_max + 1)), directions, normalize=False, normalization="component")
