"""What all networks on graphs share: the constructor, and training as captured, padded batches."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule
from sklearn.base import clone

from mlffbench.data import Labels
from mlffbench.estimators.base.graph_network import GraphNetwork
from mlffbench.estimators.equivariant_network import EquivariantNetwork
from mlffbench.estimators.painn import PaiNN
from mlffbench.estimators.schnet import SchNet
from mlffbench.estimators.tensornet import TensorNet
from mlffbench.potentials.networks import training
from mlffbench.potentials.networks.rigidity import Rows
from mlffbench.system import cuda_graph
from mlffbench.testing import molecules
from mlffbench.testing.launches import operations, waits
from mlffbench.testing.replay import replayed_on_cpu

SHARED = {
    "energy_weight": 1.0, "forces_weight": 1.0, "stress_weight": 100.0, "max_epochs": 100, "batch_size": 5,
    "learning_rate": 0.005, "validation_fraction": 0.1, "patience": None, "max_seconds": None,
    "uncertainty": "none", "warm_start": False, "device": "cpu", "dtype": "float32",
    "random_state": 0, "atomic_energies": None,
}  # fmt: skip
OWN: dict[type[GraphNetwork], dict[str, Any]] = {
    PaiNN: {"cutoff": 5.0, "channels": 32, "layers": 3, "radial_features": 20},
    SchNet: {"cutoff": 5.0, "channels": 64, "layers": 3, "radial_features": 50},
    TensorNet: {"cutoff": 5.0, "channels": 16, "layers": 2, "radial_features": 32},
    EquivariantNetwork: {
        "cutoff": 4.5, "num_channels": 32, "l_max": 1, "num_layers": 3, "num_radial_basis": 8,
        "parity": False, "max_epochs": 60, "learning_rate": 0.02,
    },
}  # fmt: skip
EACH = pytest.mark.parametrize("cls", OWN, ids=lambda c: c.__name__)


@EACH
def test_every_class_has_its_own_defaults(cls: type[GraphNetwork]) -> None:
    assert cls().get_params() == SHARED | OWN[cls]
    signature = inspect.signature(cls).parameters.values()
    assert {p.name: p.default for p in signature} == SHARED | OWN[cls]
    positional = [p.name for p in signature if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == list(OWN[cls])[:4]


@EACH
def test_it_is_cloned_compared_and_shown_as_an_estimator(cls: type[GraphNetwork]) -> None:
    model = cls(3.0, batch_size=2)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert copy != model
    assert len({copy, model}) == 2
    assert repr(model) == f"{cls.__name__}(batch_size=2, cutoff=3.0)"


@EACH
def test_the_shared_parameters_stand_in_every_docstring(cls: type[GraphNetwork]) -> None:
    documented = inspect.getdoc(cls) or ""
    assert "{shared}" not in documented
    assert "batch_size, learning_rate, patience" in documented
    assert documented.count("Attributes\n----------") == documented.count("history_ : list of dict") == 1


# ---------------------------------------------------------------- evaluation
@EACH
def test_energies_alone_are_those_with_forces(cls: type[GraphNetwork]) -> None:
    frames, labels = mixture()
    model = network(cls, max_epochs=1).fit(frames, labels)
    prepared = model.prepare(frames)
    alone, together = model.evaluate(prepared, ("energy",)), model.evaluate(prepared)
    assert alone.forces is None
    np.testing.assert_allclose(alone.energy, together.energy, rtol=1e-12)


def test_a_batch_that_finds_no_memory_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, labels = mixture()
    model = network(SchNet, max_epochs=1).fit(frames, labels)
    expected, sizes = deepcopy(model).predict(frames), []
    whole = model._with_forces

    def small_memory(batch: Any, create_graph: bool = False) -> Any:
        sizes.append(batch.n_frames)
        if batch.n_frames > 8:
            raise torch.OutOfMemoryError("too large")
        return whole(batch, create_graph)

    monkeypatch.setattr(model, "_with_forces", small_memory)
    np.testing.assert_allclose(model.predict(frames).energy, expected.energy, rtol=1e-12)
    assert sizes == [15, 8, 7]


# ---------------------------------------------------------------- captured, padded batches
PRECISE = [(cls, "float64", 1e-10) for cls in OWN]
SINGLE = [(cls, "float32", 1e-4) for cls in OWN]
COLUMNS = ("cls", "dtype", "tolerance")


def mixture() -> tuple[list[Atoms], Labels]:
    """Molecules, an atom and crystals of silicon and oxygen; every third frame lacks forces."""
    kinds = [
        bulk("Si", cubic=True), molecule("SiO"), bulk("SiO", "zincblende", a=4.8), molecule("O2"),
        bulk("Si"), Atoms("Si"), molecule("Si2"), molecule("O3"),
    ]  # fmt: skip
    frames = [a.copy() for a in (*kinds, *kinds[:-1])]
    rng = np.random.default_rng(0)
    for atoms in frames:
        atoms.positions += rng.normal(0, 0.08, atoms.positions.shape)
    forces = tuple(None if i % 3 == 2 else rng.normal(0, 1, (len(a), 3)) for i, a in enumerate(frames))
    stress = tuple(rng.normal(0, 0.01, 6) if a.pbc.all() else None for a in frames)
    return frames, Labels(rng.normal(0, 1, len(frames)), forces, stress)


def network(cls: type[GraphNetwork], **params: Any) -> GraphNetwork:
    """Five steps an epoch: 14 frames to train on, three at a time, and two in the last batch."""
    more = {"batch_size": 3, "validation_fraction": 0.07, "max_epochs": 10, "cutoff": 2.6}
    more |= {"learning_rate": 2e-3}  # rounding grows slowly
    return cls(**cls.test_params() | more | params)


def losses(model: GraphNetwork) -> np.ndarray:
    return np.array([(row["loss"], row["validation"]) for row in model.history_])


@contextmanager
def intercepted(monkeypatch: pytest.MonkeyPatch, function: Any) -> Iterator[None]:
    """Call ``function(run, batch)`` in place of each training step."""
    with monkeypatch.context() as patch:
        patch.setattr(training._Run, "update", function)
        yield


@pytest.mark.parametrize(COLUMNS, [*PRECISE, SINGLE[-1]])
def test_losses_of_fifty_captured_steps_are_those_of_plain_ones(
    cls: type[GraphNetwork], dtype: str, tolerance: float
) -> None:
    frames, labels = mixture()
    plain = network(cls, dtype=dtype).fit(frames, labels)
    captured = network(cls, dtype=dtype)
    with replayed_on_cpu() as recorded:
        captured.fit(frames, labels)
    assert (plain.captured_, captured.captured_) == ("no: cpu", "yes")
    assert len(recorded) >= 4  # several shapes of steps, and the validation
    np.testing.assert_allclose(losses(captured), losses(plain), rtol=tolerance)
    np.testing.assert_allclose(
        captured.predict(frames).energy, plain.predict(frames).energy, rtol=tolerance, atol=tolerance
    )


@pytest.mark.gpu
@pytest.mark.parametrize(COLUMNS, PRECISE + SINGLE)
def test_losses_of_fifty_captured_steps_are_those_of_plain_ones_on_a_gpu(
    cls: type[GraphNetwork], dtype: str, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, labels = mixture()
    captured = network(cls, dtype=dtype, device="cuda").fit(frames, labels)
    on_cpu = network(cls, dtype=dtype).fit(frames, labels)
    monkeypatch.delitem(cuda_graph.POOLS, "cuda")
    plain = network(cls, dtype=dtype, device="cuda").fit(frames, labels)
    assert (plain.captured_, captured.captured_) == ("no: cuda", "yes")
    np.testing.assert_allclose(losses(captured), losses(plain), rtol=tolerance)
    np.testing.assert_allclose(losses(plain)[:3], losses(on_cpu)[:3], rtol=1e-3)


@EACH
def test_steps_and_validation_wait_for_nothing(
    cls: type[GraphNetwork], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    update = training._Run.update

    def step(run: Any, parts: Any) -> torch.Tensor:
        if run.optimizer.state and not seen:
            seen.extend(
                (waits(lambda: update(run, parts)), waits(lambda: run.validate.error.function(parts[0])))
            )
        return update(run, parts)

    frames, labels = mixture()
    with replayed_on_cpu(), intercepted(monkeypatch, step):
        network(cls, max_epochs=1).fit(frames, labels)
    assert seen == [[], []]


def test_the_operations_of_a_step_stay_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a kernel or more on a GPU; three layers of scalars and vectors."""
    counts: list[int] = []
    update = training._Run.update

    def step(run: Any, batch: Any) -> torch.Tensor:
        if run.optimizer.state and not counts:
            counts.append(len(operations(lambda: update(run, batch))))
        return update(run, batch)

    frames, labels = mixture()
    with intercepted(monkeypatch, step):
        network(EquivariantNetwork, max_epochs=1, num_layers=3).fit(frames, labels)
    assert 0 < counts[0] < 830


