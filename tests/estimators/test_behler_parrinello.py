"""Behler–Parrinello networks and their committees: learning, files, seeds, missing labels."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk
from example_water import springs

from mlffbench.data import concatenate
from mlffbench.datasets.acac import acac
from mlffbench.datasets.mlearn import mlearn
from mlffbench.estimators.behler_parrinello import BehlerParrinello
from mlffbench.forcefield import ForceField
from mlffbench.potentials.networks import acsf_evaluation, ensemble
from mlffbench.potentials.validation_split import holdout
from mlffbench.testing import check_forcefield, solids
from mlffbench.testing.launches import waits
from mlffbench.testing.replay import replayed_on_cpu

EACH = pytest.mark.parametrize("cls", [BehlerParrinello])


def small(cls: type[ForceField], **params: Any) -> ForceField:
    return cls(**(cls.test_params() | params))


@pytest.mark.slow
@EACH
def test_contract(cls: type[ForceField]) -> None:
    check_forcefield(cls)


def test_behler_parrinello_learns_springs() -> None:
    frames, labels = springs(40)
    model = BehlerParrinello(cutoff=3.0, hidden=(16,), max_epochs=60).fit(frames[:30], labels[:30])
    error = np.concatenate(model.predict(frames[30:]).forces) - np.concatenate(labels[30:].forces)
    assert np.sqrt(np.mean(error**2)) < 0.2 * np.sqrt(np.mean(np.concatenate(labels.forces) ** 2))


def test_a_committee_is_its_members_mean_and_spread() -> None:
    """With Bessel's correction; every member holds out other frames."""
    frames, labels = springs(12)
    committee: Any = small(BehlerParrinello, n_networks=3, validation_fraction=0.25).fit(frames, labels)
    predicted = committee.predict(frames)
    seeds = committee._seeds(3)
    assert len({tuple(holdout(12, 0.25, seed)[1]) for seed in seeds}) == 3
    members = []
    for network in committee.networks_:
        alone = pickle.loads(pickle.dumps(committee))
        alone.networks_ = [network]
        members.append(alone.predict(frames))
        assert members[-1].energy_std is None
    energies = np.array([m.energy for m in members])
    forces = np.array([m.forces[4] for m in members])
    np.testing.assert_allclose(predicted.energy, energies.mean(0))
    np.testing.assert_allclose(predicted.energy_std**2, ((energies - energies.mean(0)) ** 2).sum(0) / 2)
    np.testing.assert_allclose(predicted.forces[4], forces.sum(0) / 3)
    np.testing.assert_allclose(predicted.forces_std[4] ** 2, ((forces - forces.mean(0)) ** 2).sum(0) / 2)
    assert (predicted.energy_std > 1e-6).all()


def test_a_committee_knows_where_it_does_not_know() -> None:
    """Its spread grows outside of what it was trained on."""
    frames, labels = springs(20)
    model: Any = small(BehlerParrinello, n_networks=4, max_epochs=30).fit(frames, labels)
    stretched = [a.copy() for a in frames]
    for atoms in stretched:
        atoms.positions[1] = atoms.positions[0] + 1.5 * (atoms.positions[1] - atoms.positions[0])
    inside, outside = (np.mean(model.predict(f).energy_std) for f in (frames, stretched))
    assert outside > 3 * inside


def test_a_warm_start_goes_on() -> None:
    frames, labels = springs(12)
    model: Any = small(BehlerParrinello, warm_start=True, validation_fraction=0.0).fit(frames, labels)
    first, before = model.history_, [n.mean.clone() for n in model.networks_]
    model.fit(frames[:8], labels[:8])
    assert model.history_[0]["validation"] < 0.5 * first[0]["validation"]
    assert torch.equal(model.networks_[0].mean, before[0])
    cold: Any = small(BehlerParrinello, validation_fraction=0.0).fit(frames, labels).fit(frames, labels)
    assert cold.history_[0]["validation"] == first[0]["validation"]
    assert hasattr(model, "partial_fit")
    assert not hasattr(cold, "partial_fit")


