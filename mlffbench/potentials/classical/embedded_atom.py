"""Embedded-atom energy: truncated cubes for pairs and densities, and an embedding of the densities' sums."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch

from mlffbench.descriptors.graph import Graph

__all__ = [
    "Tables",
    "cube_knots",
    "densities",
    "embedding",
    "energies",
    "pair_energies",
    "truncated_cubes",
]

SOFT = 0.02  # eV: √(ρ + SOFT²) is differentiable at ρ = 0, for lone atoms
WALL = 50.0  # eV, height of the short-range wall at r = 0
Index = torch.Tensor | int  # atomic numbers: of each pair (p,), or of all


@dataclass(frozen=True)
class Tables:
    """Parameters as tensors by atomic number; pairs that training never showed have entries 0 (knots 1).

    Attributes
    ----------
    pair_knots, pair : (z, z, k) knots of the cubes in Å, and their coefficients in eV
    density_knots, density : (z, z, l) knots in Å and coefficients in eV² of [centre, neighbour]
    r_min : (z, z) Å, the smallest distance of training, where the wall begins
    curvature : (z,) b, 1/eV³
    """

    pair_knots: torch.Tensor
    pair: torch.Tensor
    density_knots: torch.Tensor
    density: torch.Tensor
    r_min: torch.Tensor
    curvature: torch.Tensor

    def to(self, device: torch.device) -> Tables:
        """The tables on a device."""
        return Tables(*(getattr(self, f.name).to(device) for f in fields(self)))


def energies(tables: Tables, graph: Graph) -> torch.Tensor:
    """Energies of frames, (n_frames,) eV; `graph` has every pair in one direction."""
    r = graph.vectors.norm(dim=1)
    one, other = graph.numbers[graph.source], graph.numbers[graph.target]
    rho = torch.zeros_like(graph.positions[:, 0])
    for ends, density in zip((graph.source, graph.target), densities(tables, one, other, r), strict=True):
        rho = rho.index_add(0, ends, density)
    atoms = embedding(rho, tables.curvature[graph.numbers])[0]
    return graph.sum_atoms(atoms.index_add(0, graph.source, pair_energies(tables, one, other, r)))


def pair_energies(tables: Tables, one: Index, other: Index, r: torch.Tensor) -> torch.Tensor:
    """φ(r) of pairs of atomic numbers with the wall below r_min, (p,) eV."""
    cubes = (truncated_cubes(r, tables.pair_knots[one, other])[0] * tables.pair[one, other]).sum(dim=1)
    r_min = tables.r_min[one, other]
    return cubes + WALL * (1 - r / r_min.clamp(min=1e-6)).clamp(min=0.0) ** 3 * (r_min > 0)


def densities(tables: Tables, one: Index, other: Index, r: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """f(r) at the first atom of each pair and at the second, 2 × (p,) eV²; their knots are the same."""
    shape = truncated_cubes(r, tables.density_knots[one, other])[0]
    here, there = ((shape * tables.density[pair]).sum(dim=1) for pair in ((one, other), (other, one)))
    return here, there


def truncated_cubes(r: torch.Tensor, knots: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(1 − r/r_k)³ for r < r_k, else 0, and its derivative by r, (p, k); two derivatives are continuous."""
    x = (1 - r[:, None] / knots).clamp(min=0.0)
    return x**3, -3 * x**2 / knots


def embedding(rho: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Embedding energy F = s − √(ρ + s²) + b ρ² with its first two derivatives, (n,)."""
    root = torch.sqrt(rho + SOFT**2)
    return SOFT - root + b * rho**2, 2 * b * rho - 0.5 / root, 2 * b + 0.25 / root**3


def cube_knots(distances: np.ndarray, cutoff: float, n: int) -> np.ndarray:
    """Knots of n cubes, Å: means of evenly spaced points and quantiles of the distances weighted by 1/r²."""
    ordered = np.sort(distances)
    weights = np.cumsum(ordered**-2.0)
    fractions = (np.arange(n) + 0.8) / n
    quantiles = np.interp(fractions, weights / weights[-1], ordered)
    knots = (quantiles + ordered[0] + fractions * (cutoff - ordered[0])) / 2
    knots[-1] = cutoff
    return knots
