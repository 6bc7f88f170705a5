"""MACE against mace-torch's own calculator and files: settings, warm starts, foundations, robustness."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule
from example_mace import CPU, mixed, small, untrained
from example_water import springs

from mlffbench.data import Labels
from mlffbench.estimators.mace import MACE
from mlffbench.potentials.mace.assembly import assemble
from mlffbench.potentials.mace.batches import Graphs
from mlffbench.potentials.mace.evaluation import output
from mlffbench.potentials.mace.library import session
from mlffbench.potentials.mace.model import build, hyperparameters
from mlffbench.potentials.mace.presets import Settings
from mlffbench.potentials.networks.seeding import fixed_seed
from mlffbench.testing import Fitted, fitted, solids

KEY = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


@pytest.fixture(scope="module")
def crystal() -> Fitted:
    return fitted(MACE, solids())


@pytest.fixture(scope="module")
def water() -> Any:
    return small(max_epochs=3).fit(*springs(8))


@pytest.fixture
def default_dtype() -> Iterator[None]:
    """mace-torch's calculator changes torch's."""
    before = torch.get_default_dtype()
    yield
    torch.set_default_dtype(before)


@pytest.mark.filterwarnings("ignore")  # its calculator compiles
def test_predictions_are_those_of_maces_own_calculator(
    crystal: Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, default_dtype: None
) -> None:
    monkeypatch.setenv(KEY, "1")  # its own calculator loads a whole pickled module
    from mace.calculators import MACECalculator

    model: Any = crystal.model
    model.export(tmp_path / "mace.model")
    calculator = MACECalculator(str(tmp_path / "mace.model"), device="cpu", default_dtype="float64")
    for atoms in crystal.frames[1:3]:
        theirs, ours = atoms.copy(), model.predict([atoms])
        theirs.calc = calculator
        assert ours.energy[0] == pytest.approx(theirs.get_potential_energy(), abs=1e-8)
        np.testing.assert_allclose(ours.forces[0], theirs.get_forces(), atol=1e-8)
        np.testing.assert_allclose(ours.stress[0], theirs.get_stress(), atol=1e-8)


# ---------------------------------------------------------------- settings


def test_dtype_is_what_was_asked_for(water: Any) -> None:
    single = small(dtype="float32", max_epochs=1).fit(*springs(4))
    for model, dtype in ((single, "float32"), (water, "float64")):
        assert model.dtype_ == dtype
        assert {str(p.dtype) for p in model.module_.parameters()} == {f"torch.{dtype}"}


def test_matmul_precision_is_that_of_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    import mlffbench.potentials.mace.training as file

    seen, original = [], file.train_module
    spy = lambda *a: seen.append(torch.get_float32_matmul_precision()) or original(*a)
    monkeypatch.setattr(file, "train_module", spy)
    small(max_epochs=1, matmul_precision="high").fit(*springs(3))
    assert seen == ["high"]
    with pytest.raises(ValueError, match="matmul_precision must be"):
        small(matmul_precision="tf32").fit(*springs(3))


def test_stage_two_weighs_energies_and_has_its_own_rate() -> None:
    frames, labels = springs(8)
    model = small(max_epochs=4, stage_two=0.5, stage_two_learning_rate=1e-4, cooldown=0.0).fit(frames, labels)
    assert [h["stage"] for h in model.history_] == [1, 1, 2, 2]
    assert [h["learning_rate"] for h in model.history_][2:] == [1e-4, 1e-4]


# ---------------------------------------------------------------- initial models
def test_a_warm_start_goes_on(water: Any) -> None:
    frames, labels = springs(8)
    model = pickle.loads(pickle.dumps(water)).set_params(warm_start=True)
    before = model.predict(frames).energy
    model.set_params(learning_rate=1e-12, max_epochs=1).fit(frames, labels)
    np.testing.assert_allclose(model.predict(frames).energy, before, atol=1e-8)
    model.set_params(learning_rate=0.01, max_epochs=15).fit(frames, labels)
    error = lambda e: np.abs(e - labels.energy).mean()
    assert error(model.predict(frames).energy) < error(before)
    with pytest.raises(ValueError, match=r"a warm start knows \['H', 'O'\]"):
        model.fit([molecule("CO")], [0.0])


def test_a_foundation_without_training_is_itself(water: Any, tmp_path: Path) -> None:
    """Labels are the foundation's own energies: least squares finds its isolated atoms, nothing changes."""
    path = tmp_path / "water.model"
    water.export(path)
    frames, _ = springs(8)
    frames += [molecule("O2"), molecule("H2")]
    labels = water.predict(frames)
    tuned = small(foundation=str(path), learning_rate=1e-12, max_epochs=1).fit(frames, labels)
    assert tuned.atomic_energies_ == pytest.approx(water.atomic_energies_, abs=1e-8)
    np.testing.assert_allclose(tuned.predict(frames).energy, labels.energy, atol=1e-8)
    np.testing.assert_allclose(tuned.predict(frames).forces[0], labels.forces[0], atol=1e-8)
    given = small(
        foundation=str(path), learning_rate=1e-12, max_epochs=1, atomic_energies={"H": 1.0, "O": 2.0}
    )
    assert given.fit(frames, labels).atomic_energies_ == {"H": 1.0, "O": 2.0}


