"""The equivariant network against group theory, e3nn's own tensor product, and what fit may not do."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule
from scipy.spatial.transform import Rotation

from mlffbench.data import Labels
from mlffbench.descriptors import graph
from mlffbench.estimators.equivariant_network import EquivariantNetwork
from mlffbench.potentials.networks import e3nn_wrapper
from mlffbench.potentials.networks.batches import collate, join, labelled, mean_square, parts
from mlffbench.potentials.networks.convolution import Convolution, rows_of
from mlffbench.potentials.networks.nequip import Equivariant
from mlffbench.potentials.networks.nequip_interaction import Interaction
from mlffbench.potentials.networks.radial_basis import RadialBasis, envelope
from mlffbench.potentials.networks.training import seeded
from mlffbench.testing import molecules

DIRECTIONS = [(0, 1), (1, -1), (2, 1)]
BOTH_PARITIES = [*DIRECTIONS, (0, -1), (1, 1), (2, -1)]


@contextmanager
def e3nn() -> Iterator[Any]:
    """e3nn itself, which warns, and compiles unless it is told not to."""
    o3 = e3nn_wrapper._o3()
    import e3nn

    before = e3nn.get_optimization_defaults()
    e3nn.set_optimization_defaults(jit_script_fx=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield o3
    finally:
        e3nn.set_optimization_defaults(**before)


def rattled(atoms: Atoms, seed: int = 0) -> Atoms:
    atoms = atoms.copy()
    atoms.rattle(0.1, seed=seed)
    return atoms


def network(numbers: list[int], **changes: Any) -> Equivariant:
    sizes = {"channels": 4, "l_max": 2, "layers": 3, "basis": 5, "parity": False}
    scales = {"cutoff": 4.0, "neighbours": 5.0, "shift": -0.3, "scale": 1.7}
    with seeded(3):
        return Equivariant(numbers, **(sizes | scales | changes)).double()


def outcome(module: Equivariant, atoms: Atoms, cutoff: float = 4.0) -> tuple[torch.Tensor, ...]:
    """Energy, forces and stress of one frame."""
    energies = lambda g: g.sum_atoms(module(g))
    return tuple(x.detach() for x in graph.with_forces(energies, graph.build([atoms], cutoff)))


def small(**params: Any) -> EquivariantNetwork:
    return EquivariantNetwork(**(EquivariantNetwork.test_params() | params))


# ---------------------------------------------------------------- the tensor product
@pytest.mark.parametrize("kinds", [DIRECTIONS, BOTH_PARITIES])
def test_convolution_is_the_sum_over_clebsch_gordan_coefficients(kinds: list[tuple[int, int]]) -> None:
    """m_k = w √(2l₃+1) Σ_ij W_ijk x_i Y_j, written out path by path with e3nn's 3j symbols."""
    convolution = Convolution(kinds, DIRECTIONS, kinds)
    x, y, w = (torch.randn(3, *s, dtype=torch.float64) for s in shapes(kinds, convolution))
    found, row, path = convolution(x, y, w), 0, 0
    ins, angles = rows_of(kinds), rows_of(DIRECTIONS)
    with e3nn() as o3:
        for l3, p3 in kinds:
            for i, (l1, p1) in enumerate(kinds):
                for j, (l2, p2) in enumerate(DIRECTIONS):
                    if not (abs(l1 - l2) <= l3 <= l1 + l2 and p3 == p1 * p2):
                        continue
                    W = o3.wigner_3j(l1, l2, l3, dtype=torch.float64) * (2 * l3 + 1) ** 0.5
                    product = torch.einsum("ijk,pic,pj->pkc", W, x[:, ins[i]], y[:, angles[j]])
                    expected = product * w[:, path, None]
                    torch.testing.assert_close(found[:, row : row + 2 * l3 + 1], expected)
                    row, path = row + 2 * l3 + 1, path + 1
    assert (row, path) == (found.shape[1], convolution.n_paths)


def shapes(kinds: list[tuple[int, int]], convolution: Convolution) -> list[tuple[int, ...]]:
    return [(rows_of(kinds)[-1].stop, 4), (9,), (convolution.n_paths, 4)]


