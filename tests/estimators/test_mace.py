"""MACE against mace-torch's own graphs, layers, calculator and files, and what fit may not do."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule
from sklearn.base import clone

from mlffbench.data import Labels
from mlffbench.estimators.mace import MACE
from mlffbench.potentials.mace.backends import fuse, unfuse
from mlffbench.potentials.mace.batches import Batch, Graphs, consecutive
from mlffbench.potentials.mace.evaluation import output
from mlffbench.potentials.mace.library import arguments, build, error_of, hyperparameters, session
from mlffbench.potentials.networks.training import seeded
from mlffbench.testing import Fitted, fitted, solids

KEY = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
CPU = torch.device("cpu")


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


def mixed() -> list[Atoms]:
    """A molecule, a slab, a cell with many images of each neighbour, a lone atom."""
    slab = bulk("O", "sc", a=2.3).repeat((2, 2, 1))
    slab.pbc = (True, True, False)
    small = Atoms(
        "HOC", positions=[[0, 0, 0], [1.1, 0.2, 0], [0.3, 1.2, 0.9]], cell=[2.2, 2.4, 2.7], pbc=True
    )
    small.set_cell(small.cell + np.tril(np.full((3, 3), 0.3), -1))
    return [molecule("CH3OH"), slab, small, Atoms("O", positions=[[5.0, 1.0, 2.0]])]


def small(**params: Any) -> Any:
    return MACE(**(MACE.test_params() | params))


def untrained(
    frames: list[Atoms], numbers: list[int], settings: dict[str, Any]
) -> tuple[torch.nn.Module, Graphs, dict[str, Any]]:
    """A module in float64 with mace-torch's own layers."""
    given = small(**settings)._settings()
    with session(torch.float64) as mace, seeded(3):
        graphs = Graphs.build(frames, numbers, given.cutoff, torch.float64, CPU)
        config = hyperparameters(mace, graphs, list(range(len(frames))), given, numbers)
        return build(mace, config, torch.float64, CPU), graphs, config


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


