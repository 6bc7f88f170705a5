"""The Lennard-Jones pair potential, one kind of atom."""

from __future__ import annotations

from typing import Any

__all__ = ["lennard_jones"]


def lennard_jones(
    epsilon: float = 0.0104, sigma: float = 3.4, cutoff: float | None = None, onset: float | None = None
) -> Any:
    """Return E = Σ 4ε [(σ/r)¹² − (σ/r)⁶] over pairs, forces smooth at the cutoff; argon by default.

    Parameters
    ----------
    epsilon : float
        Well depth ε, eV.
    sigma : float
        Distance of zero energy σ, Å.
    cutoff : float, optional
        Cutoff, Å; 3 σ by default.
    onset : float, optional
        Distance where the switching function begins, Å; two thirds of the cutoff by default.

    Returns
    -------
    Calculator
        Energy (eV), forces (eV/Å), stress (eV/Å³).
    """
    from ase.calculators.lj import LennardJones

    return LennardJones(epsilon=epsilon, sigma=sigma, rc=cutoff or 3 * sigma, ro=onset, smooth=True)
