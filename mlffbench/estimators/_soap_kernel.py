"""The kernel of SOAP vectors, its derivative rows, and the regularised least squares that both kernel models solve."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench import progress
from mlffbench.data import Labels
from mlffbench.descriptors._power_spectrum import Basis, density, pair_gradient, prefactor, spectra
from mlffbench.descriptors.soap import checked_basis
from mlffbench.graph import Graph, build

__all__ = ["Environments", "Kernel", "WhitenedLeastSquares", "describe", "energies", "energy_rows", "farthest", "gradient_rows"]

ELEMENTS = 4_000_000  # of a temporary: 32 MB in double precision
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


@dataclass(frozen=True)
class Environments:
    """The atoms of a graph: densities (n, n_channels, lm), unit SOAP vectors (n, n_features), their norms (n,)."""

    density: torch.Tensor
    unit: torch.Tensor
    norm: torch.Tensor


def describe(graph: Graph, basis: Basis, vectors: torch.Tensor | None = None) -> Environments:
    """Each atom's SOAP vector over its length.

    A feature that stands for two entries of the symmetric spectrum counts √2, so that x·x' sums over all
    entries, as in the overlap integral, and is never negative.
    """
    c = density(graph, basis, vectors)
    p = spectra(c, basis) * basis.multiplicity.to(c)
    norm = p.norm(dim=1)
    return Environments(c, p / norm[:, None], norm)


@dataclass(frozen=True)
class Kernel:
    """k(x, x') = (x̂·x̂')^ζ between atoms of the same element, and the points it is evaluated at.

    Columns of every matrix run over the points of all elements, in the order of `points`.
    """

    basis: Basis
    zeta: float
    points: Mapping[int, torch.Tensor]  # atomic number -> (m, n_features), unit vectors

    @cached_property
    def columns(self) -> dict[int, slice]:
        """The columns that belong to each element."""
        ends = torch.tensor([len(p) for p in self.points.values()]).cumsum(0).tolist()
        starts = [0, *ends[:-1]]
        return {z: slice(a, b) for z, a, b in zip(self.points, starts, ends, strict=True)}

    def __len__(self) -> int:
        return sum(len(p) for p in self.points.values())

    def among(self, number: int) -> torch.Tensor:
        """K between the points of an element, (m, m)."""
        return (self.points[number] @ self.points[number].T) ** self.zeta

    def local(self, graph: Graph, unit: torch.Tensor) -> Iterator[tuple[int, torch.Tensor, torch.Tensor]]:
        """For each element its atoms (indices) and their kernel with its points."""
        for number, points in self.points.items():
            atoms = torch.nonzero(graph.numbers == number).flatten()
            yield number, atoms, (unit[atoms] @ points.T) ** self.zeta


def energies(graph: Graph, unit: torch.Tensor, kernel: Kernel, weights: torch.Tensor) -> torch.Tensor:
    """E = Σ_i Σ_m w_m k(x_i, x_m) of each frame."""
    local = unit.new_zeros(len(graph.numbers))
    for number, atoms, k in kernel.local(graph, unit):
        local = local.index_add(0, atoms, k @ weights[kernel.columns[number]])
    return graph.sum_atoms(local)


def energy_rows(graph: Graph, unit: torch.Tensor, kernel: Kernel) -> torch.Tensor:
    """Σ_i k(x_i, x_m) of each frame, (n_frames, n_points)."""
    rows = unit.new_zeros(graph.n_frames, len(kernel))
    for number, atoms, k in kernel.local(graph, unit):
        rows[:, kernel.columns[number]].index_add_(0, graph.frame[atoms], k)
    return rows


def gradient_rows(
    graph: Graph, environments: Environments, kernel: Kernel, stress: bool
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Forces −Σ_i ∂k(x_i, x_m)/∂r, (n_atoms, 3, n_points), and the stresses (n_frames, 6, n_points) if asked."""
    forces = environments.unit.new_zeros(len(graph.numbers), 3, len(kernel))
    virial = environments.unit.new_zeros(graph.n_frames, 6, len(kernel)) if stress else None
    vectors = graph.vectors
    for centre, points in kernel.points.items():
        column = kernel.columns[centre]
        for channel in range(len(kernel.basis.numbers)):
            folded = _folded(points, channel, kernel.basis)
            for pairs in _pairs_of(graph, centre, kernel.basis.numbers[channel], len(points) + folded.shape[1]):
                rows = _pair_rows(graph, environments, kernel, points, folded, pairs, vectors)
                forces[..., column].index_add_(0, graph.source[pairs], rows)
                forces[..., column].index_add_(0, graph.target[pairs], -rows)
                if virial is not None:
                    strained = _strained(vectors[pairs], rows)
                    virial[..., column].index_add_(0, graph.frame[graph.source[pairs]], strained)
    if virial is not None:
        virial /= torch.where(graph.periodic, torch.linalg.det(graph.cells).abs(), torch.inf)[:, None, None]
    return forces, virial