# ---------------------------------------------------------------- graphs and layers against mace-torch's
def test_batches_give_what_mace_torchs_own_graphs_give() -> None:
    frames, numbers, order = mixed(), [1, 6, 8], [2, 0, 3, 1]
    module, graphs, config = untrained(frames, numbers, {})
    with session(torch.float64):
        from mace.data import AtomicData, Configuration
        from mace.tools import AtomicNumberTable
        from mace.tools.torch_geometric.dataloader import Collater

        theirs = [
            AtomicData.from_config(
                Configuration(
                    frames[i].numbers, frames[i].positions, {}, {}, cell=np.array(frames[i].cell),
                    pbc=tuple(frames[i].pbc.tolist()),
                ),
                AtomicNumberTable(numbers), config["r_max"],
            )
            for i in order
        ]  # fmt: skip
        expected = module(Collater([None], [])(theirs).to_dict(), compute_stress=True)
    found = output(module, graphs.batch(order), stress=True)
    for name in ("energy", "forces"):
        torch.testing.assert_close(found[name], expected[name], rtol=0, atol=1e-10)
    torch.testing.assert_close(found["stress"][0], expected["stress"][0], rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "settings",
    [
        {"max_L": 0, "max_ell": 2, "correlation": 2},
        {"max_L": 1, "max_ell": 2, "correlation": 3},
        {"max_L": 2, "max_ell": 2, "correlation": 2, "model": "MACE"},
        {"max_L": 1, "max_ell": 1, "correlation": 1, "num_interactions": 1},
    ],
    ids=str,
)
def test_fused_layers_are_mace_torchs(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Energies, forces, stresses, and the derivative of a loss on all of them by every weight."""
    from mlffbench.potentials.mace import presets

    monkeypatch.setitem(presets.PRESETS["small"], "model", settings.pop("model", "ScaleShiftMACE"))
    module, graphs, _ = untrained(mixed(), [1, 6, 8], settings)
    batch = graphs.batch([1, 3, 0, 2])

    def everything() -> list[torch.Tensor]:
        found = output(module, batch, stress=True, training=True)
        values = [found[k] for k in ("energy", "forces", "stress")]
        loss = sum(v.sin().sum() for v in values)
        weights = [p for p in module.parameters() if p.requires_grad]
        gradients = torch.autograd.grad(loss, weights, allow_unused=True)
        return [v.detach() for v in values] + [g for g in gradients if g is not None]

    expected, names = everything(), [n for n, _ in module.named_parameters()]
    with session(torch.float64) as mace:
        fuse(mace, module)
    assert [n for n, _ in module.named_parameters()] == names
    assert all(i.conv_fusion == "mlffbench" for i in module.interactions)  # type: ignore[union-attr]
    for theirs, ours in zip(expected, everything(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
    unfuse(module)
    for theirs, again in zip(expected, everything(), strict=True):
        torch.testing.assert_close(again, theirs, rtol=0, atol=0)


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


def test_kernels_by_name_train_alike() -> None:
    frames, labels = springs(6)
    models = [small(kernels=k, max_epochs=2).fit(frames, labels) for k in ("mace", "fused")]
    assert [m.kernels_ for m in models] == ["mace", "fused"]
    ours, theirs = (m.predict(frames) for m in models)
    np.testing.assert_allclose(ours.energy, theirs.energy, atol=1e-8)
    np.testing.assert_allclose(np.array(ours.forces), np.array(theirs.forces), atol=1e-8)


def test_kernels_that_disagree_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    from mlffbench.potentials.mace.symmetric_contraction import MonomialContraction

    forward = MonomialContraction.forward
    monkeypatch.setattr(MonomialContraction, "forward", lambda *a: 1.5 * forward(*a))
    frames, labels = springs(3)
    assert small(max_epochs=1).fit(frames, labels).kernels_ == "mace"
    with pytest.raises(ValueError, match="'fused' do not give mace-torch's"):
        small(max_epochs=1, kernels="fused").fit(frames, labels)


def test_kernels_that_do_not_exist_are_a_sentence() -> None:
    with pytest.raises(ValueError, match="no kernels 'fast'"):
        small(kernels="fast").fit(*springs(3))


@pytest.mark.skipif(find_spec("cuequivariance_torch") is not None, reason="cuequivariance is installed")
def test_cuequivariance_missing_is_a_sentence() -> None:
    with pytest.raises(ImportError, match=r"mlffbench\[gpu\]"):
        small(kernels="cuequivariance").fit(*springs(3))


@pytest.mark.skipif(find_spec("cuequivariance_torch") is None, reason="cuequivariance is not installed")
def test_cuequivariance_predicts_what_mace_torch_predicts() -> None:
    frames, labels = springs(6)
    ours, theirs = (
        small(kernels=k, max_epochs=2).fit(frames, labels).predict(frames) for k in ("cuequivariance", "mace")
    )
    np.testing.assert_allclose(ours.energy, theirs.energy, atol=1e-6)


def test_consecutive_frames_make_batches() -> None:
    assert consecutive([3, 3, 3, 20, 1], 6) == [[0, 1], [2], [3], [4]]
    assert consecutive([50], 6) == [[0]]


# ---------------------------------------------------------------- settings
def test_the_papers_settings() -> None:
    """Architecture, loss and groups of weight decay as the paper gives them, with 4 channels, not 256."""
    assert MACE("paper")._settings().num_channels == 256
    settings = MACE("paper", num_channels=4)._settings()
    frames, labels = springs(3)
    with session(torch.float64) as mace:
        graphs = Graphs.build(frames, [1, 8], settings.cutoff, torch.float64, CPU, labels)
        config = hyperparameters(mace, graphs, [0, 1, 2], settings, [1, 8])
        module: Any = build(mace, config, torch.float64, CPU)
        groups = mace.get_params_options(arguments(settings), module)["params"]
        error = error_of(mace, settings.energy_weight, settings.forces_weight, None)
    assert str(config["hidden_irreps"]) == "4x0e+4x1o+4x2e"
    assert (config["r_max"], config["num_bessel"], config["max_ell"], config["correlation"]) == (5.0, 8, 3, 3)
    assert (config["num_interactions"], config["MLP_irreps"], int(module.radial_embedding.cutoff_fn.p)) == (
        2, "16x0e", 5,
    )  # fmt: skip
    assert type(module.interactions[0]).__name__ == "RealAgnosticInteractionBlock"
    assert config["atomic_inter_shift"] == 0.0
    assert {g["name"] for g in groups if g["weight_decay"] == 5e-7} == {"interactions_decay", "products"}
    assert {g["lr"] for g in groups} == {0.01}
    assert (float(error.energy_weight), float(error.forces_weight)) == (27.0, 1000.0)
    training = {k: getattr(settings, k) for k in ("batch_size", "ema_decay", "schedule", "cooldown", "dtype")}
    assert training == {
        "batch_size": 5, "ema_decay": 0.99, "schedule": "plateau", "cooldown": 0.0, "dtype": "float64",
    }  # fmt: skip


def test_presets_and_keywords() -> None:
    settings = MACE("paper", num_channels=8)._settings()
    assert (settings.num_channels, settings.max_ell, settings.energy_weight) == (8, 3, 27)
    assert clone(MACE("medium", cutoff=3.0)).get_params()["cutoff"] == 3.0
    with pytest.raises(ValueError, match="no preset 'tiny'"):
        MACE("tiny").fit(*springs(3))


def test_dtype_is_what_was_asked_for(water: Any) -> None:
    single = small(dtype="float32", max_epochs=1).fit(*springs(4))
    for model, dtype in ((single, "float32"), (water, "float64")):
        assert model.dtype_ == dtype
        assert {str(p.dtype) for p in model.module_.parameters()} == {f"torch.{dtype}"}


def test_importing_and_fitting_leave_the_process_as_it_was() -> None:
    import e3nn

    def state() -> list[Any]:
        return [
            torch.get_default_dtype(), os.environ.get(KEY), e3nn.get_optimization_defaults(),
            torch.get_float32_matmul_precision(),
        ]  # fmt: skip

    before, rng = state(), torch.random.get_rng_state()
    frames, labels = springs(4)
    small(max_epochs=1, matmul_precision="medium").fit(frames, labels).predict(frames)
    assert state() == before
    assert torch.equal(rng, torch.random.get_rng_state())


def test_matmul_precision_is_that_of_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    import mlffbench.estimators.mace as file

    seen, original = [], file.trained
    spy = lambda *a: seen.append(torch.get_float32_matmul_precision()) or original(*a)
    monkeypatch.setattr(file, "trained", spy)
    small(max_epochs=1, matmul_precision="high").fit(*springs(3))
    assert seen == ["high"]
    with pytest.raises(ValueError, match="matmul_precision must be"):
        small(matmul_precision="tf32").fit(*springs(3))


def test_stage_two_weighs_energies_and_has_its_own_rate() -> None:
    frames, labels = springs(8)
    model = small(max_epochs=4, stage_two=0.5, stage_two_learning_rate=1e-4, cooldown=0.0).fit(frames, labels)
    assert [h["stage"] for h in model.history_] == [1, 1, 2, 2]
    assert [h["learning_rate"] for h in model.history_][2:] == [1e-4, 1e-4]


def test_missing_forces_weigh_nothing_and_are_no_zeros() -> None:
    """The authors' loss, forces of frame 1 unknown: changing what stands in their place changes nothing."""
    frames, labels = springs(3)
    model = small(max_epochs=1).fit(frames, labels)
    partial = Labels(labels.energy, (labels.forces[0], None, labels.forces[2]))  # type: ignore[index]
    graphs = Graphs.build(frames, [1, 8], model.config_["r_max"], torch.float64, CPU, partial)
    batch = graphs.batch([0, 1, 2])
    with session(torch.float64) as mace:
        error = error_of(mace, 1.0, 100.0, None)
    losses = []
    for stand_in in (0.0, 7.0):
        batch["forces"][3:6] = stand_in
        losses.append(error(batch, output(model.module_, batch, False)).item())
    assert losses[0] == losses[1]


def test_labels_of_a_batch_are_the_frames_own(crystal: Fitted) -> None:
    labels = crystal.labels
    assert labels.forces is not None
    assert labels.stress is not None
    graphs = Graphs.build(crystal.frames, [18], 4.0, torch.float64, CPU, labels)
    batch: Batch = graphs.batch([3, 1])
    np.testing.assert_array_equal(batch.forces, np.vstack([labels.forces[3], labels.forces[1]]))
    np.testing.assert_array_equal(batch.energy, labels.energy[[3, 1]])
    full = np.array([labels.stress[3], labels.stress[1]])[:, [0, 5, 4, 5, 1, 3, 4, 3, 2]]
    np.testing.assert_array_equal(batch.stress, full.reshape(2, 3, 3))


# ---------------------------------------------------------------- starting from what is there
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


def test_a_foundation_is_reduced_to_the_elements_at_hand(tmp_path: Path) -> None:
    module, _, config = untrained(mixed(), [1, 6, 7, 8], {"max_ell": 2})
    path = tmp_path / "many.model"
    with session(torch.float64):
        torch.save(module, path)
    frames, labels = springs(4)
    batch = Graphs.build(frames, [1, 6, 7, 8], config["r_max"], torch.float64, CPU).batch(range(4))
    expected = output(module, batch, stress=False)
    tuned = small(foundation=str(path), learning_rate=1e-12, max_epochs=1).fit(frames, labels)
    assert tuned.config_["atomic_numbers"] == [1, 8]
    np.testing.assert_allclose(
        np.concatenate(tuned.predict(frames).forces), expected["forces"].detach(), atol=1e-8
    )
    with pytest.raises(ValueError, match=r"does not know \['S'\]"):
        small(foundation=str(path)).fit([molecule("SO2")], [0.0])


@pytest.mark.slow
def test_a_foundation_with_two_heads_wants_a_choice(tmp_path: Path) -> None:
    given = small()._settings()
    frames, labels = springs(4)
    with session(torch.float64) as mace, seeded(3):
        graphs = Graphs.build(frames, [1, 8], given.cutoff, torch.float64, CPU, labels)
        config = hyperparameters(mace, graphs, [0, 1, 2, 3], given, [1, 8])
        two = {"heads": ["first", "second"], "MLP_irreps": "16x0e"}
        scales = {"atomic_inter_scale": [1.0, 2.0], "atomic_inter_shift": [0.0, 0.5]}
        torch.save(build(mace, config | two | scales, torch.float64, CPU), tmp_path / "two.model")
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


# ---------------------------------------------------------------- what fit may not do
def test_random_states_differ_in_weights_and_holdouts(monkeypatch: pytest.MonkeyPatch) -> None:
    import mlffbench.estimators.mace as file

    held, original = [], file.holdout
    spy = lambda *a: held.append(original(*a)) or held[-1]
    monkeypatch.setattr(file, "holdout", spy)
    frames, labels = springs(10)
    settings = SimpleNamespace(max_epochs=1, learning_rate=1e-12, validation_fraction=0.3)
    models = [small(random_state=s, **vars(settings)).fit(frames, labels) for s in (1, 1, 2)]
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