def test_a_foundation_comes_out_of_a_package(
    water: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, labels = springs(8)
    water.export(tmp_path / "small.model")
    module = "mlffbench.potentials.mace.initial_model"
    monkeypatch.setattr(f"{module}.weights_of", lambda name: [tmp_path / "small.model"])
    assert "mace-mp-0-small" in MACE.packaged
    tuned = small(foundation="mace-mp-0-small", learning_rate=1e-12, max_epochs=1).fit(frames, labels)
    path = str(tmp_path / "small.model")
    same = small(foundation=path, learning_rate=1e-12, max_epochs=1).fit(frames, labels)
    assert np.array_equal(tuned.predict(frames).energy, same.predict(frames).energy)


def test_a_foundation_is_reduced_to_the_elements_at_hand(tmp_path: Path) -> None:
    module, _, config = untrained(mixed(), [1, 6, 7, 8], {"max_ell": 2})
    path = tmp_path / "many.model"
    with session(torch.float64):
        torch.save(module, path)
    frames, labels = springs(4)
    batch = assemble(Graphs.build(frames, [1, 6, 7, 8], config["r_max"], torch.float64, CPU), range(4))
    expected = output(module, batch, stress=False)
    tuned = small(foundation=str(path), learning_rate=1e-12, max_epochs=1).fit(frames, labels)
    assert tuned.config_["atomic_numbers"] == [1, 8]
    np.testing.assert_allclose(
        np.concatenate(tuned.predict(frames).forces), expected["forces"].detach()[batch.order], atol=1e-8
    )
    with pytest.raises(ValueError, match=r"does not know \['S'\]"):
        small(foundation=str(path)).fit([molecule("SO2")], [0.0])


@pytest.mark.slow
def test_a_foundation_with_two_heads_wants_a_choice(tmp_path: Path) -> None:
    settings = Settings.from_preset("small", MACE.test_params())
    frames, labels = springs(4)
    with session(torch.float64), fixed_seed(3):
        graphs = Graphs.build(frames, [1, 8], settings.cutoff, torch.float64, CPU, labels)
        config = hyperparameters(graphs, [0, 1, 2, 3], settings, [1, 8])
        two = {"heads": ["first", "second"], "MLP_irreps": "16x0e"}
        scales = {"atomic_inter_scale": [1.0, 2.0], "atomic_inter_shift": [0.0, 0.5]}
        torch.save(build(config | two | scales, torch.float64, CPU), tmp_path / "two.model")
    path = str(tmp_path / "two.model")
    with pytest.raises(ValueError, match=r"has the heads \['first', 'second'\]; choose one"):
        small(foundation=path).fit(frames, labels)
    with pytest.raises(ValueError, match="no head 'third'"):
        small(foundation=path, foundation_head="third").fit(frames, labels)
    second = small(foundation=path, foundation_head="second", max_epochs=1).fit(frames, labels)
    assert second.config_["atomic_inter_scale"] == 2.0


def test_what_is_no_foundation_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no MACE model file"):
        small(foundation=str(tmp_path / "nothing.model")).fit(*springs(3))
    torch.save(torch.nn.Linear(1, 1), tmp_path / "linear.model")
    with pytest.raises(ValueError, match="holds a Linear; a foundation must be a ScaleShiftMACE"):
        small(foundation=str(tmp_path / "linear.model")).fit(*springs(3))


# ---------------------------------------------------------------- robustness
def test_random_states_differ_in_weights_and_holdouts(monkeypatch: pytest.MonkeyPatch) -> None:
    import mlffbench.potentials.validation_split as file

    held, original = [], file.holdout
    spy = lambda *a: held.append(original(*a)) or held[-1]
    monkeypatch.setattr(file, "holdout", spy)
    frames, labels = springs(10)
    settings = {"max_epochs": 1, "learning_rate": 1e-12, "validation_fraction": 0.3}
    models = [small(random_state=s, **settings).fit(frames, labels) for s in (1, 1, 2)]
    weights = [torch.cat([p.flatten() for p in m.module_.parameters()]).detach() for m in models]
    assert torch.equal(weights[0], weights[1])
    assert (weights[0] - weights[2]).abs().max() > 0.1
    assert held[0][1].tolist() == held[1][1].tolist() != held[2][1].tolist()
    assert all(len(h) == 3 and not set(t) & set(h) for t, h in held)


@pytest.mark.slow
def test_frames_without_forces() -> None:
    """Some or all forces missing: fit works, and what it learned is not zero forces."""
    frames, labels = springs(6)
    assert labels.forces is not None
    for forces in ((*labels.forces[:3], None, None, None), None):
        predicted = small(max_epochs=2).fit(frames, Labels(labels.energy, forces)).predict(frames)
        assert np.isfinite(predicted.energy).all()
        assert max(np.abs(f).max() for f in predicted.forces) > 0.01


def test_max_seconds_stops() -> None:
    model = small(max_epochs=10**6, max_seconds=0.3).fit(*springs(6))
    assert model.history_[-1]["epoch"] < 10**4


def test_one_frame_and_atoms_without_neighbours() -> None:
    frames = [Atoms("O2", positions=[[0, 0, 0], [0, 0, 15.0]])]
    model = small(max_epochs=1).fit(frames, [1.0])
    predicted = model.predict([*frames, Atoms("O"), bulk("O", "sc", a=2.5)])
    assert np.isfinite(predicted.energy).all()
    np.testing.assert_array_equal(predicted.forces[0], 0.0)


@pytest.mark.gpu
@pytest.mark.parametrize("kernels", ["mace", "fused"])
def test_gpu_agrees_with_cpu(kernels: str) -> None:
    frames, labels = springs(8)
    cpu, gpu = (
        small(device=d, max_epochs=2, kernels=kernels).fit(frames, labels).predict(frames)
        for d in ("cpu", "cuda")
    )
    np.testing.assert_allclose(gpu.energy, cpu.energy, atol=1e-6)
    np.testing.assert_allclose(gpu.forces[0], cpu.forces[0], atol=1e-5)


@pytest.mark.gpu
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-4)])
def test_gpu_captures_training_and_evaluation(
    dtype: str, tolerance: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Losses of 50 steps, captured against plain, and predictions within rounding of the plain ones."""
    frames, labels = springs(6)
    settings = {"device": "cuda", "dtype": dtype, "max_epochs": 25, "batch_size": 3, "learning_rate": 1e-3}
    captured = small(**settings).fit(frames, labels)
    assert captured.captured_ == "yes"
    assert captured.kernels_ in captured.kernel_seconds_
    predicted = [captured.predict(frames) for _ in range(5)][-1]
    with monkeypatch.context() as patch:
        patch.setattr("mlffbench.system.cuda_graph.POOLS", {})
        plain = small(**settings, kernels=captured.kernels_).fit(frames, labels)
        expected = plain.predict(frames)
    columns = [[row["loss"] for row in model.history_] for model in (captured, plain)]
    np.testing.assert_allclose(columns[0], columns[1], rtol=tolerance)
    np.testing.assert_allclose(predicted.energy, expected.energy, rtol=10 * tolerance)


@pytest.mark.gpu
@pytest.mark.parametrize(("channels", "max_L", "dtype"), [(256, 2, "float64"), (256, 2, "float32")])
def test_gpu_takes_a_thousand_molecules_at_once(channels: int, max_L: int, dtype: str) -> None:
    """256x2: about the estimate that sizes the batches, by what was allocated."""
    from mlffbench.potentials.mace.evaluation import Evaluation
    from mlffbench.potentials.mace.inputs import Inputs
    from mlffbench.potentials.mace.memory import bytes_per_atom

    frames, labels = springs(2)
    size = {"num_channels": channels, "max_L": max_L, "max_ell": 3, "correlation": 3, "cutoff": 5.0}
    model = small(device="cuda", dtype=dtype, kernels="fused", max_epochs=1, **size).fit(frames, labels)
    large = [molecule("CH3CH2OCH3") for _ in range(1000)]  # 12 atoms each
    for atoms in large:
        atoms.numbers = np.where(atoms.numbers == 1, 1, 8)
    torch_dtype = getattr(torch, dtype)
    graphs = Graphs.build(large, [1, 8], 5.0, torch_dtype, torch.device("cuda"))
    inputs = Inputs(graphs, [list(range(1000))], [assemble(graphs, range(1000))])
    torch.cuda.reset_peak_memory_stats()
    evaluated = Evaluation(model.module_)(inputs)
    peak = torch.cuda.max_memory_allocated() / sum(map(len, large))
    assert len(evaluated) == 1000
    assert peak < 1.5 * bytes_per_atom(model.module_, inputs.batches[0].width)


@pytest.mark.parametrize("kernels", ["fused", "mace"])
def test_deviations_are_kept_in_files(kernels: str, tmp_path: Path) -> None:
    """Those of frames without forces and of lone atoms too, with either backend."""
    frames, labels = springs(8)
    labels = Labels(labels.energy, [None, *labels.forces[1:]])
    model = small(uncertainty="llpr", validation_fraction=0.3, kernels=kernels).fit(frames, labels)
    some = [*frames[:2], Atoms("O")]
    predicted = model.predict(some)
    assert (predicted.energy_std > 0).all()
    assert all((f > 0).all() for f in predicted.forces_std[:2])
    assert not predicted.forces_std[2].any()
    model.save(tmp_path / "model.mlff")
    again = MACE.load(tmp_path / "model.mlff").predict(some)
    np.testing.assert_allclose(again.energy_std, predicted.energy_std)
    np.testing.assert_allclose(again.forces_std[1], predicted.forces_std[1])
    assert model.evaluate(model.prepare(some), ("energy", "forces")).energy_std is None
    with pytest.raises(ValueError, match="validation_fraction above 0"):
        small(uncertainty="llpr", validation_fraction=0.0).fit(frames, labels)
