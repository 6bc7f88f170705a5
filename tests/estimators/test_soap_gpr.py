"""The sparse Gaussian process: its variances, hyperparameters, sparse points, growth and descriptors."""

from __future__ import annotations

from dataclasses import replace

import gpytorch
import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule

from mlffbench.data import Labels
from mlffbench.descriptors import graph
from mlffbench.estimators.soap_gpr import SOAPGPR
from mlffbench.potentials.regression.hyperparameters import maximised
from mlffbench.potentials.regression.whitened_least_squares import log_evidence
from mlffbench.potentials.soap import training_batches
from mlffbench.potentials.soap.derivative_kernel import Representers, rows, states
from mlffbench.potentials.soap.environments import Environments, describe
from mlffbench.potentials.soap.marginal_likelihood import problems_by_kind
from mlffbench.potentials.soap.predictive_variance import forces_prior
from mlffbench.potentials.soap.sparse_points import cur, principal_axes
from mlffbench.potentials.soap.training_batches import Batches

SMALL = {"n_max": 4, "l_max": 3, "sigma": 0.4}
NO_ATOMS = {"H": 0.0, "O": 0.0}


def water(n: int, seed: int = 0) -> list[Atoms]:
    rng = np.random.default_rng(seed)
    frames = [molecule("H2O") for _ in range(n)]
    for atoms in frames:
        atoms.positions += rng.normal(scale=0.06, size=(3, 3))
    return frames


def springs(frames: list[Atoms], noise: tuple[float, float] = (0.0, 0.0)) -> Labels:
    """Springs between all atoms: energies and forces, with normal noise on both."""
    rng = np.random.default_rng(1)
    rest = molecule("H2O").get_all_distances()
    energy, forces = [], []
    for atoms in frames:
        vectors = atoms.positions[:, None] - atoms.positions[None]
        distance = np.linalg.norm(vectors, axis=2) + np.eye(3)
        stretch = (distance - rest) * (1 - np.eye(3))
        energy.append(5.0 * np.sum(stretch**2) + rng.normal(scale=noise[0] or 1e-300))
        pull = -20.0 * np.sum((stretch / distance)[:, :, None] * vectors, axis=1)
        forces.append(pull + rng.normal(scale=noise[1] or 1e-300, size=(3, 3)))
    return Labels(np.array(energy), tuple(forces))


def dense(model: SOAPGPR, first: Environments, second: Environments) -> torch.Tensor:
    """δ² k between all labels of one batch and those of another, from the operator kernel."""
    axes = {z: torch.eye(first.unit.shape[1], dtype=torch.float64) for z in model.basis_.numbers}
    left, right = (states(e, model.basis_, axes) for e in (first, second))
    others = [Representers.of([state], axes) for state in right]
    blocks = [torch.cat([rows(s, o, model.kernel_.zeta) for o in others], dim=1) for s in left]
    return model.variance_ * torch.cat(blocks)


# ---------------------------------------------------------------- variances
def test_the_prior_of_forces_is_the_operator_kernels_diagonal():
    cell = bulk("NaCl", "rocksalt", a=5.0)
    cell.rattle(0.1, seed=3)
    frames = [cell, Atoms("NaClCl", [[0, 0, 0], [2.2, 0.1, 0], [-0.3, 2.4, 0.2]])]
    model = SOAPGPR(**SMALL, cutoff=3.0, zeta=3.0).fit(frames, [0.0, 1.0])
    environments = describe(graph.build(frames, model.basis_.radius), model.basis_)
    diagonal = dense(model, environments, environments).diagonal() / model.variance_
    expected = torch.cat(
        [diagonal[1:7], diagonal[1 + 6 + 6 + 1 :]]
    )  # energy, forces, stresses; energy, forces
    got = forces_prior(environments, model.kernel_).flatten()
    torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-12)


def test_deviations_are_those_of_the_exact_gaussian_process():
    """Trained on energies with every environment a sparse point, nothing is approximate."""
    frames, test = water(8), water(3, seed=4)
    labels = replace(springs(frames), forces=None)
    model = SOAPGPR(**SMALL, energy_noise=0.02, uncertainty="forces", atomic_energies=NO_ATOMS)
    found = model.fit(frames, labels).predict(test)
    known, new = (describe(graph.build(f, model.basis_.radius), model.basis_) for f in (frames, test))
    cross = dense(model, new, known)[:, ::10]  # one energy and nine forces a molecule
    covariance = dense(model, known, known)[::10, ::10] + torch.eye(8, dtype=torch.float64) * 3 * 0.02**2
    prior = dense(model, new, new).diagonal()
    expected = (prior - (cross @ torch.linalg.solve(covariance, cross.T)).diagonal()).sqrt().view(3, 10)
    np.testing.assert_allclose(found.energy_std, expected[:, 0], rtol=1e-3)
    np.testing.assert_allclose(np.array(found.forces_std).reshape(3, 9), expected[:, 1:], rtol=1e-3)