def test_a_warm_start_is_captured_anew() -> None:
    frames, labels = mixture()
    histories = []
    for capture in (False, True):
        model = network(SchNet, warm_start=True, max_epochs=4, validation_fraction=0.0)
        with replayed_on_cpu() if capture else nullcontext():
            first = losses(model.fit(frames, labels))
            histories.append(np.concatenate([first, losses(model.fit(frames, labels))]))
    assert histories[1][4, 0] < histories[1][0, 0]
    np.testing.assert_allclose(*histories, rtol=1e-9)


def test_structures_of_one_shape_are_predicted_by_a_replayed_graph() -> None:
    data = molecules(4)
    model = EquivariantNetwork(**EquivariantNetwork.test_params()).fit(data.frames, data.labels)
    steps = [data.frames[0].copy() for _ in range(6)]
    for k, atoms in enumerate(steps):
        atoms.rattle(0.01, seed=k)
    expected = [model.predict([atoms]) for atoms in steps]
    again = pickle.loads(pickle.dumps(model))
    with replayed_on_cpu():
        for atoms, labels in zip(steps, expected, strict=True):
            got = again.predict([atoms])
            np.testing.assert_allclose(got.energy, labels.energy, rtol=1e-9)
            np.testing.assert_allclose(got.forces[0], labels.forces[0], rtol=1e-9, atol=1e-11)
        assert again._prediction().captured.status == "yes"
        pickle.dumps(again)  # without the graphs