def test_convolution_is_e3nns_tensor_product() -> None:
    """``TensorProduct`` with ``uvu`` instructions, whose channels come before the components."""
    channels, convolution = 4, Convolution(DIRECTIONS, DIRECTIONS, DIRECTIONS)
    x, y, w = (torch.randn(6, *s) for s in shapes(DIRECTIONS, convolution))
    with e3nn() as o3:
        wide = o3.Irreps([(channels, ir) for ir in DIRECTIONS])
        outs = o3.Irreps([(channels, ir) for ir in convolution.reached])
        instructions, k = [], 0
        for third in DIRECTIONS:
            for i, first in enumerate(DIRECTIONS):
                for j, second in enumerate(DIRECTIONS):
                    if third in e3nn_wrapper.irreps(first, second):
                        instructions.append((i, j, k, "uvu", True))
                        k += 1
        product = o3.TensorProduct(
            wide,
            o3.Irreps([(1, k) for k in DIRECTIONS]),
            outs,
            instructions,
            shared_weights=False,
            internal_weights=False,
        )
        expected = product(flat(x, DIRECTIONS), y, w.flatten(1))
    found = flat(convolution.float()(x, y, w), convolution.reached)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def flat(x: torch.Tensor, kinds: list[tuple[int, int]]) -> torch.Tensor:
    """(p, rows, channels) as e3nn has it: (p, Σ channels · (2l+1)), channels first."""
    return torch.cat([x[:, rows].mT.flatten(1) for rows in rows_of(kinds)], 1)


@pytest.mark.parametrize("kinds", [DIRECTIONS, BOTH_PARITIES])
@pytest.mark.parametrize("sign", [1, -1])
def test_features_turn_with_wigners_matrices(kinds: list[tuple[int, int]], sign: int) -> None:
    """A layer of rotated, and reflected, inputs is the rotated layer: D(R) on the rows of each atom."""
    with seeded(0):
        layer = Interaction(
            kinds, DIRECTIONS, kinds, channels=3, n_elements=2, n_basis=4, neighbours=3.0
        ).double()  # fmt: skip
    matrix = sign * Rotation.random(rng=np.random.default_rng(5)).as_matrix()
    vectors = torch.randn(12, 3, dtype=torch.float64)
    x = torch.randn(4, rows_of(kinds)[-1].stop, 3, dtype=torch.float64)
    rest = (torch.rand(12, 4, dtype=torch.float64), torch.tensor([0, 1, 1, 0]))
    pairs = torch.randint(4, (2, 12))
    turn = torch.tensor(matrix)
    with e3nn() as o3:
        D = o3.Irreps([(1, k) for k in kinds]).D_from_matrix(turn.float()).double()
    before = layer(x, e3nn_wrapper.harmonics(2, vectors), *rest, *pairs)
    after = layer(D @ x, e3nn_wrapper.harmonics(2, vectors @ turn.T), *rest, *pairs)
    assert before.abs().mean() > 0.1
    torch.testing.assert_close(after, D @ before, rtol=1e-4, atol=1e-4)  # e3nn turns in float32


