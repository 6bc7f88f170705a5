"""The nonlinear least squares of the bonded form: exact slopes, and minutes that became seconds."""

from __future__ import annotations

import time

import numpy as np
import torch
from ase.build import molecule
from ase.calculators.emt import EMT
from scipy.linalg import null_space

from mlffbench.data import Labels
from mlffbench.estimators.bonded import Bonded
from mlffbench.potentials.gaff.least_squares import Problem, Unknowns, coefficient_slopes, coefficients


def small_problem():
    counts = dict(bonds=2, angles=3, torsions=2, impropers=1, vdw=2, charges=3, offsets=3)
    pairs = torch.tensor([[0, 0], [0, 1], [1, 1]])
    charge_pairs = torch.tensor([[0, 0], [0, 2], [1, 2]])
    modes = torch.as_tensor(null_space(np.array([[1.0, 2.0, 1.0]])))
    return Problem(np.zeros((1, 1)), counts, 2, pairs, charge_pairs, modes)


def test_slopes_are_those_of_the_coefficients():
    problem = small_problem()
    unknowns = Unknowns.of(problem)
    z = np.random.default_rng(0).uniform(0.5, 1.5, sum(unknowns.sizes.values()))
    h = 1e-6
    columns = [
        (coefficients(z + h * e, unknowns, problem) - coefficients(z - h * e, unknowns, problem)) / (2 * h)
        for e in np.eye(len(z))
    ]
    slopes = coefficient_slopes(z, unknowns, problem).toarray()
    np.testing.assert_allclose(slopes, np.transpose(columns), rtol=1e-6, atol=1e-6)


def test_a_ring_with_hundreds_of_parameters_is_fitted_in_seconds():
    """Benzene far from rest: shared hydrogens give it 900 unknowns, which took minutes, and NaN charges."""
    frames = [molecule("C6H6") for _ in range(24)]
    energies, forces = [], []
    for seed, atoms in enumerate(frames):
        atoms.rattle(0.2, seed=seed)
        labelled = atoms.copy()
        labelled.calc = EMT()
        energies.append(labelled.get_potential_energy())
        forces.append(labelled.get_forces())
    labels = Labels(np.array(energies), tuple(forces))
    start = time.process_time()
    model = Bonded().fit(frames, labels)
    assert time.process_time() - start < 40
    assert sum(len(kind) for kind in model.parameters_.values()) > 300
    assert model.loss_ < 0.35
    assert np.isfinite(model.predict(frames).energy).all()
