"""Controls of the tasks: the true potential as a model, and variants of it with one known error.

The true model must pass all tasks, and every variant must fail the task made for its error. A suite names
them ``mlffbench.testing.controls:NonConservative``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from ase import Atoms, units

from mlffbench import registry
from mlffbench.data import Labels
from mlffbench.descriptors.neighbours import neighbour_list
from mlffbench.forcefield import ForceField

__all__ = ["AbruptCutoff", "Analytic", "Noisy", "NonConservative", "WrongStressSign", "WrongUnits"]

Values = tuple[float, np.ndarray, np.ndarray | None]  # energy, forces, stress


class Analytic(ForceField):
    """A calculator of the registry as a model without a fit.

    Parameters
    ----------
    potential : str or mapping
        Spec of a calculator as in a recipe: ``emt``, ``{lennard_jones: {sigma: 3.4}}``.
    atomic_energies : mapping of str to float, optional
        Without effect on predictions, which are the calculator's energies.
    """

    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {"potential": ("calculators",)}

    def __init__(
        self, potential: str | Mapping[str, Any], atomic_energies: Mapping[str, float] | None = None
    ) -> None:
        self.potential = potential
        self.atomic_energies = atomic_energies

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        registry.make(self.potential, ("calculators",))

    def _evaluate(self, inputs: Any) -> Labels:
        calculator = registry.make(self.potential, ("calculators",))
        values = [self._with_error(atoms, _values(calculator, atoms)) for atoms in inputs]
        energy, forces, stress = zip(*values, strict=True)
        return Labels(np.array(energy) - self._baseline(inputs), forces, stress)

    def _with_error(self, atoms: Atoms, values: Values) -> Values:
        """Add the error of the variant; the true model has none."""
        return values


def _values(calculator: Any, atoms: Atoms) -> Values:
    """Energy, forces and stress by the calculator."""
    bare = atoms.copy()
    bare.set_constraint()
    bare.calc = calculator
    stress = bare.get_stress() if bare.pbc.all() else None
    return float(bare.get_potential_energy()), bare.get_forces(), stress


class NonConservative(Analytic):
    """Forces scaled by the density around an atom: all symmetries hold, but they are no gradient."""

    def _with_error(self, atoms: Atoms, values: Values) -> Values:
        energy, forces, stress = values
        i, d = neighbour_list("id", atoms, 6.0)
        density = np.bincount(i, np.exp(-d) * (1 - d / 6.0) ** 2, minlength=len(atoms))
        return energy, forces * (1 + density[:, None]), stress


class AbruptCutoff(Analytic):
    """Energy steps at a cutoff: every pair within 4.5 Å adds 20 meV, without a force."""

    def _with_error(self, atoms: Atoms, values: Values) -> Values:
        energy, forces, stress = values
        return energy + 0.01 * len(neighbour_list("i", atoms, 4.5)[0]), forces, stress


class Noisy(Analytic):
    """Noise of 20 meV per atom and 0.2 eV/Å, determined by the positions."""

    def _with_error(self, atoms: Atoms, values: Values) -> Values:
        energy, forces, stress = values
        rng = np.random.default_rng(np.frombuffer(atoms.positions.tobytes(), dtype=np.uint32))
        noise = 0.02 * len(atoms) * rng.normal()
        return energy + noise, forces + rng.normal(scale=0.2, size=forces.shape), stress


class WrongUnits(Analytic):
    """Energies in kcal/mol, forces in kcal/mol/Å and stresses in kcal/mol/Å³."""

    def _with_error(self, atoms: Atoms, values: Values) -> Values:
        factor = units.mol / units.kcal
        energy, forces, stress = values
        return energy * factor, forces * factor, None if stress is None else stress * factor


class WrongStressSign(Analytic):
    """Stress with the opposite sign: pressure instead of tension."""

    def _with_error(self, atoms: Atoms, values: Values) -> Values:
        energy, forces, stress = values
        return energy, forces, None if stress is None else -stress
