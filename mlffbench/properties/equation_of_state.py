"""Energy against volume: lattice, cohesion and compressibility of a crystal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator
from ase.eos import EquationOfState as Fit
from ase.units import GPa

from mlffbench.properties.relaxation import relax

__all__ = ["EquationOfState", "equation_of_state"]

ROUNDS = 12  # of following a minimum that lies outside the volumes


@dataclass(frozen=True)
class EquationOfState:
    """E(V) per atom, and Birch and Murnaghan's curve through it.

    Attributes
    ----------
    volumes, energies : (n,) arrays
        Å³ and eV per atom.
    volume, energy : float
        Of the minimum, Å³ and eV per atom.
    bulk_modulus : float
        GPa.
    bulk_modulus_derivative : float
        ∂B/∂p at zero pressure.
    residual : float
        RMS of the fit, eV per atom.
    atoms : Atoms
        The cell at the minimum; in the first structure's shape.
    """

    volumes: np.ndarray
    energies: np.ndarray
    volume: float
    energy: float
    bulk_modulus: float
    bulk_modulus_derivative: float
    residual: float
    atoms: Atoms


def equation_of_state(
    calculator: BaseCalculator,
    atoms: Atoms,
    span: float = 0.06,
    n_volumes: int = 9,
    fmax: float = 0.01,
    steps: int = 200,
) -> EquationOfState:
    """The third-order equation of Birch (Phys. Rev. 71, 809 (1947)) through energies at several volumes.

    The cell keeps its shape, ions relax at every volume. Volumes are moved along until they bracket the
    minimum, so that the start may be some tens of per cent wrong.

    Parameters
    ----------
    calculator : Calculator
        Energies and forces suffice.
    atoms : Atoms
        A crystal.
    span : float
        Volumes between (1 − span) and (1 + span) times that of the minimum.
    n_volumes : int
        At least 5.

    Raises
    ------
    ValueError
        There is no minimum near, or ions do not relax.
    """
    if n_volumes < 5:
        raise ValueError(f"n_volumes must be at least 5, for four numbers to be fitted; got {n_volumes}")
    centre = atoms.get_volume() / len(atoms)
    for _ in range(ROUNDS):
        volumes = centre * np.linspace(1 - span, 1 + span, n_volumes)
        energies, images = _energies(calculator, atoms, volumes, fmax, steps)
        lowest = int(np.argmin(energies))
        if 0 < lowest < n_volumes - 1:
            fit = Fit(volumes, energies, eos="birchmurnaghan")
            volume, energy, modulus = fit.fit()
            if abs(volume / centre - 1) < span / 2:
                break
            centre = float(volume)
        else:
            centre = float(volumes[lowest])
    else:
        raise ValueError(
            f"{atoms.get_chemical_formula()} has no minimum of energy near "
            f"{atoms.get_volume() / len(atoms):.3g} Å³ per atom; the last volume tried was {centre:.3g}"
        )
    wrong = fit.func(volumes, *fit.eos_parameters) - energies
    at_minimum = _scaled(images[lowest], volume)
    return EquationOfState(
        volumes, energies, float(volume), float(energy), float(modulus / GPa),
        float(fit.eos_parameters[2]), float(np.sqrt(np.mean(wrong**2))), at_minimum,
    )  # fmt: skip


def _energies(
    calculator: BaseCalculator, atoms: Atoms, volumes: np.ndarray, fmax: float, steps: int
) -> tuple[np.ndarray, list[Atoms]]:
    """Energies per atom, eV, and the structures."""
    found = [relax(calculator, _scaled(atoms, v), fmax=fmax, steps=steps) for v in volumes]
    for volume, each in zip(volumes, found, strict=True):
        if not each.converged:
            raise ValueError(
                f"the ions do not relax at {volume:.4g} Å³ per atom: after {each.steps} steps the largest "
                f"force is {each.max_force:.2g} eV/Å"
            )
    return np.array([f.energy for f in found]) / len(atoms), [f.atoms for f in found]


def _scaled(atoms: Atoms, volume: float) -> Atoms:
    """The same at a volume per atom, Å³."""
    scaled = atoms.copy()
    factor = (volume * len(atoms) / atoms.get_volume()) ** (1 / 3)
    scaled.set_cell(atoms.cell.array * factor, scale_atoms=True)
    return scaled
