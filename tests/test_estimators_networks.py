"""Behler–Parrinello and MACE against derivatives, mace-torch itself, and what fit may not do."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule
from sklearn.base import clone

from mlffbench import graph
from mlffbench.data import Labels
from mlffbench.descriptors._described import Described, derivatives
from mlffbench.estimators.behler_parrinello import BehlerParrinello
from mlffbench.estimators.mace import MACE
from mlffbench.forcefield import ForceField
from mlffbench.testing import Fitted, check_forcefield, fitted, solids

KEY = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
BOTH = pytest.mark.parametrize("cls", [BehlerParrinello, MACE])


def springs(n: int = 8) -> tuple[list[Atoms], Labels]:
    """Rattled water with harmonic O-H springs, k = 20 eV/Å²."""
    frames, energy, forces = [], [], []
    for seed in range(n):
        atoms = molecule("H2O")
        atoms.rattle(0.05, seed=seed)
        vectors = atoms.positions[1:] - atoms.positions[0]
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        pull = -20.0 * (lengths - 0.97) * vectors / lengths
        frames.append(atoms)
        energy.append(10.0 * float(((lengths - 0.97) ** 2).sum()))
        forces.append(np.vstack([-pull.sum(axis=0), pull]))
    return frames, Labels(np.array(energy), tuple(forces))


def small(cls: type[ForceField], **params: Any) -> ForceField:
    return cls(**(cls.test_params() | params))


@pytest.fixture(scope="module")
def crystal() -> dict[type[ForceField], Fitted]:
    return {cls: fitted(cls, solids()) for cls in (BehlerParrinello, MACE)}


@pytest.mark.slow
@BOTH
def test_contract(cls: type[ForceField]) -> None:
    check_forcefield(cls)


# ---------------------------------------------------------------- Behler–Parrinello
def test_kept_derivatives_give_the_forces_of_automatic_differentiation(crystal: dict[Any, Fitted]) -> None:
    model, frames, labels = (getattr(crystal[BehlerParrinello], k) for k in ("model", "frames", "labels"))
    batches = [
        Described(model.acsf_, frames, labels, torch.float64, torch.device("cpu"), kept).batch([2, 0, 5])
        for kept in (1e9, 0.0)
    ]
    for batch in batches:
        found = derivatives(model.networks_, batch, model.acsf_.columns)
        whole = graph.build([frames[i] for i in (2, 0, 5)], model.cutoff)
        for a, b in zip(found, graph.with_forces(model._energies, whole), strict=True):
            torch.testing.assert_close(a.detach(), b.detach(), rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(
            batch.stress, torch.tensor(np.array([labels.stress[i] for i in (2, 0, 5)]))
        )


def test_behler_parrinello_learns_springs() -> None:
    frames, labels = springs(40)
    model = BehlerParrinello(cutoff=3.0, hidden=(16,), max_epochs=60).fit(frames[:30], labels[:30])
    error = np.concatenate(model.predict(frames[30:]).forces) - np.concatenate(labels[30:].forces)
    assert np.sqrt(np.mean(error**2)) < 0.2 * np.sqrt(np.mean(np.concatenate(labels.forces) ** 2))


# ---------------------------------------------------------------- MACE
@pytest.mark.filterwarnings("ignore")  # its calculator compiles
def test_predictions_are_those_of_maces_own_calculator(
    crystal: dict[Any, Fitted], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = crystal[MACE]
    monkeypatch.setenv(KEY, "1")  # its own calculator loads a whole pickled module
    from mace.calculators import MACECalculator

    model: Any = example.model
    torch.save(model.module_, tmp_path / "mace.model")
    default = torch.get_default_dtype()
    try:
        calculator = MACECalculator(str(tmp_path / "mace.model"), device="cpu", default_dtype="float64")
    finally:
        torch.set_default_dtype(default)
    for atoms in (example.frames[1], molecule("H2O") if "O" in model.elements_ else example.frames[2]):
        theirs, ours = atoms.copy(), model.predict([atoms])
        theirs.calc = calculator
        baseline = sum(model.atomic_energies_[s] for s in atoms.symbols)
        assert ours.energy[0] == pytest.approx(theirs.get_potential_energy() + baseline, abs=1e-8)
        np.testing.assert_allclose(ours.forces[0], theirs.get_forces(), atol=1e-8)
        np.testing.assert_allclose(ours.stress[0], theirs.get_stress(), atol=1e-8)


def test_importing_and_fitting_leave_the_process_as_it_was() -> None:
    import e3nn

    before = torch.get_default_dtype(), os.environ.get(KEY), e3nn.get_optimization_defaults()
    frames, labels = springs(4)
    rng = torch.random.get_rng_state()
    small(MACE, max_epochs=1).fit(frames, labels).predict(frames)
    assert (torch.get_default_dtype(), os.environ.get(KEY), e3nn.get_optimization_defaults()) == before
    assert torch.equal(rng, torch.random.get_rng_state())


def test_presets_and_keywords() -> None:
    settings = MACE("paper", num_channels=8)._settings()
    assert (settings.num_channels, settings.max_ell, settings.energy_weight, settings.dtype) == (
        8,
        3,
        27,
        "float64",
    )
    assert clone(MACE("medium", cutoff=3.0)).get_params()["cutoff"] == 3.0
    with pytest.raises(ValueError, match="no preset 'tiny'"):
        MACE("tiny").fit(*springs(3))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_what_was_asked_for(dtype: str) -> None:
    model: Any = small(MACE, dtype=dtype, max_epochs=1).fit(*springs(4))
    assert model.dtype_ == dtype
    assert {str(p.dtype) for p in model.module_.parameters()} == {f"torch.{dtype}"}


def test_missing_forces_weigh_nothing_and_are_no_zeros(crystal: dict[Any, Fitted]) -> None:
    """The authors' loss, forces of frame 1 unknown: changing what stands in their place changes nothing."""
    frames, labels = springs(3)
    model: Any = small(MACE, max_epochs=1).fit(frames, labels)
    from mlffbench.estimators._mace_torch import error_of, graphs_of, session

    partial = Labels(labels.energy, (labels.forces[0], None, labels.forces[2]))  # type: ignore[index]
    with session(torch.float64) as mace:
        batch = mace.collate(graphs_of(mace, frames, model.elements_, model.cutoff_, partial))
        error = error_of(mace, model._settings(), stress=False)
    losses = []
    for stand_in in (0.0, 7.0):
        batch.forces[3:6] = stand_in
        losses.append(error(batch, model._output(batch, False)).item())
    assert losses[0] == losses[1]


