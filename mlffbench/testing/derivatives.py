"""Checks that forces and stresses are derivatives of the energy."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from mlffbench.forcefield import ForceField
from mlffbench.testing.compare import close, forces_of, moved, strained
from mlffbench.testing.examples import Fitted

__all__ = ["forces_are_minus_the_gradient", "stress_is_the_strain_derivative"]


def forces_are_minus_the_gradient(example: Fitted, step: float = 1e-4) -> None:
    """Compare forces with −dE/dr along random directions, by central differences."""
    if "forces" not in example.model.properties:
        return
    rng = np.random.default_rng(0)
    atoms = example.frames[1]
    forces = forces_of(example.model.predict([atoms]))
    for _ in range(3):
        direction = rng.normal(size=atoms.positions.shape)
        up, down = (moved(atoms, sign * step * direction) for sign in (1, -1))
        numeric = -_derivative(example.model, up, down, 2 * step)
        close(np.sum(forces * direction), numeric, 1e-4, "force along a direction against −ΔE/Δx")


def stress_is_the_strain_derivative(example: Fitted, step: float = 1e-4) -> None:
    """Compare the six components of the stress with (dE/dε)/V, by central differences."""
    atoms = example.frames[1]
    if "stress" not in example.model.properties or not atoms.pbc.all():
        return
    predicted = example.model.predict([atoms]).stress
    assert predicted is not None, "the model claims stress but predicts none for a periodic cell"
    assert predicted[0] is not None
    for component, (i, j) in enumerate([(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]):
        strain = np.zeros((3, 3))
        strain[i, j] += 0.5 * step
        strain[j, i] += 0.5 * step
        numeric = _derivative(example.model, strained(atoms, strain), strained(atoms, -strain), 2 * step)
        close(predicted[0][component], numeric / atoms.get_volume(), 1e-5, f"stress {i}{j} against ΔE/Δε/V")


def _derivative(model: ForceField, up: Atoms, down: Atoms, distance: float) -> float:
    """ΔE between two frames over their distance."""
    energy = model.predict([up, down]).energy
    return (energy[0] - energy[1]) / distance
