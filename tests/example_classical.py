"""Rattled alloys, groups of datasets and errors for the tests of classical potentials."""

from __future__ import annotations

import numpy as np
from ase.build import bulk
from ase.calculators.emt import EMT

from mlffbench.data import Labels


def rmse(one, two):
    return np.sqrt(np.mean((np.concatenate(one) - np.concatenate(two)) ** 2))


def part(dataset, group):
    picks = np.flatnonzero(dataset.columns["group"] == group)
    return [dataset.frames[i] for i in picks], dataset.labels[picks]


def alloys(n, seed=0):
    """Rattled and strained small fcc cells of copper, nickel and gold, by effective-medium theory."""
    rng = np.random.default_rng(seed)
    frames = []
    for _ in range(n):
        atoms = bulk("Cu", "fcc", a=3.75).repeat((2, 1, 1))
        atoms.symbols = rng.choice(["Cu", "Ni", "Au"], len(atoms))
        strain = rng.uniform(-0.03, 0.03, (3, 3))
        atoms.set_cell(atoms.cell @ (np.eye(3) + strain + strain.T), scale_atoms=True)
        atoms.positions += rng.normal(scale=0.08, size=atoms.positions.shape)
        frames.append(atoms)
    calculator = EMT()
    labels = [[calculator.get_property(q, a) for q in ("energy", "forces", "stress")] for a in frames]
    energy, forces, stress = zip(*labels, strict=True)
    return frames, Labels(np.array(energy), forces, stress)


def check_jacobian(problem, theta):
    """Compare every third column of the Jacobian with central differences of the residual."""
    exact = problem.jacobian(theta)
    for column in range(0, len(theta), 3):
        step = 1e-5 * np.eye(len(theta))[column]
        numeric = (problem.residual(theta + step) - problem.residual(theta - step)) / 2e-5
        np.testing.assert_allclose(exact[:, column], numeric, atol=1e-6 * max(1.0, np.abs(numeric).max()))
