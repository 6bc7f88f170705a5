"""Morse pair potential: well depth D, steepness a and distance r0 of every pair of elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mlffbench.estimators.base.pair_potential import PairPotential

if TYPE_CHECKING:
    import torch

__all__ = ["Morse"]

STEEPNESS = (1.0, 1.5, 2.0, 3.5)  # 1/Å, a of the starts
WIDTH = (1.0, 1.15)  # r0 of the starts, in units of the first shell's distance


class Morse(PairPotential):
    """A Morse potential for every pair of elements, fitted to energies, forces and stresses.

    E = Σ_pairs u(r) f(r) + Σ_i e(Z_i),  u(r) = D [exp(−2a(r−r0)) − 2 exp(−a(r−r0))]

    D, a and r0 belong to the unordered pair of elements; e is a constant energy per atom of an element; f
    switches off between 0.8 and 1 cutoff by a quintic with two continuous derivatives. Fitted by bounded
    nonlinear least squares (trust-region reflective) with the exact Jacobian. Pairs of elements that training
    never shows within the cutoff do not interact.

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
        ``{"C-H": {"D": ..., "a": ..., "r0": ...}}`` in eV, 1/Å, Å.
    element_energies_ : dict
        e, eV, by chemical symbol.

    References
    ----------
    P. M. Morse, Phys. Rev. 34, 57 (1929). L. A. Girifalco and V. G. Weizer, Phys. Rev. 114, 687 (1959).

    Examples
    --------
    >>> from mlffbench.datasets.lennard_jones import lennard_jones
    >>> argon = lennard_jones(n_train=10, n_test=1)
    >>> model = Morse(cutoff=8.0).fit(argon.frames[:10], argon.labels[:10])
    >>> round(model.parameters_["Ar-Ar"]["r0"], 1)
    3.8
    """

    names: ClassVar = ("D", "a", "r0")
    bounds: ClassVar = ((0.0, 50.0), (0.3, 6.0), (0.3, np.inf))  # eV, 1/Å, Å; r0 is at most the cutoff

    @staticmethod
    def form(r: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        """D [exp(−2a(r−r0)) − 2 exp(−a(r−r0))]."""
        import torch

        D, a, r0 = parameters
        x = torch.exp(-a * (r - r0))
        return D * (x**2 - 2 * x)

    def shapes(self, r_min: np.ndarray, shell: np.ndarray) -> list[list[np.ndarray]]:
        return [[np.full_like(shell, a), width * shell] for a in STEEPNESS for width in WIDTH]
