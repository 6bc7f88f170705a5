"""Sparse Gaussian process of atomic energies on SOAP: E = Σ_i ε(x_i), ε ~ GP(0, δ² (x̂·x̂')^ζ).

A few environments of each element, the sparse points, carry the function; energies, forces and stresses of
all training frames enter through whitened normal equations, batch by batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels, concatenate
from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.regression.whitened_least_squares import WhitenedLeastSquares, stable_factor
from mlffbench.potentials.soap.batch_sizes import in_halves
from mlffbench.potentials.soap.evaluation import Energies, Evaluation
from mlffbench.potentials.soap.kernel import Kernel, energies, energy_rows, self_kernel
from mlffbench.potentials.soap.marginal_likelihood import best_hyperparameters, best_variance
from mlffbench.potentials.soap.predictive_variance import Posterior
from mlffbench.potentials.soap.quadratic_form import QuadraticForm
from mlffbench.potentials.soap.sparse_points import cur, farthest_points, principal_axes
from mlffbench.potentials.soap.training_batches import Batches
from mlffbench.system import progress
from mlffbench.system.batch_size import consecutive_parts

__all__ = ["SparseGP", "extended", "fit"]

CANDIDATES = 10_000  # environments of an element that sparse points are selected from
FRAMES = 512  # whose variances are computed together: products of matrices, not of vectors
SUBSET = 1000  # atoms of the frames that hyperparameters are optimised on


@dataclass(frozen=True)
class SparseGP:
    """A sparse Gaussian process, conditioned on its training frames.

    Attributes
    ----------
    kernel : Kernel
        The sparse points, their axes and ζ.
    noise : mapping of str to float
        Standard deviation of each kind of label: ``energy`` (per √n_atoms), ``forces``, ``stress``.
    variance : float
        δ², eV².
    problem : WhitenedLeastSquares
        The normal equations of all training frames.
    weights : (m,) tensor
        E = Σ_i Σ_m weights_m (x̂_i·x̂_m)^ζ, eV.
    factor : (m, m) tensor or None
        Cholesky factor of 1 + δ² BᵀB; computed from `problem` when first needed, if it is None.
    """

    kernel: Kernel
    noise: Mapping[str, float]
    variance: float
    problem: WhitenedLeastSquares
    weights: torch.Tensor
    factor: torch.Tensor | None = None

    @cached_property
    def posterior(self) -> Posterior:
        """Predictive variances."""
        factor = self.problem.factor(self.variance) if self.factor is None else self.factor
        return Posterior(self.kernel, self.problem.factors, factor, self.variance)

    @cached_property
    def mean(self) -> Energies:
        """Energies of frames from the unit vectors of their atoms, without the mean energy per atom."""
        if self.kernel.zeta != 2:
            return lambda graph, unit: energies(graph, unit, self.kernel, self.weights)
        weights = {z: self.weights[columns] for z, columns in self.kernel.columns.items()}
        return QuadraticForm.of(self.kernel, weights).energies

    @cached_property
    def evaluation(self) -> Evaluation:
        """Predictions of the mean, with the graphs captured of them."""
        return Evaluation(self.kernel.basis, self.mean, self.weights.device)

    def predict(
        self,
        graphs: Sequence[Graph],
        energy_per_atom: float,
        uncertainty: bool | str,
        forces: bool = True,
    ) -> Labels:
        """Energies, forces and stresses of batches, with ``energy_std`` and ``forces_std`` if asked for.

        Variances of many batches are solved for together: the factor of all points is then read once.
        """
        groups = consecutive_parts([g.n_frames for g in graphs], FRAMES)
        return concatenate(
            [self._group(graphs[part], energy_per_atom, uncertainty, forces) for part in groups]
        )

    def _group(
        self, graphs: Sequence[Graph], energy_per_atom: float, uncertainty: bool | str, forces: bool
    ) -> Labels:
        """Predict the batches of `FRAMES` frames."""
        labels, rows, priors = [], [], []
        for graph in graphs:
            few = lambda part: self._batch(part, energy_per_atom, uncertainty, forces)
            for label, *variance in in_halves(few, graph):
                labels.append(label)
                if variance:
                    rows.append(variance[0])
                    priors.append(variance[1])
        joined = concatenate(labels)
        if not rows:
            return joined
        std = self.posterior.std(torch.cat(rows), torch.cat(priors))
        return replace(joined, energy_std=std.cpu().numpy())

    def _batch(
        self, graph: Graph, energy_per_atom: float, uncertainty: bool | str, forces: bool
    ) -> tuple[Labels] | tuple[Labels, torch.Tensor, torch.Tensor]:
        """Labels of a batch, and if asked for kernel rows and prior variances of its energies."""
        labels, environments = self.evaluation(graph, energy_per_atom, forces)
        if not uncertainty:
            return (labels,)
        if uncertainty == "forces":
            sizes = torch.bincount(graph.frame, minlength=graph.n_frames).tolist()
            parts = self.posterior.forces_std(environments).cpu().split(sizes)
            labels = replace(labels, forces_std=tuple(p.numpy() for p in parts))
        return labels, energy_rows(environments, self.kernel), self_kernel(environments, self.kernel)


def fit(
    batches: Batches,
    zeta: float,
    noise: Mapping[str, float],
    n_sparse: int,
    sparse_method: str,
    optimize: bool,
    rng: np.random.Generator,
) -> SparseGP:
    """Select sparse points and condition the process on the batches.

    δ maximises the evidence; with `optimize` the noise, δ and ζ maximise the marginal likelihood of a random
    subset of the frames first.
    """
    sparse = lambda some, zeta: select_points(some, zeta, n_sparse, sparse_method, rng)
    variance = None
    if optimize:
        subset = batches.subset(random_frames(batches.frames, rng))
        tuned, variance, zeta = best_hyperparameters(subset, sparse(subset, zeta), noise)
        noise = {**noise, **tuned}
    kernel = sparse(batches, zeta)
    problem = WhitenedLeastSquares([stable_factor(kernel.covariance(z)) for z in kernel.points])
    _add_rows(problem, batches, kernel, noise)
    return _solved(kernel, noise, best_variance(problem) if variance is None else variance, problem)


def extended(process: SparseGP, batches: Batches) -> SparseGP:
    """The process conditioned on more frames, with the same sparse points, noise and δ.

    Their rows are added to ``process.problem`` in place: the process given must not be used any more.
    """
    _add_rows(process.problem, batches, process.kernel, process.noise)
    return _solved(process.kernel, process.noise, process.variance, process.problem)


def _add_rows(
    problem: WhitenedLeastSquares, batches: Batches, kernel: Kernel, noise: Mapping[str, float]
) -> None:
    """Add the rows of all batches to the normal equations."""
    for k in range(len(batches)):
        for kind, rows, targets, unit in batches.rows(k, kernel, list(noise)):
            problem.add(rows, targets, noise[kind] * unit)
        progress.report("fit", min(batches.parts[k].stop, len(batches.frames)), len(batches.frames))


def _solved(
    kernel: Kernel, noise: Mapping[str, float], variance: float, problem: WhitenedLeastSquares
) -> SparseGP:
    """The process whose weights solve the normal equations."""
    weights, factor = problem.solve(variance)
    return SparseGP(kernel, noise, variance, problem, weights, factor)


def select_points(
    batches: Batches, zeta: float, n_sparse: int, method: str, rng: np.random.Generator
) -> Kernel:
    """Select up to `n_sparse` points of each element, among at most `CANDIDATES` environments."""
    few = lambda atoms: atoms if len(atoms) <= CANDIDATES else rng.choice(atoms, CANDIDATES, replace=False)
    axes, points = {}, {}
    for z, candidates in batches.units(few).items():
        axes[z] = principal_axes(candidates)
        on_axes = candidates @ axes[z]
        indices = cur(on_axes, n_sparse, rng) if method == "cur" else farthest_points(on_axes, n_sparse)
        points[z] = on_axes[indices]
    return Kernel(batches.basis, zeta, axes, points)


def random_frames(frames: Sequence[Atoms], rng: np.random.Generator) -> np.ndarray:
    """Indices of random frames with `SUBSET` atoms together, at least two frames; ascending."""
    order = rng.permutation(len(frames))
    enough = np.searchsorted(np.cumsum([len(frames[i]) for i in order]), SUBSET)
    return np.sort(order[: max(2, int(enough))])
