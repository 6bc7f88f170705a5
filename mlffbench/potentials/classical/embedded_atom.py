"""The embedded-atom energy: truncated cubes for pairs and densities, and an embedding of their sums."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch

from mlffbench.descriptors.graph import Graph

__all__ = ["Tables", "cubes", "embedding", "energies", "knots_of"]

SOFT = 0.02  # eV: √(ρ + SOFT²) has a derivative where nobody is near
WALL = 50.0  # eV, of the wall at r = 0


@dataclass(frozen=True)
class Tables:
    """All tensors, by atomic number; a pair's entries are 0 (knots 1) where training never showed it.

    Attributes
    ----------
    pair_knots, pair : (z, z, k) ends of the cubes in Å, and their coefficients in eV
    density_knots, density : (z, z, l) the same of [centre, neighbour], coefficients in eV²
    near : (z, z) Å, the smallest distance of training, below which the wall stands
    curvature : (z,) b, 1/eV³
    """

    pair_knots: torch.Tensor
    pair: torch.Tensor
    density_knots: torch.Tensor
    density: torch.Tensor
    near: torch.Tensor
    curvature: torch.Tensor

    def to(self, device: torch.device) -> Tables:
        return Tables(*(getattr(self, f.name).to(device) for f in fields(self)))


def energies(tables: Tables, graph: Graph) -> torch.Tensor:
    """Energies of frames, (n_frames,) eV; `graph` has one direction of every pair."""
    r = graph.vectors.norm(dim=1)
    one, other = graph.numbers[graph.source], graph.numbers[graph.target]
    pair = (cubes(r, tables.pair_knots[one, other])[0] * tables.pair[one, other]).sum(dim=1)
    near = tables.near[one, other]
    pair = pair + WALL * (1 - r / near.clamp(min=1e-6)).clamp(min=0.0) ** 3 * (near > 0)
    shape = cubes(r, tables.density_knots[one, other])[0]
    rho = torch.zeros_like(graph.positions[:, 0])
    rho = rho.index_add(0, graph.source, (shape * tables.density[one, other]).sum(dim=1))
    rho = rho.index_add(0, graph.target, (shape * tables.density[other, one]).sum(dim=1))
    atoms = embedding(rho, tables.curvature[graph.numbers])[0]
    return graph.sum_atoms(atoms.index_add(0, graph.source, pair))


def cubes(r: torch.Tensor, knots: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(1 − r/r_k)³ where r < r_k, else 0, and its derivative by r, (p, k): two continuous derivatives."""
    x = (1 - r[:, None] / knots).clamp(min=0.0)
    return x**3, -3 * x**2 / knots


def embedding(rho: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """F = s − √(ρ + s²) + b ρ² with its first two derivatives, (n,)."""
    root = torch.sqrt(rho + SOFT**2)
    return SOFT - root + b * rho**2, 2 * b * rho - 0.5 / root, 2 * b + 0.25 / root**3


def knots_of(distances: np.ndarray, cutoff: float, n: int) -> np.ndarray:
    """Ends of n cubes, Å: midway between evenly and as dense as distances, each counted by 1/r²."""
    ordered = np.sort(distances)
    weights = np.cumsum(ordered**-2.0)
    shares = (np.arange(n) + 0.8) / n
    dense = np.interp(shares, weights / weights[-1], ordered)
    knots = (dense + ordered[0] + shares * (cutoff - ordered[0])) / 2
    knots[-1] = cutoff
    return knots