def _pairs_of(graph: Graph, centre: int, neighbour: int, width: int) -> Iterator[torch.Tensor]:
    """The pairs from one element to another, few enough at a time."""
    here = (graph.numbers[graph.source] == centre) & (graph.numbers[graph.target] == neighbour)
    pairs = torch.nonzero(here).flatten()
    return (chunk for chunk in pairs.split(max(1, ELEMENTS // (3 * width))) if len(chunk))


def _folded(points: torch.Tensor, channel: int, basis: Basis) -> torch.Tensor:
    """The entries (l, a, b) of the points that a neighbour's element takes part in, (m, l·a·b)."""
    a = slice(channel * basis.n_max, (channel + 1) * basis.n_max)
    columns = basis.feature[:, a].flatten().to(points.device)
    return points[:, columns] / basis.multiplicity.to(points)[columns]


def _pair_rows(
    graph: Graph,
    environments: Environments,
    kernel: Kernel,
    points: torch.Tensor,
    folded: torch.Tensor,
    pairs: torch.Tensor,
    vectors: torch.Tensor,
) -> torch.Tensor:
    """∂k(x_i, x_m)/∂r_ij of pairs, (p, 3, m): ζ (x̂_i·x̂_m)^{ζ−1} (dx·x̂_m − (dx·x̂_i)(x̂_i·x̂_m))/|x_i|."""
    basis, source = kernel.basis, graph.source[pairs]
    spectrum = _spectrum_gradient(vectors[pairs], environments.density[source], basis)
    channel = int(basis.channels(graph.numbers[graph.target[pairs[:1]]]))
    own = _folded(environments.unit[source], channel, basis)
    along_own = (spectrum @ own[:, :, None])[..., 0]  # dx·x̂_i, (p, 3)
    atoms, place = source.unique(return_inverse=True)
    cosine = environments.unit[atoms] @ points.T
    slope = kernel.zeta * cosine ** (kernel.zeta - 1) / environments.norm[atoms, None]
    rows = (spectrum.flatten(0, 1) @ folded.T).view(len(pairs), 3, -1)
    return rows.sub_(along_own[..., None] * cosine[place, None]).mul_(slope[place, None])


def _spectrum_gradient(vectors: torch.Tensor, c: torch.Tensor, basis: Basis) -> torch.Tensor:
    """∂p_ab/∂r_ij at the entries of `_folded`, both orders of (a, b) in one: (p, 3, l·a·b)."""
    gradient = pair_gradient(vectors, basis)  # (p, 3, n_max, lm)
    blocks = gradient.new_empty(len(c), 3, basis.l_max + 1, basis.n_max, basis.n_channels)
    for l, part in enumerate(basis.degrees):
        product = gradient[..., part].flatten(1, 2) @ c[..., part].mT
        blocks[:, :, l] = product.view(len(c), 3, basis.n_max, -1).mul_(2 * prefactor(l))
    return blocks.flatten(2)


def _strained(vectors: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """r ⊗ ∂k/∂r, symmetric, in Voigt order: (p, 6, m)."""
    half = [0.5 * (vectors[:, i, None] * rows[:, j] + vectors[:, j, None] * rows[:, i]) for i, j in VOIGT]
    return torch.stack(half, dim=1)


class WhitenedLeastSquares:
    """min_w ‖Λ^{-½}(y − K w)‖² + wᵀ K_mm w / δ², batch by batch, without ever forming Kᵀ K.

    With K_mm = L Lᵀ and B = Λ^{-½} K L^{-T}, the unknown v = Lᵀ w has the normal equations
    (1 + δ² BᵀB) v = δ² Bᵀ Λ^{-½} y, whose condition is that of the data, not the square of the kernel's.

    Parameters
    ----------
    factors : list of (m_s, m_s) tensors
        L of each diagonal block of K_mm.
    """

    def __init__(self, factors: list[torch.Tensor]) -> None:
        self.factors = factors
        size = sum(len(f) for f in factors)
        self.gram = factors[0].new_zeros(size, size)
        self.projection = factors[0].new_zeros(size)
        self.square = 0.0  # yᵀ Λ⁻¹ y
        self.count = 0

    def add(self, rows: torch.Tensor, targets: torch.Tensor, noise: torch.Tensor | float) -> None:
        """Rows (r, m) of K, their targets (r,) and the standard deviation of their noise."""
        scale = torch.as_tensor(noise, dtype=rows.dtype, device=rows.device).expand(len(rows))
        b, y = self.whiten(rows / scale[:, None]), targets / scale
        self.gram.addmm_(b.T, b)
        self.projection.addmv_(b.T, y)
        self.square += float(y @ y)
        self.count += len(y)

    def whiten(self, rows: torch.Tensor) -> torch.Tensor:
        """K L^{-T}."""
        parts = rows.split([len(f) for f in self.factors], dim=1)
        solve = torch.linalg.solve_triangular
        return torch.cat([solve(f, k.T, upper=False).T for f, k in zip(self.factors, parts, strict=True)], dim=1)

    def unwhiten(self, v: torch.Tensor) -> torch.Tensor:
        """w = L^{-T} v."""
        parts = v.split([len(f) for f in self.factors])
        solve = torch.linalg.solve_triangular
        return torch.cat([solve(f.T, x[:, None], upper=True)[:, 0] for f, x in zip(self.factors, parts, strict=True)])

    def factor(self, variance: float) -> torch.Tensor:
        """The Cholesky factor of 1 + δ² BᵀB."""
        matrix = variance * self.gram
        matrix.diagonal().add_(1.0)
        return torch.linalg.cholesky(matrix)

    def solve(self, variance: float) -> tuple[torch.Tensor, torch.Tensor]:
        """The weights w, and the Cholesky factor they came from."""
        factor = self.factor(variance)
        v = variance * torch.cholesky_solve(self.projection[:, None], factor)[:, 0]
        return self.unwhiten(v), factor

    def log_evidence(self, variance: float) -> float:
        """log p(y | δ²) of the Gaussian process, up to terms without δ²."""
        factor = self.factor(variance)
        half = torch.linalg.solve_triangular(factor, self.projection[:, None], upper=False)[:, 0]
        misfit = self.square - variance * float(half @ half)
        return -0.5 * misfit - float(factor.diagonal().log().sum())


def stable_factor(matrix: torch.Tensor, jitter: float = 1e-10) -> torch.Tensor:
    """The Cholesky factor of K + εI, ε a tiny part of the mean diagonal, larger only where that fails."""
    scale = float(matrix.diagonal().mean())
    for size in (jitter, 100 * jitter, 1e4 * jitter):
        shifted = matrix.clone()
        shifted.diagonal().add_(size * scale)
        factor, failed = torch.linalg.cholesky_ex(shifted)
        if not failed:
            return factor
    raise ValueError(
        "the kernel matrix is not positive definite even with a millionth of its diagonal added; "
        "are there many equal structures, or is sigma very large? Use fewer points or a larger zeta"
    )


def farthest(points: torch.Tensor, n: int, tolerance: float = 1e-7) -> torch.Tensor:
    """Indices of up to n unit vectors, each the farthest from those before; the first is the least typical.

    Stops where every point left is nearer than `tolerance` to one that was taken.
    """
    score = 1 - points @ torch.nn.functional.normalize(points.mean(dim=0), dim=0)
    chosen = [int(score.argmax())]
    distance = torch.full_like(score, torch.inf)
    while len(chosen) < min(n, len(points)):
        distance = torch.minimum(distance, 1 - points @ points[chosen[-1]])
        next_ = int(distance.argmax())
        if distance[next_] <= tolerance**2:
            break
        chosen.append(next_)
    return torch.tensor(chosen, device=points.device)


def self_kernel(graph: Graph, unit: torch.Tensor, kernel: Kernel) -> torch.Tensor:
    """Σ_ij k(x_i, x_j) within each frame, (n_frames,)."""
    total = unit.new_zeros(graph.n_frames)
    for number in kernel.points:
        atoms = torch.nonzero(graph.numbers == number).flatten()
        for f in graph.frame[atoms].unique().tolist():
            x = unit[atoms[graph.frame[atoms] == f]]
            total[f] += ((x @ x.T) ** kernel.zeta).sum()
    return total


def add_frames(
    problem: WhitenedLeastSquares,
    kernel: Kernel,
    frames: Sequence[Atoms],
    labels: Labels,
    noise: Mapping[str, float],
    batch_size: int,
    device: str,
    fold: Callable[[torch.Tensor], torch.Tensor] = lambda rows: rows,
) -> None:
    """Give the rows of every label there is to `problem`; `fold` maps columns of points to its unknowns."""
    for start, batch in zip(range(0, len(frames), batch_size), graphs(frames, kernel.basis, batch_size, device), strict=True):
        part = labels[start : start + batch_size]
        for rows, targets, deviation in _rows(batch, part, kernel, noise):
            problem.add(fold(rows), targets, deviation)
        progress.report("fit", min(start + batch_size, len(frames)), len(frames))


def _rows(
    batch: Graph, labels: Labels, kernel: Kernel, noise: Mapping[str, float]
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor | float]]:
    """Rows, targets and noise of the energies, then of the forces and stresses that are there."""
    environments = describe(batch, kernel.basis)
    real = lambda values: torch.as_tensor(values, dtype=torch.float64, device=batch.positions.device)  # noqa: E731
    sizes = torch.bincount(batch.frame, minlength=batch.n_frames)
    yield energy_rows(batch, environments.unit, kernel), real(labels.energy), noise["energy"] * sizes.sqrt()
    with_stress = labels.stress is not None and "stress" in noise
    if labels.forces is None and not with_stress:
        return
    forces, stress = gradient_rows(batch, environments, kernel, with_stress)
    if labels.forces is not None:
        there = [i for i, f in enumerate(labels.forces) if f is not None]
        atoms = torch.isin(batch.frame, torch.tensor(there, device=batch.frame.device))
        targets = np.concatenate([labels.forces[i] for i in there])
        yield forces[atoms].flatten(0, 1), real(targets).flatten(), noise["forces"]
    if stress is not None and labels.stress is not None:
        there = [i for i, s in enumerate(labels.stress) if s is not None and bool(batch.periodic[i])]
        if there:
            targets = np.concatenate([labels.stress[i] for i in there])
            yield stress[there].flatten(0, 1), real(targets), noise["stress"]


def graphs(frames: Sequence[Atoms], basis: Basis, batch_size: int, device: str) -> Iterator[Graph]:
    """The frames a batch at a time."""
    for start in range(0, len(frames), batch_size):
        yield build(frames[start : start + batch_size], basis.radius, device=device)


def unit_vectors(
    frames: Sequence[Atoms], basis: Basis, keep: np.ndarray, batch_size: int, device: str
) -> torch.Tensor:
    """Unit SOAP vectors of the atoms to keep, in the order of the frames."""
    found, start = [], 0
    for batch in graphs(frames, basis, batch_size, device):
        stop = start + len(batch.numbers)
        found.append(describe(batch, basis).unit[torch.as_tensor(keep[start:stop])])
        start = stop
    return torch.cat(found)


def concatenate(parts: Sequence[Labels]) -> Labels:
    """The labels of all batches as one."""
    whole = lambda name: tuple(v for p in parts for v in (getattr(p, name) or (None,) * len(p)))  # noqa: E731
    std = [p.energy_std for p in parts if p.energy_std is not None]
    energy = np.concatenate([p.energy for p in parts])
    return Labels(energy, whole("forces"), whole("stress"), np.concatenate(std) if std else None)


def basis_of(model: Any, frames: Sequence[Atoms]) -> Basis:
    """The smooth basis that a model's parameters name, for the elements of the frames."""
    if not model.zeta >= 1:
        raise ValueError(f"zeta must be at least 1, for forces to exist; got {model.zeta}")
    numbers = {int(z) for a in frames for z in a.numbers}
    return checked_basis(numbers, model.cutoff, model.n_max, model.l_max, model.sigma, smooth=True)


def check_positive(model: Any, *names: str) -> None:
    """Refuse a parameter that must be larger than zero."""
    for name in names:
        if not getattr(model, name) > 0:
            raise ValueError(f"{name} must be larger than 0; got {getattr(model, name)}")
