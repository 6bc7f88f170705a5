"""The choice of σ and λ, and predictions of a fitted field."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import molecule
from example_kernels import rattled

from mlffbench.potentials.sgdml import fit as sgdml
from mlffbench.potentials.sgdml.fit import LAM, SIGMA, Settings, fit, predict, template_of

SETTINGS = Settings(None, None, True, 5.0, 100, 1e-9, 1000)


def fitted(n: int, settings: Settings):
    atoms = molecule("H2O")
    positions = rattled(atoms, n)
    stretch = positions - atoms.positions
    energy = 0.5 * np.sum(stretch**2, axis=(1, 2))
    rng = np.random.RandomState(0)
    return positions, fit(atoms.numbers, positions, energy, -stretch, settings, "cpu", rng)


def test_too_few_structures_to_hold_one_out_take_the_defaults():
    _, few = fitted(3, SETTINGS)
    assert (few.sigma, few.solution.lam, few.trials) == (SIGMA, LAM, ())
    _, given = fitted(3, replace(SETTINGS, lam=1e-6))
    assert (given.sigma, given.solution.lam) == (SIGMA, 1e-6)
    _, more = fitted(8, replace(SETTINGS, lam=1e-6))
    assert len(more.trials) == 4
    assert more.sigma in [trial.sigma for trial in more.trials]


def test_a_matrix_too_large_for_the_memory_is_solved_by_iterations():
    positions, closed = fitted(8, replace(SETTINGS, sigma=10.0, lam=1e-6))
    _, steps = fitted(8, replace(SETTINGS, sigma=10.0, lam=1e-6, max_memory_gb=0.0, rank=8))
    assert closed.solution.iterations == 0 < steps.solution.iterations
    first, second = (predict(f.field, f.origin, positions)[1] for f in (closed, steps))
    np.testing.assert_allclose(first, second, atol=1e-5)


def test_without_symmetry_there_is_one_permutation():
    _, plain = fitted(4, replace(SETTINGS, sigma=10.0, lam=1e-6, symmetric=False))
    assert plain.permutations.tolist() == [[0, 1, 2]]


def test_a_lone_atom_is_no_molecule():
    with pytest.raises(ValueError, match="lone atom"):
        template_of([Atoms("C")])


def test_structures_of_all_batches_are_predicted_as_alone(monkeypatch):
    positions, fitted_field = fitted(8, replace(SETTINGS, sigma=10.0, lam=1e-6))
    one_by_one = [predict(fitted_field.field, fitted_field.origin, p[None]) for p in positions]
    expected = [np.concatenate(parts) for parts in zip(*one_by_one, strict=True)]
    for frames in (1.0, 3.0, 100.0):
        monkeypatch.setattr(sgdml, "batch_bytes", lambda device, n=frames: int(n * 8 * 4 * 9 * 3))
        together = predict(fitted_field.field, fitted_field.origin, positions)
        for got, want in zip(together, expected, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)


def test_structures_beyond_the_memory_are_predicted_in_halves(monkeypatch):
    positions, fitted_field = fitted(8, replace(SETTINGS, sigma=10.0, lam=1e-6))
    expected, plain, sizes = predict(fitted_field.field, fitted_field.origin, positions), sgdml._predict, []

    def small(field, origin, some):
        sizes.append(len(some))
        if len(some) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(field, origin, some)

    monkeypatch.setattr(sgdml, "_predict", small)
    monkeypatch.setattr(sgdml, "batch_bytes", lambda device: 10**9)
    got = predict(fitted_field.field, fitted_field.origin, positions)
    np.testing.assert_allclose(got[1], expected[1], rtol=1e-9, atol=1e-12)
    assert sizes == [8, 4, 4]
