"""Kernel ridge regression on SOAP whose representers are energies, force components and stresses.

By the representer theorem E(S) = Σ_T α_T k(S, T) − Σ_Tj β_Tj·∂k(S, T)/∂r_Tj + ..., one weight for each label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors.cache import Cache
from mlffbench.descriptors.neighbour_density import PlacedGraph
from mlffbench.descriptors.power_spectrum import Basis
from mlffbench.potentials.regression.whitened_least_squares import WhitenedLeastSquares, stable_factor
from mlffbench.potentials.soap.derivative_kernel import (
    FrameFeatures,
    Representers,
    frame_features,
    kernel_rows,
)
from mlffbench.potentials.soap.evaluation import Energies, Evaluation
from mlffbench.potentials.soap.kernel import Kernel, power_excess
from mlffbench.potentials.soap.quadratic_form import QuadraticForm
from mlffbench.potentials.soap.sparse_points import principal_axes
from mlffbench.potentials.soap.training_batches import Batches
from mlffbench.system import progress
from mlffbench.system.kept_values import KeptValues

__all__ = ["EXPANSIONS", "Expansion", "LabelWeights", "fit"]

CACHE_BYTES = 1e9  # derivatives of SOAP vectors up to this size are computed once
ROWS = 512  # of the kernel that are whitened together
CANDIDATES = 4000  # environments of an element that its axes are computed from


@dataclass(frozen=True)
class LabelWeights:
    """Weights of squared errors: w_E (dimensionless), w_F (Å²) and w_S (Å⁶)."""

    energy: float
    forces: float
    stress: float

    def deviations(self, atoms: Atoms) -> np.ndarray:
        """1/√w of the energy, the forces and, in a cell, the stresses of a frame."""
        stress = [self.stress] * (6 if atoms.pbc.all() else 0)
        weights = [self.energy, *[self.forces] * (3 * len(atoms)), *stress]
        return np.array(weights) ** -0.5


@dataclass(frozen=True)
class Expansion:
    """The fitted function summed over training atoms m instead of representers.

    E = Σ_i Σ_m a_m (x̂_i·x̂_m)^ζ + ζ (x̂_i·x̂_m)^{ζ−1} x̂_i·A g_m, with the atoms as points of the kernel.
    """

    kernel: Kernel
    energy_weights: Mapping[int, torch.Tensor]  # atomic number -> a (n_points,)
    derivative_weights: Mapping[int, torch.Tensor]  # atomic number -> g (n_points, d)

    @classmethod
    def of(
        cls,
        representers: Representers,
        weights: torch.Tensor,
        basis: Basis,
        zeta: float,
        axes: Mapping[int, torch.Tensor],
    ) -> Expansion:
        """Expand Σ weights · representers on the atoms of their frames."""
        atoms = {z: representers.on_atoms(weights, z) for z in axes}
        return cls(
            Kernel(basis, zeta, axes, {z: q for z, (q, _, _) in atoms.items()}),
            {z: a for z, (_, a, _) in atoms.items()},
            {z: g for z, (_, _, g) in atoms.items()},
        )

    @cached_property
    def energies(self) -> Energies:
        """Energies of frames, (n_frames,) eV, from the unit vectors of their atoms; differentiable."""
        if self.kernel.zeta != 2:
            return self._sums
        return QuadraticForm.of(self.kernel, self.energy_weights, self.derivative_weights).energies

    @cached_property
    def evaluation(self) -> Evaluation:
        """Predictions of the function, with the graphs captured of them."""
        device = next(iter(self.kernel.points.values())).device
        return Evaluation(self.kernel.basis, self.energies, device)

    def _sums(self, graph: PlacedGraph, unit: torch.Tensor) -> torch.Tensor:
        """Energies by the sums over the training atoms."""
        zeta, local = self.kernel.zeta, unit.new_zeros(len(graph.numbers))
        for number, atoms, q, excess in self.kernel.cosines(graph, unit):
            a, g = self.energy_weights[number], self.derivative_weights[number]
            derivative = zeta * (1 + power_excess(excess, zeta - 1)) if zeta != 1 else 1.0
            from_derivatives = (derivative * (q @ g.T)).sum(dim=1)
            local = local.index_add(0, atoms, power_excess(excess, zeta) @ a + a.sum() + from_derivatives)
        return graph.sum_atoms(local)


EXPANSIONS = KeptValues(Expansion)  # of fitted models


def fit(
    batches: Batches,
    zeta: float,
    alpha: float,
    label_weights: LabelWeights,
    n_representers: int,
    rng: np.random.Generator,
) -> tuple[torch.Tensor, Expansion]:
    """Weights of the representers (m,), and the function they make.

    All labels are targets; with more labels than `n_representers`, random ones carry the function.
    """
    axes = _axes(batches, rng)
    features = _TrainingFeatures(batches, axes)
    frames, labels, ends = batches.frames, batches.labels, {part.stop for part in batches.parts}
    targets = [_targets(frames[i], labels[i : i + 1]) for i in range(len(frames))]
    representers = Representers.of(_with_random_labels(features, targets, n_representers, rng), axes)
    problem = WhitenedLeastSquares([stable_factor(representers.covariance(zeta))])
    add = _Together(problem)
    for i, frame in enumerate(features):
        known = np.flatnonzero(~np.isnan(targets[i]))
        numbers = np.stack([known, targets[i][known], label_weights.deviations(frames[i])[known]])
        rows, target, deviation = torch.as_tensor(numbers, device=batches.device)
        add(kernel_rows(frame, representers, zeta).index_select(0, rows.long()), target, deviation)
        if i + 1 in ends:
            progress.report("fit", i + 1, len(frames))
    add.rest()
    weights, _ = problem.solve(1 / alpha)
    return weights, Expansion.of(representers, weights, batches.basis, zeta, axes)


class _Together:
    """Rows that are added to normal equations many at a time: the factors are read once for all of them."""

    def __init__(self, problem: WhitenedLeastSquares) -> None:
        self.problem = problem
        self.waiting: list[tuple[torch.Tensor, ...]] = []

    def __call__(self, *rows: torch.Tensor) -> None:
        """Add rows, their targets and deviations."""
        self.waiting.append(rows)
        if sum(len(r) for r, *_ in self.waiting) >= ROWS:
            self.rest()

    def rest(self) -> None:
        """Add those that wait."""
        if self.waiting:
            rows, targets, deviations = (torch.cat(part) for part in zip(*self.waiting, strict=True))
            self.problem.add(rows, targets, deviations)
        self.waiting = []


def _axes(batches: Batches, rng: np.random.Generator) -> dict[int, torch.Tensor]:
    """Principal axes of each element's SOAP vectors, from a random sample of its atoms."""
    units = batches.units(lambda atoms: rng.permutation(atoms)[:CANDIDATES])
    return {z: principal_axes(u) for z, u in units.items()}


