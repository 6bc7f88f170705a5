"""Classical potentials against data made from one, sister implementations, and published constants."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.units import GPa
from scipy.optimize import approx_fprime
from sklearn.utils import check_random_state

from mlffbench.data import Labels
from mlffbench.datasets.emt_copper import emt_copper
from mlffbench.datasets.lennard_jones import EPSILON, SIGMA, lennard_jones
from mlffbench.datasets.stillinger_weber_si import stillinger_weber_si
from mlffbench.descriptors.graph import build, with_forces
from mlffbench.estimators.buckingham import Buckingham
from mlffbench.estimators.embedded_atom import EmbeddedAtom
from mlffbench.estimators.lennard_jones import LennardJones
from mlffbench.estimators.morse import Morse
from mlffbench.estimators.stillinger_weber import StillingerWeber
from mlffbench.labelling.calculators.stillinger_weber import stillinger_weber
from mlffbench.potentials.classical import embedded_atom_fit, stillinger_weber_fit
from mlffbench.potentials.classical.design_matrix import affordable, halved, rows_of
from mlffbench.potentials.classical.least_squares import refine
from mlffbench.potentials.classical.pair import pair_terms
from mlffbench.potentials.classical.stillinger_weber import Places

SILICON = {"epsilon": 2.1683, "A": 7.049556277, "B": 0.6022245584, "sigma": 2.0951, "a": 1.80, "gamma": 1.20}
NO_ENERGY = {"Cu": 0.0, "Ni": 0.0, "Au": 0.0}


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


@pytest.fixture(scope="module")
def silicon():
    return stillinger_weber_si(n_train=12, n_test=4)


@pytest.fixture(scope="module")
def fitted_silicon(silicon):
    return StillingerWeber(n_starts=1).fit(*part(silicon, "train"))


# ---------------------------------------------------------------- pairs
def test_lennard_jones_recovers_argon():
    argon = lennard_jones(n_train=12, n_test=6)
    model = LennardJones(cutoff=8.5).fit(*part(argon, "train"))
    assert model.parameters_["Ar-Ar"] == pytest.approx({"epsilon": EPSILON, "sigma": SIGMA}, rel=5e-3)
    frames, true = part(argon, "test_hot")
    predicted = model.predict(frames)
    assert rmse(predicted.forces, true.forces) < 0.01 * rmse([0 * f for f in true.forces], true.forces)
    assert rmse(predicted.stress, true.stress) < 0.01 * rmse(np.zeros((6, 6)), true.stress)


def test_buckingham_recovers_what_made_the_data():
    true = {"A": 4000.0, "C": 70.0, "rho": 0.33, "r_min": 2.5}
    rng = np.random.default_rng(0)
    frames = [bulk("Ar", "fcc", a=5.3, cubic=True) for _ in range(12)]
    for atoms in frames:
        atoms.positions += rng.normal(scale=0.15, size=(4, 3))
    truth = Buckingham(cutoff=7.0).fit(frames, np.zeros(12))
    truth.parameters_ = {"Ar-Ar": true}
    model = Buckingham(cutoff=7.0).fit(frames, truth.predict(frames))
    found = model.parameters_["Ar-Ar"]
    assert [found[k] for k in ("A", "C", "rho")] == pytest.approx([4000.0, 70.0, 0.33], rel=0.01)


def test_buckingham_does_not_collapse_and_is_pure_beyond_the_guard():
    A, C, rho, r_min = (torch.tensor(x, dtype=torch.float64) for x in (4000.0, 70.0, 0.33, 2.5))
    r = torch.linspace(0.01, 4.0, 4000, dtype=torch.float64).requires_grad_()
    u = Buckingham.form(r, A, C, rho, r_min)
    (slope,) = torch.autograd.grad(u.sum(), r, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), r)
    pure = A * torch.exp(-r / rho) - C / r**6
    assert torch.allclose(u[r >= r_min], pure[r >= r_min], rtol=1e-14)
    assert (slope[r < 2.0] < 0).all()
    assert u[0] > 3500
    assert pure[0] < -1e9
    steps = bend.detach()[(r > 1.9) & (r < 2.6)].diff().abs()
    assert steps.max() < 0.02 * bend.abs().detach()[(r > 1.9) & (r < 2.6)].max()


@pytest.mark.parametrize(
    ("cls", "theta"),
    [
        (LennardJones, [[0.3, 0.1], [1.4, 2.0]]),
        (Buckingham, [[2.0, 1.0], [0.5, 0.7], [0.2, 0.3]]),
        (Morse, [[0.5, 2.0], [1.9, 2.2], [1.6, 1.0]]),
    ],
)
def test_pair_derivatives_are_finite_differences(cls, theta):
    theta, kinds, near = (
        np.array(theta),
        np.array([0, 1, 0, 1]),
        torch.tensor([1.2, 1.6], dtype=torch.float64),
    )
    r = np.array([1.1, 1.7, 4.3, 4.8])  # below r_min, and inside the switch of a 5 Å cutoff
    terms = lambda t, d=r: pair_terms(cls.form, cls.natural, t, near, d, kinds, 5.0)
    step = 1e-6
    slope = (terms(theta, r + step)[0] - terms(theta, r - step)[0]) / (2 * step)
    np.testing.assert_allclose(terms(theta)[1], slope, rtol=1e-6, atol=1e-8)
    for value, derivative in ((0, 2), (1, 3)):
        numeric = approx_fprime(theta.ravel(), lambda t, k=value: terms(t.reshape(theta.shape))[k], 1e-7)
        own = np.array([numeric[pair, kind::2] for pair, kind in enumerate(kinds)])
        np.testing.assert_allclose(terms(theta)[derivative], own, rtol=1e-4, atol=1e-5)


# ---------------------------------------------------------------- Stillinger and Weber
def test_the_parameters_of_silicon_are_recovered(fitted_silicon):
    assert fitted_silicon.parameters_["Si-Si"] == pytest.approx(SILICON, rel=0.01)
    assert fitted_silicon.angles_["Si-Si-Si"] == pytest.approx(
        {"lambda": 21.0, "cos_theta": -1 / 3}, rel=0.01
    )


@pytest.mark.parametrize("group", ["test_hot", "vacancy", "beta_tin"])
def test_silicon_carries_over_to_other_phases(silicon, fitted_silicon, group):
    frames, true = part(silicon, group)
    predicted = fitted_silicon.predict(frames)
    np.testing.assert_allclose(predicted.energy, true.energy, atol=1e-3)
    np.testing.assert_allclose(np.concatenate(predicted.forces), np.concatenate(true.forces), atol=1e-3)
    np.testing.assert_allclose(predicted.stress, true.stress, atol=1e-5)


def test_the_elastic_constants_of_silicon(fitted_silicon):
    atoms = bulk("Si", "diamond", a=5.431)
    stress = lambda a: fitted_silicon.predict([a]).stress[0] / GPa
    stretched, sheared = strained(atoms, 0, 0), strained(atoms, 1, 2)
    rigid = (stress(sheared[0]) - stress(sheared[1]))[3] / 2e-3
    along = (stress(stretched[0]) - stress(stretched[1])) / 2e-3
    relaxed = [stress(settled(a, fitted_silicon)) for a in sheared]
    assert along[[0, 1]] == pytest.approx([151.4, 76.4], rel=0.01)
    assert rigid == pytest.approx(rigid_shear_of_matscipy(sheared), rel=0.01)
    assert (relaxed[0] - relaxed[1])[3] / 2e-3 == pytest.approx(56.4, rel=0.01)


def rigid_shear_of_matscipy(sheared):
    """C44 without internal relaxation, GPa: no other number of the potential itself is at hand."""
    up, down = (stillinger_weber().get_property("stress", a.repeat(3))[3] / GPa for a in sheared)
    return (up - down) / 2e-3


def strained(atoms, i, j, size=1e-3):
    """A pair of copies with engineering strain ±size."""
    copies = []
    for sign in (1, -1):
        strain = np.zeros((3, 3))
        strain[i, j] += sign * size / 2
        strain[j, i] += sign * size / 2
        copies.append(atoms.copy())
        copies[-1].set_cell(atoms.cell @ (np.eye(3) + strain), scale_atoms=True)
    return copies


def settled(atoms, model):
    """The same cell with atoms where forces vanish."""
    atoms = atoms.copy()
    for _ in range(200):
        forces = model.predict([atoms]).forces[0]
        if np.abs(forces).max() < 1e-7:
            break
        atoms.positions += 0.03 * forces
    assert np.abs(forces).max() < 1e-6
    return atoms


def test_moments_are_the_sum_over_triples():
    rng = np.random.default_rng(1)
    atoms = Atoms("SiCSiCCSi", rng.uniform(0, 3.2, (6, 3)))
    model = StillingerWeber().fit([Atoms("Si"), Atoms("C")], [0.0, 0.0])
    pair = lambda k: dict(SILICON, epsilon=1 + k, sigma=1.9 + 0.1 * k, gamma=1 + 0.1 * k)
    model.parameters_ = {"C-C": pair(0), "C-Si": pair(1), "Si-Si": pair(2)}
    ends = ("C-C", "C-Si", "Si-Si")
    names = [e.replace("-", f"-{centre}-") for centre in ("C", "Si") for e in ends]
    model.angles_ = {n: {"lambda": 5.0 + i, "cos_theta": -0.1 * i} for i, n in enumerate(names)}
    predicted = model.predict([atoms]).energy[0]
    assert predicted == pytest.approx(by_triples(atoms, model), rel=1e-10)


def by_triples(atoms, model):
    """The formula of the docstring, term by term."""
    symbol, position = atoms.get_chemical_symbols(), atoms.positions
    of = lambda i, j: model.parameters_["-".join(sorted((symbol[i], symbol[j])))]
    total = 0.0
    for i, j in combinations(range(len(atoms)), 2):
        v, r = of(i, j), np.linalg.norm(position[j] - position[i])
        if r < v["a"] * v["sigma"]:
            well = v["B"] * (v["sigma"] / r) ** 4 - 1
            total += v["A"] * v["epsilon"] * well * np.exp(v["sigma"] / (r - v["a"] * v["sigma"]))
    for i in range(len(atoms)):
        for j, k in combinations([x for x in range(len(atoms)) if x != i], 2):
            arms = [position[x] - position[i] for x in (j, k)]
            lengths = [np.linalg.norm(a) for a in arms]
            bonds = [of(i, j), of(i, k)]
            gaps = [r - v["a"] * v["sigma"] for r, v in zip(lengths, bonds, strict=True)]
            if max(gaps) < 0:
                ends = sorted((symbol[j], symbol[k]))
                angle = model.angles_[f"{ends[0]}-{symbol[i]}-{ends[1]}"]
                decay = sum(v["gamma"] * v["sigma"] / gap for v, gap in zip(bonds, gaps, strict=True))
                cosine = arms[0] @ arms[1] / np.prod(lengths) - angle["cos_theta"]
                unit = np.sqrt(bonds[0]["epsilon"] * bonds[1]["epsilon"])
                total += angle["lambda"] * unit * np.exp(decay) * cosine**2
    return total


def test_the_end_of_the_range_is_smooth(fitted_silicon):
    reach = SILICON["a"] * SILICON["sigma"]
    labels = fitted_silicon.predict(
        [Atoms("Si2", [(0, 0, 0), (reach + x, 0, 0)]) for x in (-1e-2, -1e-4, 0.1)]
    )
    assert np.ptp(labels.energy) < 1e-12
    assert np.abs(np.concatenate(labels.forces)).max() < 1e-12


# ---------------------------------------------------------------- embedded atoms
def test_embedding_is_needed_for_copper():
    copper = emt_copper(n_train=25, n_test=6)
    train, (frames, true) = part(copper, "train"), part(copper, "test_hot")
    errors = []
    for model in (EmbeddedAtom(cutoff=5.0, max_iterations=30), Morse(cutoff=5.0, n_starts=1)):
        predicted = model.fit(*train).predict(frames)
        errors.append(np.array([rmse(predicted.forces, true.forces), rmse(predicted.stress, true.stress)]))
    assert (errors[0] < 0.6 * errors[1]).all()


def test_embedded_atoms_learn_an_alloy():
    frames, labels = alloys(60)
    model = EmbeddedAtom(cutoff=5.5, max_iterations=40).fit(frames[:50], labels[:50])
    predicted, true = model.predict(frames[50:]), labels[50:]
    assert rmse(predicted.forces, true.forces) < 0.15 * rmse([0 * f for f in true.forces], true.forces)
    assert np.sqrt(np.mean((predicted.energy - true.energy) ** 2)) < 0.05 * np.std(true.energy)


def test_below_all_distances_of_training_a_wall_stands():
    frames = [bulk("Cu", "fcc", a=a, cubic=True) for a in (3.5, 3.6, 3.7)]
    model = EmbeddedAtom(cutoff=4.0, max_iterations=5).fit(frames, [0.3, 0.0, 0.2])
    r_min = model.pairs_["Cu-Cu"]["r_min"]
    dimers = [Atoms("Cu2", [(0, 0, 0), (x * r_min, 0, 0)]) for x in (0.9, 0.5, 0.1)]
    with_wall = model.predict(dimers).energy
    model.pairs_["Cu-Cu"]["r_min"] = 0.0
    np.testing.assert_allclose(with_wall - model.predict(dimers).energy, 50 * np.array([0.1, 0.5, 0.9]) ** 3)


# ---------------------------------------------------------------- what they share
def stillinger_weber_problem(frames, labels):
    graph = build(frames, 4.0)
    rows = rows_of(graph, frames, labels, (1.0, 1.0, 1.0), ["Ni", "Cu", "Au"])
    problem = stillinger_weber_fit.Problem(graph, rows, Places.of(graph, [28, 29, 79]), (4.0, 0.0))
    low, high = problem.kinds.bounds(4.0)
    return problem, low + 0.3 * (np.minimum(high, low + 4.0) - low)


def embedded_atom_problem(frames, labels):
    graph = halved(build(frames, 4.0))
    rows = rows_of(graph, frames, labels, (1.0, 1.0, 1.0), ["Ni", "Cu", "Au"])
    ends = np.sort([graph.numbers[x].numpy() for x in (graph.source, graph.target)], axis=0)
    kinds = np.unique(ends[0] * 100 + ends[1], return_inverse=True)[1]
    problem = embedded_atom_fit.Problem(graph, rows, kinds, 4.0, 4, 3)
    return problem, np.random.default_rng(0).uniform(0.1, 2.0, sum(problem.sizes))


@pytest.mark.parametrize("problem_of", [stillinger_weber_problem, embedded_atom_problem])
def test_the_jacobian_is_finite_differences(problem_of):
    problem, theta = problem_of(*alloys(3))
    exact = problem.jacobian(theta)
    for column in range(0, len(theta), 3):
        step = 1e-5 * np.eye(len(theta))[column]
        numeric = (problem.residual(theta + step) - problem.residual(theta - step)) / 2e-5
        np.testing.assert_allclose(exact[:, column], numeric, atol=1e-6 * max(1.0, np.abs(numeric).max()))


@pytest.mark.parametrize("cls", [LennardJones, StillingerWeber, EmbeddedAtom])
def test_residuals_are_what_predictions_miss(cls):
    frames, labels = alloys(4)
    model = cls(cutoff=4.0, max_iterations=3, atomic_energies=NO_ENERGY).fit(frames, labels)
    graph = model._graph(frames, "cpu")
    rows = rows_of(graph, frames, labels, (1.0, 1.0, 1.0), model.elements_)
    vectors = graph.vectors.requires_grad_()
    moved = type("Moved", (type(graph),), {"vectors": vectors})(**vars(graph))
    energy = model._interaction(moved)
    (gradient,) = torch.autograd.grad(energy.sum(), vectors)
    found = rows.on_energy @ energy.detach().numpy() + rows.on_gradient @ gradient.numpy().ravel()
    predicted = with_forces(model._energies, model._prepare(frames))
    true = np.concatenate(labels.forces).ravel(), np.concatenate(labels.stress)
    weighted = [x.numpy().ravel() / np.linalg.norm(y) for x, y in zip(predicted[1:], true, strict=True)]
    np.testing.assert_allclose(found[len(frames) :], np.concatenate(weighted), atol=1e-10)


@pytest.mark.parametrize("cls", [LennardJones, Buckingham, StillingerWeber, EmbeddedAtom])
def test_pairs_never_seen_do_not_interact(cls):
    frames = [Atoms("H2", [(0, 0, 0), (r, 0, 0)]) for r in (0.7, 0.75, 0.8)] + [Atoms("O")]
    model = cls(cutoff=3.0, max_iterations=10).fit(frames, [-6.0, -6.1, -6.0, -3.0])
    near, far = model.predict([Atoms("OH", [(0, 0, 0), (r, 0, 0)]) for r in (1.0, 9.0)]).energy
    assert near == pytest.approx(far)
    alone, pair = model.predict([Atoms("H2", [(0, 0, 0), (r, 0, 0)]) for r in (9.0, 0.75)]).energy
    assert abs(alone - pair) > 1e-3


@pytest.mark.parametrize("cls", [LennardJones, Buckingham, StillingerWeber, EmbeddedAtom])
def test_nothing_to_learn_from_is_no_force(cls):
    frames = [Atoms("H"), Atoms("O")]
    labels = cls().fit(frames, [-2.0, -2.0]).predict(frames)
    np.testing.assert_allclose(labels.energy, -2.0, atol=1e-8)
    assert not np.concatenate(labels.forces).any()


def test_too_many_pairs_leave_some_frames_out_by_chance():
    frames, labels = alloys(80)
    few = [affordable(frames, labels, 4.0, 1500, check_random_state(s))[0] for s in (0, 0, 1)]
    pairs = [len(build(f, 4.0).source) for f in few]
    assert [len(f) for f in few[:2]] == [len(few[0])] * 2
    assert all(a == b for a, b in zip(few[0], few[1], strict=True))
    assert any(a != b for a, b in zip(few[0], few[2], strict=False))
    assert max(pairs) < 1.3 * 1500
    assert len(few[0]) < 80


def test_a_fit_that_is_nowhere_finite_says_so():
    nowhere = lambda x: np.full(3, np.nan)
    with pytest.raises(FloatingPointError, match="diverged"):
        refine(nowhere, lambda x: np.ones((3, 1)), [np.ones(1)], (np.zeros(1), np.full(1, 2.0)), 5)
