"""SchNet, PaiNN and TensorNet against graph-pes' own graphs and derivatives, and what a potential must be."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk

from mlffbench import testing
from mlffbench.data import Labels
from mlffbench.descriptors import graph
from mlffbench.estimators.base.graph_pes import GraphPES
from mlffbench.estimators.painn import PaiNN
from mlffbench.estimators.schnet import SchNet
from mlffbench.estimators.tensornet import TensorNet
from mlffbench.potentials.graph_pes import atomic_graph, defaults, library
from mlffbench.potentials.networks.labelled_frames import LabelledFrames
from mlffbench.system import cuda_graph

pytest.importorskip("graph_pes")

ALL = pytest.mark.parametrize("cls", [SchNet, PaiNN, TensorNet], ids=lambda c: c.__name__)


def small(cls: type[GraphPES], **parameters: Any) -> Any:
    return cls(**cls.test_params() | {"cutoff": 3.0} | parameters)


def springs(n: int, seed: int = 0) -> tuple[list[Atoms], Labels]:
    """Bent triatomics: E = ½ k Σ (r − r0)², k = 5 eV/Å², r0 = 1.2 Å."""
    rng = np.random.default_rng(seed)
    rest = np.array([[0, 0, 0], [1.2, 0, 0], [-0.3, 1.15, 0]])
    frames = [Atoms("CO2", positions=rest + rng.normal(scale=0.08, size=(3, 3))) for _ in range(n)]
    energy, forces = [], []
    for atoms in frames:
        force, total = np.zeros((3, 3)), 0.0
        for i, j in ((0, 1), (0, 2)):
            vector = atoms.positions[j] - atoms.positions[i]
            r = np.linalg.norm(vector)
            total += 2.5 * (r - 1.2) ** 2
            pull = 5 * (r - 1.2) * vector / r
            force[i] += pull
            force[j] -= pull
        energy.append(total)
        forces.append(force)
    return frames, Labels(np.array(energy), tuple(forces))


def crystals() -> list[Atoms]:
    """Cells smaller than the cutoff, of different sizes, and one alone in its vacuum."""
    rng = np.random.default_rng(1)
    frames = [bulk("Cu"), bulk("Cu", cubic=True), bulk("NaCl", "rocksalt", a=5.0)]
    for atoms in frames:
        atoms.symbols = ["Cu", "O", "Cu", "O"][: len(atoms)]
        atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape)
    return [*frames, Atoms("O", cell=[9, 9, 9], pbc=True)]


# ---------------------------------------------------------------- graph-pes' own way
@ALL
def test_energies_forces_and_stresses_are_those_of_graph_pes(cls: type[GraphPES]) -> None:
    """Its neighbour list, its batches, its derivatives; on ours and on its own graphs."""
    from graph_pes.atomic_graph import to_batch

    frames = crystals()
    model = small(cls).fit(frames, [1.0, 2.0, 3.0, 0.5])
    wanted = ["energy", "forces", "stress"]
    module = model.module_.eval()
    converted = atomic_graph(graph.build(frames, 3.0), 3.0, torch.float64)
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        own = to_batch([library().AtomicGraph.from_ase(a, 3.0) for a in frames])
        answers = [module.predict(g, wanted) for g in (converted, own)]
    finally:
        torch.set_default_dtype(default)
    labels = model.predict(frames)
    baseline = model._baseline(frames) + model.shift_ * np.array([len(a) for a in frames])
    for answer in answers:
        theirs = {k: v.numpy() * model.scale_ for k, v in answer.items()}
        np.testing.assert_allclose(labels.energy, theirs["energy"] + baseline, atol=1e-10)
        np.testing.assert_allclose(np.concatenate(labels.forces), theirs["forces"], atol=1e-10)
        voigt = theirs["stress"].reshape(-1, 9)[:, [0, 4, 8, 5, 2, 1]]
        np.testing.assert_allclose(np.array(labels.stress), voigt, atol=1e-10)


# ---------------------------------------------------------------- what a potential must be
@ALL
def test_nothing_jumps_at_the_cutoff(cls: type[GraphPES]) -> None:
    model = small(cls, cutoff=3.0).fit(*springs(6))
    pair = lambda r: Atoms("CO", positions=[[0, 0, 0], [r, 0, 0]])
    inside, outside, apart = (model.predict([pair(3.0 + x)]) for x in (-1e-6, 1e-6, 20.0))
    assert inside.energy[0] == pytest.approx(apart.energy[0], abs=1e-9)
    assert outside.energy[0] == pytest.approx(apart.energy[0], abs=1e-12)
    np.testing.assert_allclose(inside.forces[0], 0.0, atol=1e-4)
    np.testing.assert_array_equal(outside.forces[0], 0.0)
    near = model.predict([pair(2.0)])
    assert abs(near.energy[0] - apart.energy[0]) > 1e-5  # else there would be nothing to see


@ALL
def test_atoms_without_neighbours(cls: type[GraphPES]) -> None:
    frames = [Atoms("O2", positions=[[0, 0, 0], [0, 0, 15.0]])]
    model = small(cls, max_epochs=1).fit(frames, [1.0])
    for given in ([Atoms("O")], [*frames, Atoms("O"), bulk("O", "sc", a=2.5)]):
        predicted = model.predict(given)
        assert np.isfinite(predicted.energy).all()
        np.testing.assert_array_equal(predicted.forces[0], 0.0)


@ALL
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("default", [torch.float32, torch.float64])
def test_dtype_is_what_was_asked_for(cls: type[GraphPES], dtype: str, default: torch.dtype) -> None:
    """Whatever torch's default is; a calculator of another framework may have set it."""
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(default)
        frames, labels = springs(4)
        model = small(cls, dtype=dtype, max_epochs=1).fit(frames, labels)
        predicted = model.predict([*frames, Atoms("O")])
        assert torch.get_default_dtype() == default
    finally:
        torch.set_default_dtype(before)
    assert {str(p.dtype) for p in model.module_.parameters()} == {f"torch.{dtype}"}
    assert np.isfinite(predicted.energy).all()


