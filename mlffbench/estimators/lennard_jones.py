"""Lennard-Jones pair potential: diameter σ and well depth ε of every pair of elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mlffbench.estimators.base.pair_potential import PairPotential

if TYPE_CHECKING:
    import torch

__all__ = ["LennardJones"]

WIDTH = (0.9, 1.0, 1.15)  # minimum 2^(1/6) σ of the starts, in units of the first shell's distance


class LennardJones(PairPotential):
    """A Lennard-Jones potential for every pair of elements, fitted to energies, forces and stresses.

    E = Σ_pairs u(r) f(r) + Σ_i e(Z_i),  u(r) = 4ε [(σ/r)¹² − (σ/r)⁶]

    ε and σ belong to the unordered pair of elements, no combining rule is imposed; e is a constant energy per
    atom of an element; f switches off between 0.8 and 1 cutoff by a quintic with two continuous derivatives.
    Fitted by bounded nonlinear least squares (trust-region reflective) with the exact Jacobian. Pairs of
    elements that training never shows within the cutoff do not interact.

    Parameters
    ----------
    cutoff : float
        Cutoff of the pairs, Å.
    energy_weight, forces_weight, stress_weight : float
        The loss is Σ weight (RMSE/σ)², σ the spread of that label in training; energies per atom.
    max_iterations : int
        Largest number of steps of the optimiser, from each start.
    n_starts : int
        Number of starts of the optimiser: the best of a short list built on the first peak of each pair's
        distances, then random perturbations; the best fit is kept.
    device : str
        Device of the predictions; the fit runs on the CPU.
    random_state : int or None
        Seed of the perturbed starts, and of the random subsample of frames if all hold more than two million
        pairs.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    parameters_ : dict
        ``{"C-H": {"epsilon": ..., "sigma": ...}}`` in eV and Å.
    element_energies_ : dict
        e, eV, by chemical symbol.

    References
    ----------
    J. E. Lennard-Jones, Proc. Phys. Soc. 43, 461 (1931).

    Examples
    --------
    >>> from mlffbench.datasets.lennard_jones import lennard_jones
    >>> argon = lennard_jones(n_train=10, n_test=1)
    >>> model = LennardJones(cutoff=8.5).fit(argon.frames[:10], argon.labels[:10])
    >>> {name: round(value, 3) for name, value in model.parameters_["Ar-Ar"].items()}
    {'epsilon': 0.01, 'sigma': 3.4}
    """

    names: ClassVar = ("epsilon", "sigma")
    bounds: ClassVar = ((0.0, 50.0), (0.3, np.inf))  # eV, Å; σ is at most the cutoff

    @staticmethod
    def form(r: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        """4ε [(σ/r)¹² − (σ/r)⁶]."""
        epsilon, sigma = parameters
        x = (sigma / r) ** 6
        return 4 * epsilon * (x**2 - x)

    def shapes(self, r_min: np.ndarray, shell: np.ndarray) -> list[list[np.ndarray]]:
        return [[2 ** (-1 / 6) * width * shell] for width in WIDTH]
