"""Buckingham pair potential: exponential repulsion and dispersion, without collapse at short range."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from mlffbench.estimators.base.pair_potential import PairPotential

if TYPE_CHECKING:
    import torch

__all__ = ["Buckingham"]

SOFTNESS = (0.05, 0.1, 0.15)  # ρ of the starts, in units of the first shell's distance
GUARD = 0.2  # width of the levelling of s(r), in units of r_min


class Buckingham(PairPotential):
    """A Buckingham potential for every pair of elements, fitted to energies, forces and stresses.

    E = Σ_pairs u(r) f(r) + Σ_i e(Z_i),  u(r) = A exp(−r/ρ) − C/s(r)⁶

    A, ρ and C belong to the unordered pair of elements; e is a constant energy per atom of an element; f
    switches off between 0.8 and 1 cutoff by a quintic with two continuous derivatives. s(r) = r down to
    r_min, the smallest distance that training shows for the pair: there the formula is Buckingham's. At
    smaller distances, where −C/r⁶ would dominate and atoms would collapse, s levels off at 0.9 r_min with two
    continuous derivatives, so that the potential keeps rising. Fitted by bounded nonlinear least squares
    (trust-region reflective) with the exact Jacobian. Pairs of elements that training never shows within the
    cutoff do not interact.

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
        ``{"C-H": {"A": ..., "rho": ..., "C": ..., "r_min": ...}}`` in eV, Å, eV Å⁶, Å.
    element_energies_ : dict
        e, eV, by chemical symbol.

    References
    ----------
    R. A. Buckingham, Proc. R. Soc. A 168, 264 (1938).

    Examples
    --------
    >>> from mlffbench.datasets.lennard_jones import lennard_jones
    >>> argon = lennard_jones(n_train=10, n_test=1)
    >>> model = Buckingham(cutoff=8.5).fit(argon.frames[:10], argon.labels[:10])
    >>> bool(40 < model.parameters_["Ar-Ar"]["C"] < 70)  # near 4 ε σ⁶ = 64 eV Å⁶ of the data
    True
    """

    names: ClassVar = ("A", "C", "rho", "r_min")
    bounds: ClassVar = ((0.0, 500.0), (0.0, 500.0), (0.03, 2.0))  # A and C in eV at r_min, ρ in Å
    n_strengths: ClassVar = 2

    @staticmethod
    def form(r: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
        """A exp(−r/ρ) − C/s(r)⁶."""
        import torch

        A, C, rho, r_min = parameters
        return A * torch.exp(-r / rho) - C / _levelled(r, r_min) ** 6

    @staticmethod
    def physical(r_min: torch.Tensor, *theta: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """A, C, ρ and r_min from the repulsion and dispersion at r_min, eV, and ρ."""
        import torch

        repulsion, dispersion, rho = theta
        return repulsion * torch.exp(r_min / rho), dispersion * r_min**6, rho, r_min

    def shapes(self, r_min: np.ndarray, shell: np.ndarray) -> list[list[np.ndarray]]:
        return [[factor * shell] for factor in SOFTNESS]


def _levelled(r: torch.Tensor, r_min: torch.Tensor) -> torch.Tensor:
    """s(r): r down to r_min; below, s′ falls as 3t² − 2t³ to 0 at 0.8 r_min, from where s is 0.9 r_min."""
    import torch

    width = GUARD * r_min
    t = ((r - r_min) / width + 1).clamp(0.0, 1.0)
    return torch.where(r < r_min, r_min - width / 2 + width * (t**3 - t**4 / 2), r)