@ALL
def test_float32_far_from_the_origin(cls: type[GraphPES]) -> None:
    frames, labels = springs(4)
    model = small(cls, dtype="float32", max_epochs=1).fit(frames, labels)
    far = [Atoms(a.numbers, a.positions + 1e4) for a in frames]
    here, there = model.predict(frames), model.predict(far)
    np.testing.assert_allclose(here.energy, there.energy, atol=1e-5)
    np.testing.assert_allclose(np.concatenate(here.forces), np.concatenate(there.forces), atol=1e-4)


# ---------------------------------------------------------------- learning
@ALL
def test_it_learns_springs(cls: type[GraphPES]) -> None:
    frames, labels = springs(30)
    quick = {"max_epochs": 20, "batch_size": 10, "learning_rate": 0.02}
    model = small(cls, **quick).fit(frames[:20], labels[:20])
    error = np.concatenate(model.predict(frames[20:]).forces) - np.concatenate(labels[20:].forces)
    assert np.sqrt(np.mean(error**2)) < 0.5 * np.sqrt(np.mean(np.concatenate(labels.forces) ** 2))


@ALL
def test_the_loss_counts_what_is_labelled(cls: type[GraphPES]) -> None:
    """w_E ⟨(ΔE/n)²⟩ + w_F ⟨ΔF²⟩ + w_S ⟨ΔS²⟩ from its own predictions, forces of one frame unknown."""
    data = testing.solids(3)
    frames, labels = data.frames, data.labels
    model = small(cls, cutoff=4.0, energy_weight=2.0, forces_weight=3.0, stress_weight=5.0).fit(
        frames, labels
    )
    partial = replace(labels, forces=(labels.forces[0], None, labels.forces[2]), stress=None)
    for given in (labels, partial):
        found = model.predict(frames)
        size = np.array([len(a) for a in frames])
        known = [i for i in range(3) if given.forces[i] is not None]
        expected = 2 * np.mean(((found.energy - given.energy) / size) ** 2)
        errors = np.concatenate([found.forces[i] - given.forces[i] for i in known])
        expected += 3 * np.mean(errors**2)
        if given.stress is not None:
            expected += 5 * np.mean((np.array(found.stress) - np.array(given.stress)) ** 2)
        rest = replace(given, energy=given.energy - model._baseline(frames))
        labelled = LabelledFrames.build(frames, rest, model.cutoff_)
        if given is labels:
            loss = model._loss(labelled.batch(range(3))).item()
            assert loss == pytest.approx(expected, rel=1e-8)
        else:  # the mean over frames of means, the unknown one without forces
            each = [_one(found, given, i, size[i]) for i in range(3)]
            losses = [model._loss(labelled.batch([i])).item() for i in range(3)]
            np.testing.assert_allclose(losses, each, rtol=1e-8)