def test_deviations_of_forces_grow_away_from_the_data():
    frames = water(12)
    model = SOAPGPR(**SMALL, uncertainty="forces").fit(frames, springs(frames))
    far = water(6, seed=5)
    for atoms in far:
        atoms.positions *= 1.25
    seen, unseen = (np.concatenate(model.predict(f).forces_std) for f in (frames, far))
    assert unseen.mean() > 3 * seen.mean()
    model.uncertainty = False
    assert model.predict(far).energy_std is None


# ---------------------------------------------------------------- hyperparameters
def test_the_evidence_is_gpytorchs_where_nothing_is_sparse():
    frames = water(10)
    labels = replace(springs(frames, (0.05, 0.0)), forces=None)
    model = SOAPGPR(**SMALL, atomic_energies=NO_ATOMS).fit(frames, labels)
    batches = Batches(frames, labels, model.basis_, 4, "cpu")
    environments = describe(graph.build(frames, model.basis_.radius), model.basis_)
    k = dense(model, environments, environments)[::10, ::10] / model.variance_
    signal, noise = torch.tensor(0.7, dtype=torch.float64), torch.tensor(0.03, dtype=torch.float64)
    problems = problems_by_kind(batches, model.kernel_, ["energy"])
    got = log_evidence(list(problems.values()), [noise], signal**2)

    class Known(gpytorch.kernels.Kernel):
        def forward(self, x1, x2, diag=False, **params):
            found = signal**2 * k[x1[..., 0].long()][:, x2[..., 0].long()]
            return found.diagonal() if diag else found

    class Exact(gpytorch.models.ExactGP):
        def forward(self, x):
            return gpytorch.distributions.MultivariateNormal(x.new_zeros(len(x)), known(x))

    known = Known()
    index, energy = torch.arange(10, dtype=torch.float64)[:, None], torch.tensor(labels.energy)
    fixed = gpytorch.likelihoods.FixedNoiseGaussianLikelihood(
        torch.full((10,), 3 * 0.03**2, dtype=torch.float64)
    )
    exact = Exact(index, energy, fixed).double().train()
    likelihood = gpytorch.mlls.ExactMarginalLogLikelihood(fixed, exact)
    expected = likelihood(exact(index), energy) * 10  # gpytorch divides by the number of data
    assert float(got) == pytest.approx(float(expected), abs=1e-3)


def test_planted_noise_is_found_and_the_evidence_rises():
    frames = water(40)
    labels = springs(frames, (0.08, 0.3))
    start = {"energy_noise": 0.01, "forces_noise": 0.02, "atomic_energies": NO_ATOMS, "random_state": 0}
    model = SOAPGPR(**SMALL, **start, optimize=True).fit(frames, labels)
    assert model.noise_["energy"] * 3**0.5 == pytest.approx(0.08, rel=0.4)
    assert model.noise_["forces"] == pytest.approx(0.3, rel=0.2)
    plain = SOAPGPR(**SMALL, **start).fit(frames, labels)
    assert evidence(model) > evidence(plain) + 100
    test = water(20, seed=9)
    truth = np.array(springs(test).forces)
    error = [np.abs(np.array(m.predict(test).forces) - truth).mean() for m in (model, plain)]
    assert error[0] < error[1]


def evidence(model: SOAPGPR) -> float:
    return model._problem.log_evidence(model.variance_)


def test_maximised_finds_the_peak_under_its_prior():
    peak = lambda v: -200 * (v["a"].log() - 1.0) ** 2 - 200 * (v["b"] - 0.5) ** 2
    values, height = maximised(peak, {"a": 1.0, "b": 0.2})
    assert values["a"] == pytest.approx(np.e, rel=0.02)
    assert values["b"] == pytest.approx(0.5, rel=0.1)
    assert np.isfinite(height)


# ---------------------------------------------------------------- sparse points
def test_leverage_finds_what_no_other_vector_replaces():
    rng = np.random.default_rng(0)
    common = np.array([1.0, 0.2, 0.0, 0.0]) + 0.01 * rng.normal(size=(60, 4)) * [1, 1, 1, 0]
    points = torch.nn.functional.normalize(torch.tensor(np.vstack([common, [[0, 0, 0, 1.0]]])))
    draws = [set(cur(points, 6, np.random.default_rng(s)).tolist()) for s in range(20)]
    assert all(len(d) == 6 for d in draws)
    assert sum(60 in d for d in draws) >= 19
    assert len(cur(points, 500, rng)) == 61