# ---------------------------------------------------------------- both
@BOTH
def test_seeds_reproduce(cls: type[ForceField]) -> None:
    frames, labels = springs(6)
    same = [
        small(cls, random_state=1, max_epochs=2).fit(frames, labels).predict(frames).energy for _ in range(2)
    ]
    other = small(cls, random_state=2, max_epochs=2).fit(frames, labels).predict(frames).energy
    np.testing.assert_array_equal(*same)
    assert np.abs(other - same[0]).max() > 1e-6


@BOTH
def test_frames_without_forces(cls: type[ForceField]) -> None:
    """Some or all forces missing: fit works, and what it learned is not zero forces."""
    frames, labels = springs(6)
    assert labels.forces is not None
    some = replace(labels, forces=(*labels.forces[:3], None, None, None))
    for given in (some, replace(labels, forces=None)):
        predicted = small(cls, max_epochs=2).fit(frames, given).predict(frames)
        assert np.isfinite(predicted.energy).all()
        assert predicted.forces is not None


@BOTH
def test_validation_frames_come_from_training(cls: type[ForceField], monkeypatch: pytest.MonkeyPatch) -> None:
    """Only frames of the training set are ever described, and the held-out part never in a training batch."""
    import mlffbench.estimators.behler_parrinello as bp
    import mlffbench.estimators.mace as mace

    calls = []
    for module in (bp, mace):
        original = module.holdout
        spy = lambda *a, f=original: calls.append((a, f(*a))) or calls[-1][1]  # noqa: E731
        monkeypatch.setattr(module, "holdout", spy)
    frames, labels = springs(10)
    small(cls, max_epochs=1, validation_fraction=0.3).fit(frames, labels)
    (arguments, (training, held)) = calls[0]
    assert arguments[:2] == (10, 0.3)
    assert len(held) == 3
    assert not set(training) & set(held)


@BOTH
def test_max_seconds_stops(cls: type[ForceField]) -> None:
    model: Any = small(cls, max_epochs=10**6, max_seconds=0.3).fit(*springs(6))
    assert model.history_[-1]["epoch"] < 10**4


@BOTH
def test_one_frame_and_atoms_without_neighbours(cls: type[ForceField]) -> None:
    frames = [Atoms("O2", positions=[[0, 0, 0], [0, 0, 15.0]])]
    predicted = (
        small(cls, max_epochs=1).fit(frames, [1.0]).predict([*frames, Atoms("O"), bulk("O", "sc", a=2.5)])
    )
    assert np.isfinite(predicted.energy).all()
    assert predicted.forces is not None
    np.testing.assert_array_equal(predicted.forces[0], 0.0)


@BOTH
def test_no_gpu_is_a_sentence(cls: type[ForceField]) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ValueError, match="sees no GPU"):
        small(cls, device="cuda").fit(*springs(3))


@pytest.mark.gpu
@BOTH
def test_gpu_agrees_with_cpu(cls: type[ForceField]) -> None:
    frames, labels = springs(8)
    cpu, gpu = (
        small(cls, device=d, max_epochs=2).fit(frames, labels).predict(frames) for d in ("cpu", "cuda")
    )
    np.testing.assert_allclose(gpu.energy, cpu.energy, atol=1e-6)
    np.testing.assert_allclose(gpu.forces[0], cpu.forces[0], atol=1e-5)