def _one(found: Any, given: Any, i: int, size: int) -> float:
    forces = 0.0 if given.forces[i] is None else 3 * np.mean((found.forces[i] - given.forces[i]) ** 2)
    return 2 * ((found.energy[i] - given.energy[i]) / size) ** 2 + forces


@ALL
def test_shift_and_scale_are_those_of_the_labels(cls: type[GraphPES]) -> None:
    frames, labels = springs(5)
    model = small(cls, max_epochs=1, validation_fraction=0.0).fit(frames, labels)
    assert model.scale_ == pytest.approx(np.sqrt(np.mean(np.concatenate(labels.forces) ** 2)))
    assert model.shift_ == pytest.approx(np.mean(labels.energy - model._baseline(frames)) / 3, abs=1e-12)


@ALL
def test_seeds_reproduce(cls: type[GraphPES]) -> None:
    frames, labels = springs(6)
    rng = torch.random.get_rng_state()
    same = [small(cls, random_state=1).fit(frames, labels).predict(frames).energy for _ in range(2)]
    other = small(cls, random_state=2).fit(frames, labels).predict(frames).energy
    np.testing.assert_array_equal(*same)
    assert np.abs(other - same[0]).max() > 1e-6
    assert torch.equal(rng, torch.random.get_rng_state())


@ALL
def test_a_warm_start_goes_on(cls: type[GraphPES]) -> None:
    frames, labels = springs(6)
    model = small(cls, warm_start=True, max_epochs=4).fit(frames, labels)
    first = model.history_[0]["loss"]
    assert model.fit(frames, labels).history_[0]["loss"] < first


# ---------------------------------------------------------------- the rest of its life
@ALL
def test_its_state_is_values(cls: type[GraphPES]) -> None:
    """Plain tensors by name, nothing of graph-pes; the parameters may change after the fit."""
    frames, labels = springs(4)
    model = small(cls, max_epochs=1).fit(frames, labels)
    weights = model.__getstate__()["module_"]
    assert {type(v) for v in weights.values()} == {torch.Tensor}
    before = model.predict(frames).energy
    model.set_params(channels=2, cutoff=1.0, dtype="float32")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(frames).energy, before)


@pytest.mark.gpu
@ALL
def test_gpu_agrees_with_cpu(cls: type[GraphPES]) -> None:
    frames, labels = springs(8)
    cpu, gpu = (small(cls, device=d).fit(frames, labels).predict(frames) for d in ("cpu", "cuda"))
    np.testing.assert_allclose(gpu.energy, cpu.energy, atol=1e-6)
    np.testing.assert_allclose(gpu.forces[0], cpu.forces[0], atol=1e-5)


def test_numbers_are_made_on_the_device_where_steps_are_captured(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch.where copies a number of the host to the device, which ends a capture."""
    monkeypatch.setitem(cuda_graph.POOLS, "meta", cuda_graph.POOLS["cuda"])
    with defaults(torch.float64, torch.device("meta")):
        number = torch.tensor(0.5)
        there = torch.tensor(1, device="cpu", dtype=torch.int32)
    assert (number.device.type, number.dtype) == ("meta", torch.float64)
    assert (there.device.type, there.dtype) == ("cpu", torch.int32)