def test_principal_axes_hold_the_vectors_but_for_what_may_be_dropped():
    random = torch.Generator().manual_seed(0)
    scales = 10.0 ** -torch.arange(8, dtype=torch.float64)
    for n in (5, 50):
        x = torch.nn.functional.normalize(torch.randn(n, 8, dtype=torch.float64, generator=random) * scales)
        axes = principal_axes(x, dropped=1e-6)
        torch.testing.assert_close(axes.T @ axes, torch.eye(axes.shape[1], dtype=torch.float64))
        lost = 1 - ((x @ axes) ** 2).sum() / n
        assert 0 <= lost <= 1e-6
        assert axes.shape[1] < min(n, 8)


@pytest.mark.parametrize("method", ["farthest_point", "cur"])
def test_both_methods_learn(method):
    frames, test = water(15), water(10, seed=7)
    model = SOAPGPR(**SMALL, n_sparse=12, sparse_method=method, random_state=0).fit(frames, springs(frames))
    truth = np.concatenate(springs(test).forces)
    error = np.concatenate(model.predict(test).forces) - truth
    assert np.sqrt(np.mean(error**2)) < 0.2 * truth.std()
    assert all(len(p) == 12 for p in model.kernel_.points.values())


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"sparse_method": "random"}, "sparse_method must be one of"),
        ({"uncertainty": "stress"}, "uncertainty must be one of"),
        ({"descriptor": "librascal"}, "descriptor must be"),
    ],
)
def test_unknown_words_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        SOAPGPR(**params).fit(water(2), [0.0, 1.0])


# ---------------------------------------------------------------- growth
def test_frames_added_later_count_as_if_they_had_come_first(tmp_path):
    frames = water(12)
    labels = springs(frames)
    params = SMALL | {"atomic_energies": NO_ATOMS, "uncertainty": "forces"}
    grown = SOAPGPR(**params).fit(frames[:4], labels[:4])
    grown.save(tmp_path / "model")
    grown = (
        SOAPGPR.load(tmp_path / "model")
        .partial_fit(frames[4:7], labels[4:7])
        .partial_fit(frames[7:], labels[7:])
    )
    once = SOAPGPR(**params).fit(frames[:4], labels[:4])
    rest = replace(labels, energy=labels.energy - 3 * once.energy_per_atom_)
    once._problem = type(once._problem)(once._problem.factors)
    once._learn(Batches(frames, rest, once.basis_, 5, "cpu"))
    once._solve()
    a, b = grown.predict(water(5, 8)), once.predict(water(5, 8))
    np.testing.assert_allclose(a.energy, b.energy, atol=1e-9)
    np.testing.assert_allclose(a.forces, b.forces, atol=1e-8)
    np.testing.assert_allclose(a.forces_std, b.forces_std, atol=1e-8)
    assert (
        np.abs(
            np.subtract(a.forces, SOAPGPR(**params).fit(frames[:4], labels[:4]).predict(water(5, 8)).forces)
        ).max()
        > 1e-3
    )


# ---------------------------------------------------------------- dscribe
def test_dscribe_gives_the_predictions_of_the_torch_basis_without_its_fade(monkeypatch):
    frames, test = water(8), water(4, seed=3)
    labels = springs(frames)
    theirs = SOAPGPR(**SMALL, descriptor="dscribe", uncertainty="forces").fit(frames, labels).predict(test)
    monkeypatch.setattr(training_batches, "checked_basis", lambda *a, smooth: _unsmoothed(a))
    ours = SOAPGPR(**SMALL, uncertainty="forces").fit(frames, labels).predict(test)
    np.testing.assert_allclose(theirs.energy, ours.energy, atol=1e-6)
    np.testing.assert_allclose(theirs.forces, ours.forces, atol=1e-6)
    np.testing.assert_allclose(theirs.energy_std, ours.energy_std, atol=1e-6)
    np.testing.assert_allclose(theirs.forces_std, ours.forces_std, atol=1e-6)


def _unsmoothed(args):
    from mlffbench.descriptors.soap import checked_basis

    return checked_basis(*args, smooth=False)


def test_dscribe_refuses_cells():
    cell = bulk("Cu")
    with pytest.raises(ValueError, match="derivatives are for molecules"):
        SOAPGPR(descriptor="dscribe").fit([cell, cell], [0.0, 1.0])
