"""SOAP kernel between atoms, and its rows: energies, forces and stresses of frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch

from mlffbench.data import VOIGT
from mlffbench.descriptors.graph import volumes
from mlffbench.descriptors.neighbour_density import PlacedGraph
from mlffbench.descriptors.power_spectrum import Basis
from mlffbench.potentials.soap.environments import Environments, numbers_at_once, unit_jacobian

__all__ = [
    "Kernel",
    "energies",
    "energy_rows",
    "gradient_rows",
    "power_excess",
    "self_kernel",
    "virial_rows",
]


@dataclass(frozen=True)
class Kernel:
    """k(x, x') = (x̂·x̂')^ζ between atoms of the same element, and its sparse points.

    A point is A p with few coordinates p on its element's orthonormal axes A: x̂·A p = (Aᵀx̂)·p is then
    cheap, and exact. Columns of every matrix run over the points of all elements, in the order of `points`.
    """

    basis: Basis
    zeta: float
    axes: Mapping[int, torch.Tensor]  # atomic number -> (n_features, d)
    points: Mapping[int, torch.Tensor]  # atomic number -> (m, d)

    @cached_property
    def columns(self) -> dict[int, slice]:
        """Columns of each element's points."""
        ends = torch.tensor([len(p) for p in self.points.values()]).cumsum(0).tolist()
        starts = [0, *ends[:-1]]
        return {z: slice(a, b) for z, a, b in zip(self.points, starts, ends, strict=True)}

    @cached_property
    def centred(self) -> dict[int, tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Mean m of each element's points p, p − m, and |p − m|² + 1 − |p|²."""
        means = {z: p.mean(dim=0) for z, p in self.points.items()}
        squares = {z: ((p - means[z]) ** 2).sum(1) + 1 - (p * p).sum(1) for z, p in self.points.items()}
        return {z: (means[z], p - means[z], squares[z]) for z, p in self.points.items()}

    def __len__(self) -> int:
        return sum(len(p) for p in self.points.values())

    def covariance(self, number: int) -> torch.Tensor:
        """K_mm among the points of an element, (m, m)."""
        return (self.points[number] @ self.points[number].T) ** self.zeta

    def cosines(
        self, graph: PlacedGraph, unit: torch.Tensor
    ) -> Iterator[tuple[int, torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Yield each element, its atoms (indices), their vectors q on the axes, and e = q·p − 1 per point.

        In a crystal a cosine differs from 1 in the fourth digit and weights are large: the difference is
        computed as such, x̂·x̂' − 1 = −|d − d'|²/2 with d from the points' mean, so that energies keep
        their digits.
        """
        for number, (mean, points, squares) in self.centred.items():
            atoms = graph.atoms[number]
            q = unit.index_select(0, atoms) @ self.axes[number]
            d = q - mean
            outside = (d * d).sum(1) + 1 - (q * q).sum(1)
            yield number, atoms, q, d @ points.T - (outside[:, None] + squares) / 2


def power_excess(excess: torch.Tensor, zeta: float) -> torch.Tensor:
    """(1 + e)^ζ − 1; a cosine may round to a little less than 0."""
    if zeta in (1, 2):
        return excess if zeta == 1 else excess * (2 + excess)
    return torch.expm1(zeta * torch.log1p(excess.clamp(min=-1 + 1e-15)))


def energies(graph: PlacedGraph, unit: torch.Tensor, kernel: Kernel, weights: torch.Tensor) -> torch.Tensor:
    """E = Σ_i Σ_m w_m k(x_i, x_m) of each frame, (n_frames,)."""
    local = unit.new_zeros(len(graph.numbers))
    for number, atoms, _, excess in kernel.cosines(graph, unit):
        w = weights[kernel.columns[number]]
        local = local.index_add(0, atoms, power_excess(excess, kernel.zeta) @ w + w.sum())
    return graph.sum_atoms(local)


def energy_rows(environments: Environments, kernel: Kernel) -> torch.Tensor:
    """Σ_i k(x_i, x_m) of each frame, (n_frames, n_points)."""
    graph, unit = environments.graph, environments.unit
    rows = unit.new_zeros(graph.n_frames, len(kernel))
    for number, atoms, _, excess in kernel.cosines(graph, unit):
        local = 1 + power_excess(excess, kernel.zeta)
        rows[:, kernel.columns[number]].index_add_(0, graph.frame[atoms], local)
    return rows


def gradient_rows(
    environments: Environments, kernel: Kernel, stress: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Forces −Σ_i ∂k(x_i, x_m)/∂r, (n_atoms, 3, n_points); if asked, stresses (n_frames, 6, n_points).

    ∂k(x_i, x_m)/∂r_j = ζ (x̂_i·x̂_m)^{ζ−1} ∂(Aᵀx̂_i)/∂r_j · p_m.
    """
    graph, unit = environments.graph, environments.unit
    forces = unit.new_zeros(len(graph.numbers), 3, len(kernel))
    virial = unit.new_zeros(graph.n_frames, 6, len(kernel)) if stress else None
    for number, points in kernel.points.items():
        column = kernel.columns[number]
        axes, on_points = kernel.axes[number], kernel.axes[number] @ points.T
        few = len(points) < axes.shape[1]  # then the way over the axes is the longer one
        jacobian = unit_jacobian(environments, kernel.basis, number, on_points if few else axes)
        atoms = graph.atoms[number]
        place = torch.searchsorted(atoms, jacobian.source)
        cosine = unit[atoms] @ on_points
        derivative = cosine.clamp_(min=0).pow_(kernel.zeta - 1).mul_(kernel.zeta)  # ζ c^{ζ−1}
        for part in torch.arange(len(place), device=unit.device).split(_pairs_at_once(points)):
            rows = jacobian.values[part]
            rows = rows if few else (rows.flatten(0, 1) @ points.T).view(len(part), 3, len(points))
            rows *= derivative[place[part], None]
            forces[..., column].index_add_(0, jacobian.target[part], rows, alpha=-1)
            if virial is not None:
                frame = graph.frame[jacobian.source[part]]
                virial[..., column].index_add_(0, frame, virial_rows(jacobian.vectors[part], rows))
    if virial is not None:
        virial /= volumes(graph)[:, None, None]
    return forces, virial


def _pairs_at_once(points: torch.Tensor) -> int:
    """Pairs whose rows (3, m) fit into a temporary."""
    return max(1, numbers_at_once(points) // (3 * len(points)))


def virial_rows(vectors: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Virial of each pair, the symmetric part of r ⊗ ∂k/∂r in Voigt order: (p, 6, m)."""
    half = [0.5 * (vectors[:, i, None] * rows[:, j] + vectors[:, j, None] * rows[:, i]) for i, j in VOIGT]
    return torch.stack(half, dim=1)


def self_kernel(environments: Environments, kernel: Kernel) -> torch.Tensor:
    """Σ_ij k(x_i, x_j) within each frame, (n_frames,)."""
    graph, total = environments.graph, environments.unit.new_zeros(environments.graph.n_frames)
    for atoms in graph.atoms.values():
        x = _padded_by_frame(environments.unit.index_select(0, atoms), graph.frame[atoms], graph.n_frames)
        # |X Xᵀ|² = |Xᵀ X|²: the smaller of the two
        few = kernel.zeta != 2 or x.shape[1] <= x.shape[2]
        products = torch.bmm(x, x.mT) if few else torch.bmm(x.mT, x)
        total += products.pow_(kernel.zeta).sum(dim=(1, 2))
    return total


def _padded_by_frame(values: torch.Tensor, frame: torch.Tensor, n_frames: int) -> torch.Tensor:
    """Rows of each frame, padded with zeros to the same number: (n_frames, k, n_features)."""
    counts = torch.bincount(frame, minlength=n_frames)
    width = int(counts.max())
    starts = torch.arange(n_frames, device=frame.device) * width - (counts.cumsum(0) - counts)
    place = starts[frame] + torch.arange(len(frame), device=frame.device)
    padded = values.new_zeros(n_frames * width, values.shape[1])
    return padded.index_copy_(0, place, values).view(n_frames, width, values.shape[1])