# ---------------------------------------------------------------- deviations of the last layer
@pytest.mark.parametrize("cls", [EquivariantNetwork, SchNet], ids=lambda c: c.__name__)
def test_deviations_are_kept_in_files_and_computed_when_asked_for(cls: Any, tmp_path: Path) -> None:
    data = molecules(8)
    model = network(cls, uncertainty="llpr", validation_fraction=0.25, max_epochs=2)
    model.fit(data.frames, data.labels)
    predicted = model.predict(data.frames)
    assert (predicted.energy_std > 0).all()
    assert all(f.shape == (9, 3) and (f > 0).all() for f in predicted.forces_std)
    model.save(tmp_path / "model.mlff")
    for copy in (pickle.loads(pickle.dumps(model)), cls.load(tmp_path / "model.mlff")):
        again = copy.predict(data.frames)
        np.testing.assert_allclose(again.energy_std, predicted.energy_std)
        np.testing.assert_allclose(again.forces_std, predicted.forces_std)
    asked = model.evaluate(model.prepare(data.frames), ("energy", "forces"))
    assert asked.energy_std is None
    np.testing.assert_array_equal(asked.forces, predicted.forces)


def test_deviations_are_those_of_errors_held_out() -> None:
    """The mean of (error/σ)² over the frames that calibrate is 1."""
    data = molecules(10)
    model: Any = network(EquivariantNetwork, uncertainty="llpr", validation_fraction=0.3, max_epochs=2)
    labels = replace(
        data.labels, forces=[None if i % 3 == 0 else f for i, f in enumerate(data.labels.forces)]
    )
    rows = []
    joined = Rows.joined
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rows, "joined", lambda parts: rows.append(joined(parts)) or rows[0])
        model.fit(data.frames, labels)
    (held,), rigidity = rows, model.rigidity_
    assert len(held.energy_error) == 3
    assert len(held.forces_error) < 3 * 27  # some are not known
    pairs = (
        (held.energy, held.energy_error, rigidity.energy),
        (held.forces, held.forces_error, rigidity.forces),
    )
    for derivatives, errors, root in pairs:
        z = errors / (derivatives @ root).norm(dim=1)
        assert float(z.square().mean()) == pytest.approx(1.0)


def test_deviations_need_frames_to_calibrate_on() -> None:
    data = molecules(4)
    model = network(EquivariantNetwork, uncertainty="llpr", validation_fraction=0.0)
    with pytest.raises(ValueError, match="validation_fraction above 0"):
        model.fit(data.frames, data.labels)