def test_a_file_holds_all_networks(tmp_path: Any) -> None:
    frames, labels = springs(6)
    for dtype in ("float64", "float32"):
        model = small(BehlerParrinello, n_networks=2, max_epochs=1, dtype=dtype).fit(frames, labels)
        model.save(tmp_path / dtype)
        copies: list[Any] = [BehlerParrinello.load(tmp_path / dtype), pickle.loads(pickle.dumps(model))]
        for copy in copies:
            np.testing.assert_array_equal(copy.predict(frames).energy, model.predict(frames).energy)
            assert {str(p.dtype) for n in copy.networks_ for p in n.parameters()} == {f"torch.{dtype}"}


# ---------------------------------------------------------------- graphs and batches
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-4)])
@pytest.mark.parametrize("data", [lambda: springs(22), lambda: (solids().frames, solids().labels)])
def test_fifty_captured_steps_are_the_plain_ones(dtype: str, tolerance: float, data: Any) -> None:
    """Padded batches in graphs replayed on the CPU."""
    frames, labels = data()
    fit = lambda: small(
        BehlerParrinello, batch_size=4, max_epochs=13, dtype=dtype, validation_fraction=0.2
    ).fit(frames, labels)
    plain: Any = fit()
    with replayed_on_cpu():
        captured: Any = fit()
    assert (plain.captured_, captured.captured_) == ("no: cpu", "yes")
    for name in ("loss", "validation"):
        a, b = ([row[name] for row in m.history_] for m in (captured, plain))
        np.testing.assert_allclose(a, b, rtol=tolerance)


@pytest.mark.parametrize(("n_networks", "uncertainty"), [(1, "llpr"), (2, "none")])
def test_captured_evaluation_is_the_plain_one(n_networks: int, uncertainty: str) -> None:
    """Also where shapes are padded, and for single structures again and again."""
    frames, labels = springs(8)
    model: Any = small(BehlerParrinello, n_networks=n_networks, uncertainty=uncertainty, max_epochs=2)
    model.fit(frames, labels)
    plain = [model.predict(group) for group in (frames, *([a] for a in frames))]
    del model._evaluation_of
    with replayed_on_cpu():
        captured = [model.predict(group) for group in (frames, *([a] for a in frames))]
        call = model._evaluation_of.calls["mean" if n_networks == 1 else "members"]
        assert call.status == "yes"
        _, table = model._prepare(frames).parts[0]
        assert waits(lambda: call.function(table)) == []
    del model._evaluation_of
    for a, b in zip(captured, plain, strict=True):
        np.testing.assert_allclose(a.energy, b.energy, rtol=1e-12)
        np.testing.assert_allclose(np.concatenate(a.forces), np.concatenate(b.forces), atol=1e-12)
        np.testing.assert_allclose(a.energy_std, b.energy_std, rtol=1e-9)
        np.testing.assert_allclose(np.concatenate(a.forces_std), np.concatenate(b.forces_std), rtol=1e-9)


