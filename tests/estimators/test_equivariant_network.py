"""The equivariant network learns, reproduces, and leaves the process as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from ase.build import bulk, molecule

from mlffbench.data import Labels
from mlffbench.estimators.equivariant_network import EquivariantNetwork
from mlffbench.potentials.networks.batches import mean_square
from mlffbench.potentials.networks.labelled_frames import LabelledFrames
from mlffbench.testing import molecules


def small(**params: Any) -> EquivariantNetwork:
    return EquivariantNetwork(**(EquivariantNetwork.test_params() | params))


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
    labelled = LabelledFrames.build(data.frames, some, one.cutoff)
    each = [labelled.batch([i]).forces for i in range(6)]
    alone = sum(mean_square(forces + 1, forces).item() for forces in each)
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