# ---------------------------------------------------------------- the network
@pytest.mark.parametrize("parity", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("atoms", [molecule("CH3CH2OH"), bulk("NaCl", "rocksalt", a=5.2)])
def test_energies_stay_and_forces_turn(atoms: Atoms, sign: int, parity: bool) -> None:
    """Under all of O(3), inversion included."""
    module = network(sorted(set(atoms.numbers.tolist())), parity=parity, l_max=1 if parity else 2)
    matrix = sign * Rotation.random(rng=np.random.default_rng(1)).as_matrix()
    first = rattled(atoms)
    second = first.copy()
    second.set_cell(np.asarray(first.cell) @ matrix.T)
    second.positions = first.positions @ matrix.T
    (e1, f1, _), (e2, f2, _) = outcome(module, first), outcome(module, second)
    assert f1.abs().max() > 1e-3
    torch.testing.assert_close(e2, e1, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(f2, f1 @ torch.tensor(matrix).T, rtol=1e-9, atol=1e-9)


def test_parity_keeps_pseudotensors() -> None:
    """They can only appear in the second layer: the first has nothing but scalars to multiply."""
    module = network([8], parity=True, l_max=1, layers=4)
    assert [layer.outputs for layer in module.layers] == [
        [(0, 1), (1, -1)],
        [(0, 1), (1, -1), (1, 1)],
        [(0, 1), (1, -1), (0, -1), (1, 1)],
        [(0, 1)],
    ]


def test_forces_are_derivatives_in_a_cell_smaller_than_the_cutoff() -> None:
    atoms, step = rattled(bulk("NaCl", "rocksalt", a=5.2)), 1e-5
    module = network([11, 17])
    _, forces, stress = outcome(module, atoms)
    for i, x in ((0, 0), (1, 2)):
        energies = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions[i, x] += sign * step
            energies.append(outcome(module, moved)[0].item())
        assert forces[i, x].item() == pytest.approx(-(energies[0] - energies[1]) / (2 * step), abs=1e-7)
    energies = []
    for sign in (1, -1):
        strained = atoms.copy()
        strained.set_cell(np.asarray(atoms.cell) * (1 + sign * step), scale_atoms=True)
        energies.append(outcome(module, strained)[0].item())
    pressure = (energies[0] - energies[1]) / (2 * step) / atoms.get_volume()
    assert stress[0, :3].sum().item() == pytest.approx(pressure, abs=1e-7)


def test_atoms_come_and_go_smoothly() -> None:
    """Across the cutoff the energy has no step and the force no jump; beyond it both atoms are alone."""
    module = network([8])
    at = lambda r: outcome(module, Atoms("O2", positions=[[0, 0, 0], [0, 0, r]]))
    alone = 2 * outcome(module, Atoms("O"))[0]
    for r in (4.0, 4.5):
        assert at(r)[0].item() == alone.item()
    energy, forces, _ = at(4.0 - 1e-3)
    assert abs(energy - alone).item() < 1e-7
    assert forces.abs().max() < 1e-4
    assert at(3.0)[1].abs().max() > 1e-2


def test_information_travels_layer_by_layer() -> None:
    """In a chain, an atom further off than layers · cutoff does not change another's energy."""
    chain = lambda n: Atoms(f"O{n}", positions=[[0, 0.1 * (i % 2), 3.0 * i] for i in range(n)])
    for layers in (1, 2):
        module = network([8], layers=layers)
        ends = [module(graph.build([chain(n)], 4.0))[0].item() for n in range(layers, layers + 4)]
        assert abs(ends[1] - ends[0]) > 1e-6
        np.testing.assert_allclose(ends[2:], ends[1], rtol=1e-12)


def test_radial_basis_is_its_formula() -> None:
    r = torch.linspace(0.5, 3.999, 50, dtype=torch.float64, requires_grad=True)
    found = RadialBasis(4.0, 3).double()(r).detach().numpy()
    x, k = r.detach().numpy()[:, None] / 4.0, np.arange(1, 4)
    expected = 0.5 * np.sin(k * np.pi * x) / (4.0 * x) * (1 - 28 * x**6 + 48 * x**7 - 21 * x**8)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    edge = torch.tensor([1.0 - 1e-9], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(envelope(edge).sum(), edge, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), edge)
    assert max(abs(slope.item()), abs(bend.item())) < 1e-6


# ---------------------------------------------------------------- batches
def test_joined_graphs_are_one_graph() -> None:
    frames = [rattled(bulk("Si")), Atoms("O"), rattled(molecule("CH4"))]
    expected = graph.build(frames, 4.0)
    for name, tensor in vars(collate([graph.build([a], 4.0) for a in frames])).items():
        torch.testing.assert_close(tensor, getattr(expected, name), msg=name)
    data = Labels(np.arange(3.0), (None, np.ones((1, 3)), np.zeros((5, 3))), (np.ones(6), None, None))
    batch = join(labelled(frames, data, 4.0))
    assert batch.forces.isnan().sum() == 6
    assert batch.stress.isnan().sum() == 12
    assert mean_square(batch.forces).item() == pytest.approx(3 / 18)
    assert mean_square(batch.stress[1:]).item() == 0.0
    assert batch.sizes.tolist() == [2, 1, 5]
    assert [len(p) for p in parts(frames, atoms=3)] == [2, 1]


# ---------------------------------------------------------------- learning
def test_ten_frames_are_learned_by_heart() -> None:
    data = molecules(10)
    model = EquivariantNetwork(
        num_channels=8, num_layers=2, max_epochs=60, learning_rate=0.02, validation_fraction=0.0
    )
    predicted = model.fit(data.frames, data.labels).predict(data.frames)
    error, true = (np.concatenate(f) for f in (predicted.forces, data.labels.forces))
    assert np.sqrt(np.mean((error - true) ** 2)) < 0.3 * np.sqrt(np.mean(true**2))


def test_missing_labels_are_no_zeros() -> None:
    data = molecules(6)
    some = replace(data.labels, forces=(*data.labels.forces[:3], None, None, None))
    for given in (some, replace(data.labels, forces=None)):
        predicted = small(max_epochs=1).fit(data.frames, given).predict(data.frames)
        assert np.isfinite(predicted.energy).all()
        assert predicted.forces is not None
    one = small(max_epochs=1).fit(data.frames, data.labels)
    items = labelled(data.frames, some, one.cutoff)
    alone = sum(mean_square(i.forces * 0 + 1).item() for i in items)
    assert alone == 3.0


def test_stresses_are_learned() -> None:
    """Hooke's law of a crystal of two atoms, from stresses alone."""
    strains = np.linspace(-0.05, 0.05, 7)
    frames = [bulk("Si", a=5.43 * (1 + s)) for s in strains]
    stress = np.outer(0.9 * strains, [1, 1, 1, 0, 0, 0])
    data = Labels(np.zeros(7), None, tuple(stress))
    only = {"energy_weight": 0.0, "stress_weight": 1e3, "validation_fraction": 0.0}
    model = small(cutoff=3.5, max_epochs=40, batch_size=7, learning_rate=0.03, **only).fit(frames, data)
    error = np.array(model.predict(frames).stress) - stress
    assert np.sqrt(np.mean(error**2)) < 0.3 * np.sqrt(np.mean(stress**2))


def test_seeds_reproduce() -> None:
    data = molecules(6)
    energies = [
        small(random_state=seed).fit(data.frames, data.labels).predict(data.frames).energy
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(energies[0], energies[1])
    assert np.abs(energies[2] - energies[0]).max() > 1e-6


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_what_was_asked_for(dtype: str) -> None:
    data = molecules(4)
    model: Any = small(dtype=dtype, max_epochs=1).fit(data.frames, data.labels)
    assert {str(p.dtype) for p in model.module_.parameters()} == {f"torch.{dtype}"}
    assert model.predict(data.frames).forces[0].dtype == np.float64


def test_a_warm_start_goes_on() -> None:
    data = molecules(8)
    model: Any = small(warm_start=True, max_epochs=10, validation_fraction=0.0).fit(data.frames, data.labels)
    first, energies = model.history_, model.atomic_energies_
    model.fit(data.frames[:6], data.labels[:6])
    assert model.history_[0]["validation"] < 0.5 * first[0]["validation"]
    assert model.atomic_energies_ == energies
    with pytest.raises(ValueError, match="cannot predict"):
        model.fit([molecule("NH3")], [0.0])
    assert hasattr(model, "partial_fit")
    assert not hasattr(small(), "partial_fit")


def test_a_file_holds_the_model(tmp_path: Any) -> None:
    data = molecules(4)
    model = small(max_epochs=1).fit(data.frames, data.labels)
    model.save(tmp_path / "model")
    loaded = EquivariantNetwork.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(data.frames).energy, model.predict(data.frames).energy)


def test_max_seconds_stops() -> None:
    data = molecules(4)
    model: Any = small(max_epochs=10**6, max_seconds=0.3).fit(data.frames, data.labels)
    assert model.history_[-1]["epoch"] < 10**4


# ---------------------------------------------------------------- the process
GLOBALS = """
import os, sys, torch, warnings
from mlffbench.potentials.networks import e3nn_wrapper
state = lambda: (dict(os.environ), torch.get_default_dtype(), list(warnings.filters),
                 set(torch.serialization.get_safe_globals()), torch.random.get_rng_state().tolist())
before = state()
e3nn_wrapper.coefficients(1, 1, 2), e3nn_wrapper.harmonics(2, torch.ones(1, 3))
e3nn_wrapper.irreps((1, -1), (1, -1))
assert "e3nn" in sys.modules and "mace" not in sys.modules
after = state()
assert after == before
"""


def test_importing_e3nn_leaves_the_process_as_it_was() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", GLOBALS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_fitting_leaves_the_process_as_it_was() -> None:
    data, before = molecules(3), (torch.get_default_dtype(), torch.random.get_rng_state())
    small(max_epochs=1, dtype="float32").fit(data.frames, data.labels)
    assert torch.get_default_dtype() == before[0]
    assert torch.equal(torch.random.get_rng_state(), before[1])


@pytest.mark.gpu
def test_gpu_agrees_with_cpu() -> None:
    data = molecules(6)
    cpu, gpu = (small(device=d).fit(data.frames, data.labels).predict(data.frames) for d in ("cpu", "cuda"))
    np.testing.assert_allclose(gpu.energy, cpu.energy, atol=1e-6)
    np.testing.assert_allclose(gpu.forces[0], cpu.forces[0], atol=1e-5)