@pytest.mark.parametrize("n_networks", [1, 2])
def test_quantities_and_batches_do_not_change_a_prediction(
    n_networks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by one, or in parts of few atoms, or without what is not asked for."""
    data = solids()
    model: Any = small(BehlerParrinello, n_networks=n_networks, max_epochs=2).fit(data.frames, data.labels)
    frames = [*data.frames[:3], data.frames[3] * (2, 1, 1), Atoms("Ar2", positions=[[0, 0, 0], [0, 3, 0]])]
    whole, prepared = model.predict(frames), model.prepare(frames)
    monkeypatch.setattr(acsf_evaluation, "batch_bytes", lambda device: 1e5)
    monkeypatch.setattr(acsf_evaluation, "LEAST", 0)
    assert len(model._prepare(frames).parts) > 5 > len(prepared.inputs.parts)
    quantities = (["energy"], ["forces"], ["stress", "std"], ["energy", "forces", "stress"])
    others = [
        concatenate([model.predict([atoms]) for atoms in frames]),
        model.predict(frames),
        *(model.evaluate(prepared, names) for names in quantities),
    ]
    for labels in others:
        np.testing.assert_allclose(labels.energy, whole.energy, rtol=1e-9)
        for name in ("forces", "stress", "energy_std", "forces_std"):
            if getattr(labels, name) is not None:
                for a, b in zip(getattr(labels, name), getattr(whole, name), strict=True):
                    assert (a is None) == (b is None)
                    if a is not None:
                        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    assert others[2].forces is others[2].stress is others[3].stress is others[4].forces is None
    assert others[4].stress[-1] is None


def test_no_networks_are_a_sentence() -> None:
    with pytest.raises(ValueError, match="n_networks must be a whole number of at least 1"):
        small(BehlerParrinello, n_networks=0).fit(*springs(3))


# ---------------------------------------------------------------- robustness
@EACH
def test_seeds_reproduce(cls: type[ForceField]) -> None:
    frames, labels = springs(6)
    same = [
        small(cls, random_state=1, max_epochs=2).fit(frames, labels).predict(frames).energy for _ in range(2)
    ]
    other = small(cls, random_state=2, max_epochs=2).fit(frames, labels).predict(frames).energy
    np.testing.assert_array_equal(*same)
    assert np.abs(other - same[0]).max() > 1e-6


@EACH
def test_frames_without_forces(cls: type[ForceField]) -> None:
    """Some or all forces missing: fit works, and what it learned is not zero forces."""
    frames, labels = springs(6)
    assert labels.forces is not None
    some = replace(labels, forces=(*labels.forces[:3], None, None, None))
    for given in (some, replace(labels, forces=None)):
        predicted = small(cls, max_epochs=2).fit(frames, given).predict(frames)
        assert np.isfinite(predicted.energy).all()
        assert predicted.forces is not None


@EACH
def test_validation_frames_come_from_training(cls: type[ForceField], monkeypatch: pytest.MonkeyPatch) -> None:
    """Only frames of the training set are ever described, and the held-out part never in a training batch."""
    calls, original = [], ensemble.holdout
    spy = lambda *a: calls.append((a, original(*a))) or calls[-1][1]
    monkeypatch.setattr(ensemble, "holdout", spy)
    frames, labels = springs(10)
    small(cls, max_epochs=1, validation_fraction=0.3).fit(frames, labels)
    assert len(calls) >= 2  # the training, and what is told of it
    for arguments, (training, held) in calls:
        assert arguments[:2] == (10, 0.3)
        assert len(held) == 3
        assert not set(training) & set(held)
        np.testing.assert_array_equal(held, calls[0][1][1])


@EACH
def test_max_seconds_stops(cls: type[ForceField]) -> None:
    model: Any = small(cls, max_epochs=10**6, max_seconds=0.3).fit(*springs(6))
    assert model.history_[-1]["epoch"] < 10**4


@EACH
def test_one_frame_and_atoms_without_neighbours(cls: type[ForceField]) -> None:
    frames = [Atoms("O2", positions=[[0, 0, 0], [0, 0, 15.0]])]
    predicted = (
        small(cls, max_epochs=1).fit(frames, [1.0]).predict([*frames, Atoms("O"), bulk("O", "sc", a=2.5)])
    )
    assert np.isfinite(predicted.energy).all()
    assert predicted.forces is not None
    np.testing.assert_array_equal(predicted.forces[0], 0.0)


@EACH
def test_no_gpu_is_a_sentence(cls: type[ForceField]) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ValueError, match="sees no GPU"):
        small(cls, device="cuda").fit(*springs(3))


@pytest.mark.gpu
@EACH
def test_gpu_agrees_with_cpu(cls: type[ForceField]) -> None:
    frames, labels = springs(8)
    cpu, gpu = (
        small(cls, device=d, max_epochs=2, dtype="float64").fit(frames, labels).predict(frames)
        for d in ("cpu", "cuda")
    )
    np.testing.assert_allclose(gpu.energy, cpu.energy, atol=1e-6)
    np.testing.assert_allclose(gpu.forces[0], cpu.forces[0], atol=1e-5)


@pytest.mark.parametrize("kind", ["molecule", "crystal"])
def test_training_in_single_precision_loses_nothing(
    shared_data: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acetylacetone, and silicon with stresses: errors as in double, and forces that are the gradient."""
    monkeypatch.setenv("MLFFBENCH_DATA", str(shared_data))
    dataset = acac() if kind == "molecule" else mlearn(element="Si")
    tests = ("test_300K", "test")
    group = np.array(dataset.columns["group"])
    training = np.flatnonzero(np.isin(group, ("train_300K", "train")))[: 40 if kind == "molecule" else 10]
    tested = np.flatnonzero(np.isin(group, tests))[:10]
    pick = lambda rows: ([dataset.frames[i] for i in rows], dataset.labels[rows])
    (frames, labels), errors = pick(tested), {}
    for dtype in ("float32", "float64"):
        model = BehlerParrinello(max_epochs=12, dtype=dtype).fit(*pick(training))
        predicted = model.predict(frames)
        energies = (predicted.energy - labels.energy) / [len(a) for a in frames]
        forces = np.concatenate(predicted.forces) - np.concatenate(labels.forces)
        errors[dtype] = [np.sqrt(np.mean(x**2)) for x in (energies, forces)]
        moved = [frames[0].copy() for _ in range(2)]
        for atoms, step in zip(moved, (1e-4, -1e-4), strict=True):
            atoms.positions[1, 2] += step
        slope = -np.diff(model.predict(moved).energy)[0] / 2e-4
        assert predicted.forces[0][1, 2] == pytest.approx(-slope, abs=1e-5)
    np.testing.assert_allclose(errors["float32"], errors["float64"], rtol=0.02)


@pytest.mark.gpu
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-4)])
def test_gpu_steps_and_evaluations_are_captured(dtype: str, tolerance: float) -> None:
    """The losses of fifty steps and the predictions of single structures are the plain ones."""
    frames, labels = springs(22)
    fit = lambda: small(
        BehlerParrinello, batch_size=4, max_epochs=13, dtype=dtype, device="cuda"
    ).fit(frames, labels)  # fmt: skip
    captured: Any = fit()
    assert captured.captured_ == "yes"
    single = [captured.predict([a]) for a in frames]
    assert captured._evaluation_of.calls["mean"].status == "yes"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mlffbench.system.cuda_graph.POOLS", {})
        plain: Any = fit()
        assert plain.captured_ == "no: cuda"
        del captured._evaluation_of
        for a, b in zip(single, (captured.predict([a]) for a in frames), strict=True):
            np.testing.assert_allclose(a.energy, b.energy, rtol=1e-9)
            np.testing.assert_allclose(a.forces[0], b.forces[0], atol=1e-9)
    a, b = ([row["loss"] for row in m.history_] for m in (captured, plain))
    np.testing.assert_allclose(a, b, rtol=tolerance)