class _TrainingFeatures:
    """Features of the training frames, one frame after the other; cached as far as memory allows."""

    def __init__(self, batches: Batches, axes: Mapping[int, torch.Tensor]) -> None:
        self.n_batches = len(batches)
        self._cache = Cache(
            lambda ks: [frame_features(batches[k], batches.basis, axes) for k in ks], CACHE_BYTES
        )

    def __iter__(self) -> Iterator[FrameFeatures]:
        return (frame for k in range(self.n_batches) for frame in self._cache[[k]][0])


def _with_random_labels(
    features: _TrainingFeatures, targets: Sequence[np.ndarray], n: int, rng: np.random.Generator
) -> list[FrameFeatures]:
    """Features of the labels that become representers: energies and the same share of each frame's others.

    With more energies than representers, random frames with their energies alone.
    """
    known = [np.flatnonzero(~np.isnan(t[1:])) for t in targets]
    room, total = n - len(targets), sum(map(len, known))
    share = min(1.0, max(0, room) / max(total, 1))
    sample = [np.sort(rng.permutation(k)[: round(share * len(k))]) for k in known]
    frames = [f.with_labels(torch.as_tensor(s)) for f, s in zip(features, sample, strict=True)]
    return frames if room >= 0 else [frames[i] for i in np.sort(rng.permutation(len(frames))[:n])]


def _targets(atoms: Atoms, labels: Labels) -> np.ndarray:
    """Energy, forces and, in a cell, stresses of one frame; NaN for an unknown label."""
    forces = None if labels.forces is None else labels.forces[0]
    stress = None if labels.stress is None else labels.stress[0]
    parts = [labels.energy, np.full(3 * len(atoms), np.nan) if forces is None else np.ravel(forces)]
    if atoms.pbc.all():
        parts.append(np.full(6, np.nan) if stress is None else stress)
    return np.concatenate(parts)
