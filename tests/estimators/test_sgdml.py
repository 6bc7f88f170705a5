"""SGDML against the published formula, finite differences, known symmetries and its own two solvers."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import molecule

from mlffbench.data import Labels
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.estimators.sgdml import SGDML
from mlffbench.potentials.sgdml.inverse_distances import Points, pair_permutations
from mlffbench.potentials.sgdml.kernel import Kernel
from mlffbench.potentials.sgdml.permutations import closure, find_permutations
from mlffbench.potentials.sgdml.solver import incomplete_cholesky, iterate, matrix, solve

SIGMA, LAM = 10.0, 1e-10


@pytest.fixture(scope="module")
def data():
    return malonaldehyde()


@pytest.fixture(scope="module")
def model(data):
    return SGDML(sigma=SIGMA, lam=LAM).fit(data.frames[:30], data.labels[:30])


def rattled(atoms: Atoms, n: int, width: float = 0.05, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return atoms.positions + width * rng.normal(size=(n, len(atoms), 3))


def distances(positions: np.ndarray) -> np.ndarray:
    return np.linalg.norm(positions[:, :, None] - positions[:, None], axis=-1)


def ammonia(n: int = 6, sigma: float = SIGMA) -> tuple[Kernel, np.ndarray, np.ndarray]:
    """A kernel with the six permutations of three hydrogens."""
    atoms = molecule("NH3")
    hydrogens = [(0, 2, 1, 3), (0, 2, 3, 1)]
    group = np.array(sorted(closure(hydrogens, 4) or []))
    positions = rattled(atoms, n)
    return Kernel(Points.of(torch.from_numpy(positions)), pair_permutations(group), sigma), positions, group


# ---------------------------------------------------------------- the formula
def naive_energy_covariance(r: np.ndarray, q: np.ndarray, group: np.ndarray, sigma: float) -> float:
    """Σ_P k(|x(r) − x(Pq)|) with the Matérn function, loop by loop."""
    total = 0.0
    for order in group:
        moved = q[order]
        square = 0.0
        for a in range(len(r)):
            for b in range(a):
                difference = 1 / np.linalg.norm(r[a] - r[b]) - 1 / np.linalg.norm(moved[a] - moved[b])
                square += difference**2
        s = np.sqrt(5 * square) / sigma
        total += (1 + s + s * s / 3) * np.exp(-s)
    return total


def naive_block(r: np.ndarray, q: np.ndarray, group: np.ndarray, sigma: float) -> np.ndarray:
    """Chmiela 2017/2018: Σ_P J(r)ᵀ [5/(3σ²)(1+s) − 25/(3σ⁴) δδᵀ] e^(−s) J(Pq) P, with numeric loops."""

    def describe(r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, slopes = [], []
        for a in range(len(r)):
            for b in range(a + 1, len(r)):
                v = r[a] - r[b]
                row = np.zeros((len(r), 3))
                row[a], row[b] = -v / np.linalg.norm(v) ** 3, v / np.linalg.norm(v) ** 3
                x.append(1 / np.linalg.norm(v))
                slopes.append(row.ravel())
        return np.array(x), np.array(slopes)

    x, jacobian = describe(r)
    block = np.zeros((r.size, q.size))
    for order in group:
        y, moved = describe(q[order])
        delta = x - y
        s = np.sqrt(5) * np.linalg.norm(delta) / sigma
        inner = 5 / (3 * sigma**2) * (1 + s) * np.eye(len(x)) - 25 / (3 * sigma**4) * np.outer(delta, delta)
        found = (jacobian.T @ (inner * np.exp(-s)) @ moved).reshape(r.size, -1, 3)
        block[:, (3 * order[:, None] + np.arange(3)).ravel()] += found.reshape(r.size, -1)
    return block


def test_the_kernel_matrix_is_the_published_formula():
    kernel, positions, group = ammonia(3, sigma=2.0)
    expected = np.block([[naive_block(r, q, group, 2.0) for q in positions] for r in positions])
    np.testing.assert_allclose(np.triu(matrix(kernel).numpy()), np.triu(expected), atol=1e-12)
    np.testing.assert_allclose(expected, expected.T, atol=1e-12)


def test_the_kernel_is_the_second_derivative_of_the_covariance_of_energies():
    kernel, positions, group = ammonia(2, sigma=2.0)
    block = kernel.rows(0, others=slice(1, 2)).numpy()
    rng = np.random.default_rng(1)
    u, v = rng.normal(size=(2, 4, 3))
    step = 1e-3
    corners = [
        i * j * naive_energy_covariance(positions[0] + i * step * u, positions[1] + j * step * v, group, 2.0)
        for i in (1, -1)
        for j in (1, -1)
    ]
    assert u.ravel() @ block @ v.ravel() == pytest.approx(sum(corners) / (4 * step**2), rel=1e-4)


def test_some_rows_are_rows_of_the_matrix():
    kernel, _, _ = ammonia(3)
    upper = matrix(kernel).triu()
    full = upper + upper.triu(1).T
    torch.testing.assert_close(kernel.rows(1, [0, 4, 11]), full[[12, 16, 23]], atol=1e-13, rtol=0)
    torch.testing.assert_close(kernel.diagonal(), full.diagonal(), atol=1e-13, rtol=0)
    vector = torch.linspace(-1, 1, kernel.size, dtype=torch.float64)
    torch.testing.assert_close(kernel.product(vector), full @ vector, atol=1e-12, rtol=0)


def test_weights_give_energies_whose_gradient_the_forces_are(model, data):
    atoms = data.frames[40].copy()
    direction = np.random.default_rng(0).normal(size=atoms.positions.shape)
    step = 1e-4
    up, down = atoms.copy(), atoms.copy()
    up.positions += step * direction
    down.positions -= step * direction
    energy = model.predict([up, down]).energy
    along = np.sum(model.predict([atoms]).forces[0] * direction)
    assert along == pytest.approx(-(energy[0] - energy[1]) / (2 * step), abs=1e-5)


# ---------------------------------------------------------------- permutations
@pytest.mark.parametrize(("name", "order"), [("H2O", 2), ("NH3", 6), ("CH4", 24), ("CH3Cl", 6), ("HCN", 1)])
def test_the_group_of_a_rattled_molecule_in_mixed_orders(name, order):
    atoms = molecule(name)
    rng = np.random.default_rng(0)
    mixed = []
    for positions in rattled(atoms, 60, 0.02):
        place = np.arange(len(atoms))
        hydrogens = np.flatnonzero(atoms.numbers == 1)
        place[hydrogens] = rng.permutation(hydrogens)
        mixed.append(positions[place])
    assert len(find_permutations(distances(np.array(mixed)), atoms.numbers)) == order


def test_nothing_is_exchanged_where_nothing_was_seen_to_exchange():
    atoms = molecule("CH3CH2OH")
    atoms.rattle(0.1, seed=1)  # no mirror is left
    group = find_permutations(distances(rattled(atoms, 20, 0.005)), atoms.numbers)
    assert group.tolist() == [list(range(9))]


def test_the_permutations_are_a_group_of_like_atoms(model, data):
    group = {tuple(p) for p in model.permutations_.tolist()}
    assert tuple(range(9)) == tuple(model.permutations_[0])
    assert all(tuple(np.array(p)[list(q)]) in group for p in group for q in group)
    numbers = data.frames[0].numbers
    assert all((numbers[list(p)] == numbers).all() for p in group)


def test_malonaldehyde_is_symmetric_in_its_two_halves(data):
    model = SGDML(sigma=SIGMA, lam=LAM).fit(data.frames[::4][:100], data.labels[::4][:100])
    assert len(model.permutations_) == 2


def test_a_group_too_large_is_not_made():
    swaps = [tuple([*range(i), i + 1, i, *range(i + 2, 6)]) for i in range(5)]
    assert closure(swaps, 6) is None
    assert len(closure(swaps[:3], 6) or []) == 24


def test_energies_do_not_change_under_the_permutations_found(data):
    frames = data.frames[::4][:60]
    model = SGDML(sigma=SIGMA, lam=LAM).fit(frames, data.labels[::4][:60])
    assert len(model.permutations_) > 1
    x = Points.of(torch.from_numpy(np.array([frames[0].positions[p] for p in model.permutations_]))).x
    energy, _ = model.field_(x - model.origin_)
    assert float(energy.max() - energy.min()) < 1e-9


# ---------------------------------------------------------------- fits
def test_training_forces_are_interpolated(model, data):
    forces = np.array(model.predict(data.frames[:30]).forces)
    assert abs(forces - np.array(data.labels.forces[:30])).max() < 5e-3
    assert model.residual_ < 1e-6


def test_energies_are_right_up_to_a_constant_that_training_gives(model, data):
    error = model.predict(data.frames[:30]).energy - data.labels.energy[:30]
    assert abs(error.mean()) < 1e-9
    assert error.std() < 0.1 * data.labels.energy[:30].std()


def test_conjugate_gradients_end_where_cholesky_does():
    kernel, _, _ = ammonia(20)
    forces = torch.from_numpy(np.random.default_rng(0).normal(size=kernel.size))
    forces = kernel.product(forces)  # of the kernel's own space
    closed = solve(kernel, forces, 1e-8)
    steps = iterate(kernel, forces, 1e-8, 60, 1e-12, 2000, np.random.RandomState(0))
    assert closed.iterations == 0
    assert steps.iterations > 0
    difference = kernel.product(steps.coefficients) - kernel.product(closed.coefficients)
    assert float(difference.abs().max()) < 1e-6 * float(forces.abs().max())


def test_a_small_memory_gives_the_same_predictions(data):
    frames, labels = data.frames[:30], data.labels[:30]
    closed = SGDML(sigma=SIGMA, lam=1e-8).fit(frames, labels)
    small = SGDML(
        sigma=SIGMA,
        lam=1e-8,
        max_memory_gb=0.0,
        rank=400,
        tolerance=1e-9,
        max_iterations=3000,
        random_state=0,
    ).fit(frames, labels)
    assert closed.iterations_ == 0
    assert small.iterations_ > 0
    new = data.frames[40:50]
    expected, got = closed.predict(new), small.predict(new)
    np.testing.assert_allclose(got.energy, expected.energy, atol=1e-6)
    np.testing.assert_allclose(np.array(got.forces), np.array(expected.forces), atol=1e-6)


def test_an_incomplete_factor_of_full_rank_is_complete():
    kernel, _, _ = ammonia(3)
    factor, left = incomplete_cholesky(kernel, kernel.size - 18, np.random.RandomState(0))
    full = matrix(kernel)
    full = full.triu() + full.triu(1).T
    # six components of each structure, its translations and rotations, carry no variance
    torch.testing.assert_close(factor.T @ factor, full, atol=1e-6 * float(full.max()), rtol=0)
    assert float(left.max()) < 1e-6 * float(full.max())


def test_lam_grows_where_rounding_needs_it(data):
    twice = [*data.frames[:20], *data.frames[:20]]  # a singular matrix
    labels = data.labels[[*range(20), *range(20)]]
    model = SGDML(sigma=200.0, lam=0.0).fit(twice, labels)
    assert 0 < model.lam_ < 1e-8


def test_sigma_and_lam_are_chosen_by_recorded_trials(data):
    model = SGDML(random_state=0).fit(data.frames[:20], data.labels[:20])
    assert (model.sigma_, model.lam_) in {(t.sigma, t.lam) for t in model.trials_}
    assert len(model.trials_) == 8
    chosen = next(t for t in model.trials_ if (t.sigma, t.lam) == (model.sigma_, model.lam_))
    assert chosen.score <= 1.02 * min(t.score for t in model.trials_)
    again = SGDML(random_state=0).fit(data.frames[:20], data.labels[:20])
    assert again.trials_ == model.trials_


def test_frames_without_forces_only_set_the_constant(data):
    frames, labels = data.frames[:30], data.labels[:30]
    some = Labels(labels.energy, tuple(f if i < 20 else None for i, f in enumerate(labels.forces)))
    fewer = SGDML(sigma=SIGMA, lam=LAM, symmetric=False).fit(frames[:20], labels[:20])
    more = SGDML(sigma=SIGMA, lam=LAM, symmetric=False).fit(frames, some)
    shift = more.predict(frames).energy - fewer.predict(frames).energy
    np.testing.assert_allclose(shift, shift[0], atol=1e-7)


# ---------------------------------------------------------------- what it takes and refuses
def test_atoms_in_another_order_are_recognised(model, data):
    rng = np.random.default_rng(3)
    frames = data.frames[:60]
    orders = [rng.permutation(9) for _ in frames]
    straight, mixed = (
        model.predict(frames),
        model.predict([a[o] for a, o in zip(frames, orders, strict=True)]),
    )
    np.testing.assert_allclose(mixed.energy, straight.energy, atol=1e-7)
    expected = [f[o] for f, o in zip(straight.forces, orders, strict=True)]
    np.testing.assert_allclose(np.array(mixed.forces), np.array(expected), atol=1e-6)


def test_training_frames_may_stand_in_different_orders(model, data):
    rng = np.random.default_rng(4)
    orders = [np.arange(9), *(rng.permutation(9) for _ in range(29))]
    frames = [a[o] for a, o in zip(data.frames[:30], orders, strict=True)]
    forces = tuple(f[o] for f, o in zip(data.labels.forces[:30], orders, strict=True))
    mixed = SGDML(sigma=SIGMA, lam=LAM).fit(frames, Labels(data.labels.energy[:30], forces))
    error = np.array(mixed.predict(frames).forces) - np.array(forces)
    assert abs(error).max() < 5e-3


def test_other_molecules_are_refused(model, data):
    with pytest.raises(ValueError, match=r"one molecule: C3H4O2; frame 1 is CH4"):
        model.predict([data.frames[0], molecule("CH4")])
    with pytest.raises(ValueError, match=r"one molecule: C3H4O2; frame 0 is C$"):
        model.predict([Atoms("C")])
    with pytest.raises(ValueError, match="frame 0 is periodic"):
        model.predict([Atoms(data.frames[0], cell=[9, 9, 9], pbc=True)])


def test_what_cannot_be_learnt_from_is_refused(data):
    with pytest.raises(ValueError, match="learns from forces"):
        SGDML().fit(data.frames[:5], data.labels.energy[:5])
    with pytest.raises(ValueError, match="lone atom"):
        SGDML().fit([Atoms("C")], Labels([0.0], (np.zeros((1, 3)),)))
    with pytest.raises(ValueError, match="one molecule"):
        SGDML().fit(
            [data.frames[0], molecule("H2O")], Labels([0.0, 1.0], (np.zeros((9, 3)), np.zeros((3, 3))))
        )


def test_a_pickle_predicts_the_same(model, data):
    copy = pickle.loads(pickle.dumps(model))
    expected, got = (m.predict(data.frames[40:45]) for m in (model, copy))
    np.testing.assert_array_equal(got.energy, expected.energy)
    np.testing.assert_array_equal(np.array(got.forces), np.array(expected.forces))


@pytest.mark.gpu
def test_a_gpu_gives_the_same(model, data):
    there = SGDML(sigma=SIGMA, lam=LAM, device="cuda").fit(data.frames[:30], data.labels[:30])
    expected, got = (m.predict(data.frames[40:45]) for m in (model, there))
    np.testing.assert_allclose(got.energy, expected.energy, atol=1e-5)