# ---------------------------------------------------------------- deviations of the last layers
def test_deviations_of_one_network_are_kept_in_files(tmp_path: Path) -> None:
    frames, labels = springs(12)
    model: Any = small(BehlerParrinello, uncertainty="llpr", validation_fraction=0.25).fit(frames, labels)
    predicted = model.predict(frames)
    assert (predicted.energy_std > 0).all()
    assert all((f > 0).all() for f in predicted.forces_std)
    model.save(tmp_path / "model.mlff")
    again = BehlerParrinello.load(tmp_path / "model.mlff").predict(frames)
    np.testing.assert_allclose(again.energy_std, predicted.energy_std)
    np.testing.assert_allclose(again.forces_std[3], predicted.forces_std[3])
    assert model.evaluate(model.prepare(frames), ("energy", "forces")).forces_std is None


def test_one_network_knows_where_it_does_not_know() -> None:
    frames, labels = springs(20)
    model: Any = small(BehlerParrinello, uncertainty="llpr", max_epochs=30).fit(frames, labels)
    stretched = [a.copy() for a in frames]
    for atoms in stretched:
        atoms.positions[1] = atoms.positions[0] + 1.5 * (atoms.positions[1] - atoms.positions[0])
    inside, outside = (np.mean(model.predict(f).energy_std) for f in (frames, stretched))
    assert outside > 3 * inside


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"n_networks": 2}, "that of one network"),
        ({"validation_fraction": 0.0}, "validation_fraction above 0"),
    ],
)
def test_deviations_that_cannot_be_are_refused_before_the_fit(params: dict[str, Any], sentence: str) -> None:
    frames, labels = springs(4)
    with pytest.raises(ValueError, match=sentence):
        small(BehlerParrinello, uncertainty="llpr", **params).fit(frames, labels)


def test_a_file_of_before_has_no_uncertainty() -> None:
    frames, labels = springs(4)
    model: Any = small(BehlerParrinello).fit(frames, labels)
    state = model.__getstate__()
    del state["uncertainty"]
    old: Any = object.__new__(BehlerParrinello)
    old.__setstate__(state)
    assert old.get_params()["uncertainty"] == "none"
    np.testing.assert_allclose(old.predict(frames).energy, model.predict(frames).energy)
