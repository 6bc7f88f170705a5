"""Test groups of a case: those that cannot be predicted, and predictions that leave something out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from mlffbench.data import Dataset, Labels, Spec, Split
from mlffbench.estimators.atomic_reference import AtomicReference
from mlffbench.harness.case import Case
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.documents.store import Store
from mlffbench.harness.group_results import group_results
from mlffbench.harness.outcome import Outcome
from mlffbench.harness.rescore import rescore
from mlffbench.harness.run import run


@pytest.fixture
def alloys(tmp_path):
    """Copper to train and test on, and a group with platinum."""
    frames = []
    for i in range(16):
        atoms = bulk("Cu", cubic=True)
        atoms.symbols[0] = "Pt" if i >= 12 else "Cu"
        atoms.rattle(0.08, seed=i)
        atoms.calc = EMT()
        results = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces()}
        atoms.calc = SinglePointCalculator(atoms, **results)
        atoms.info["system"] = "ternary" if i >= 12 else "pure"
        frames.append(atoms)
    write(tmp_path / "alloys.xyz", frames)
    return Spec("path", {"path": str(tmp_path / "alloys.xyz"), "group_key": "system"})


def on(dataset, estimator="atomic_reference", tasks=(), **groups):
    split = Spec("groups", {"test_fraction": 0.25, **groups})
    digest = load_dataset(dataset).digest
    return Case("demo", "row", dataset, split, Spec(estimator), 0, digest, tasks=tuple(tasks))


def test_a_group_that_cannot_be_predicted_costs_only_itself(alloys, tmp_path):
    wanted = on(alloys, train=["pure"], tasks=[Spec("learning_curve", {"sizes": [4, 1.0], "n_seeds": 1})])
    outcome, predictions = run(wanted)
    document = outcome.to_json()
    assert Outcome.from_json(document).to_json() == document
    assert document["status"] == "ok"
    (failure,) = document["test_failures"]
    assert (failure["test"], failure["kind"]) == ("ternary", "unsupported input")
    assert "['Pt']" in failure["message"]
    assert {s["test"] for s in document["scores"] if not s["task"]} == {"in_domain"}
    assert any(s["task"] not in ("", "training") for s in document["scores"])  # the task has the other groups
    assert not document["task_failures"]
    assert set(document["split"]["tests"]) == {"in_domain", "ternary"}
    assert not [name for name in predictions if name.startswith("ternary")]
    store = Store(tmp_path / "out")
    store.save(document, predictions)
    assert rescore(store, ["max_error"]) == (1, [])
    (scored,) = store.documents()
    assert {s["test"] for s in scored["scores"] if s["metric"] == "max_error"} == {"in_domain"}


def test_a_case_whose_groups_all_fail_has_failed(alloys):
    outcome, predictions = run(on(alloys, estimator="helpers:Blind", train=["pure"]))
    assert outcome.status == "failed"
    assert "too dark" in outcome.failure["message"]
    assert predictions is None


# ---------------------------------------------------------------- predictions that leave something out
CASE = Case("demo", "row", Spec("none"), Spec("none"), Spec("none"), 0, "", metrics=("rmse",))


class Odd(AtomicReference):
    """Changes the prediction of the second test group, of crystals with 16 atoms, by a function."""

    def __init__(self, change=None, atomic_energies=None):
        super().__init__(atomic_energies)
        self.change = change

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        n = [len(a) for a in inputs]
        labels = replace(labels, stress=[np.zeros(6) if a.pbc.all() else None for a in inputs])
        return self.change(labels, inputs) if max(n) > 8 else labels


@pytest.fixture
def coppers():
    """Copper cells of 4 atoms to train and test on, of 16 atoms to test on, with all labels."""
    frames = [bulk("Cu", cubic=True) * ((1, 1, 1) if i < 8 else (2, 2, 1)) for i in range(12)]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.05, seed=i)
    rng = np.random.default_rng(0)
    forces = [rng.normal(size=(len(a), 3)) for a in frames]
    labels = Labels(rng.normal(size=12), forces, rng.normal(size=(12, 6)))
    split = Split(np.arange(4), {"small": np.arange(4, 8), "large": np.arange(8, 12)}, "small")
    return Dataset("coppers", frames, labels), split


def results_of(coppers, change):
    dataset, split = coppers
    train = [dataset.frames[i] for i in split.train]
    model = Odd(change).fit(train, dataset.labels[split.train])
    return group_results(CASE, model, dataset, split)


def without_half(values):
    return [None if i % 2 else v for i, v in enumerate(values)]


def one_nan(values):
    return np.where(np.arange(len(values)) == 1, np.nan, values)


GAPS = {
    "forces of some frames": (
        lambda y, _: replace(y, forces=without_half(y.forces)),
        ("invalid prediction", "forces predicted for 2 of 4 frames that are labelled"),
    ),
    "stress of some frames": (
        lambda y, _: replace(y, stress=without_half(y.stress)),
        ("invalid prediction", "stress predicted for 2 of 4 frames that are labelled"),
    ),
    "no forces of a group": (
        lambda y, _: replace(y, forces=None),
        ("invalid prediction", "no forces predicted, unlike for test group 'small'"),
    ),
    "no stress of a group": (lambda y, _: replace(y, stress=None), ("invalid prediction", "no stress")),
    "one energy": (lambda y, _: Labels(y.energy[:1]), ("invalid prediction", "4 frames but 1 labels")),
    "no vector": (lambda y, _: Labels(0.0), ("unsupported input", "one number a frame")),
    "complex energies": (lambda y, _: Labels(1j + y.energy), ("unsupported input", "real numbers")),
    "truth values": (lambda y, _: Labels(y.energy > 0), ("unsupported input", "real numbers")),
    "forces of fewer atoms": (
        lambda y, _: replace(y, forces=[f[:1] for f in y.forces]),
        ("invalid prediction", "frame 0 has 16 atoms but forces of shape (1, 3)"),
    ),
    "a tuple": (lambda y, _: (y.energy, y.forces), ("invalid prediction", "Odd predicted tuple, not Labels")),
    "huge energies": (lambda y, _: replace(y, energy=0 * y.energy + 1e308), ("diverged", "1e+308")),
    "huge forces": (
        lambda y, _: replace(y, forces=[f - 1e200 for f in y.forces]),
        ("diverged", "forces of test frame 0 is 1e+200"),
    ),
    "an uncertainty that is no number": (
        lambda y, _: replace(y, energy_std=one_nan(np.ones(len(y)))),
        ("diverged", "energy_std of test frame 1 is nan"),
    ),
    "atoms that were removed": (
        lambda y, frames: [a.pop() for a in frames] and y,
        ("invalid prediction", "frame 0 has 15 atoms but forces of shape (16, 3)"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GAPS)
def test_a_prediction_that_leaves_something_out_is_a_failure_of_its_group(coppers, name):
    change, (kind, words) = GAPS[name]
    results = results_of(coppers, change)
    (failure,) = results.failures
    assert (failure["test"], failure["kind"]) == ("large", kind), failure["message"]
    assert words in failure["message"]
    assert {s.test for s in results.scores} == {"small"}
    assert set(results.timings) == {"small"}
    assert not [key for key in results.predictions if key.startswith("large")]


def test_a_method_without_forces_is_scored_on_its_energies(coppers):
    dataset, split = coppers

    class NoForces(AtomicReference):
        def _evaluate(self, inputs):
            return Labels(super()._evaluate(inputs).energy)

    model = NoForces().fit([dataset.frames[i] for i in split.train], dataset.labels[split.train])
    results = group_results(CASE, model, dataset, split)
    assert not results.failures
    assert {s.quantity for s in results.scores if s.test == "large"} >= {"energy", "energy_per_atom"}
    assert "forces" not in {s.quantity for s in results.scores}


def test_integers_are_numbers(coppers):
    assert not results_of(coppers, lambda y, _: replace(y, energy=np.arange(len(y)))).failures


def test_a_stress_is_asked_for_where_it_is_defined(coppers):
    dataset, split = coppers
    frames = [a.copy() for a in dataset.frames]
    frames[9].pbc = [True, True, False]
    assert not results_of((replace(dataset, frames=frames), split), lambda y, _: y).failures


class Moves(AtomicReference):
    """Moves and removes atoms of the frames that it is given."""

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        for atoms in inputs:
            atoms.positions += 3.0
            atoms.numbers[:] = 1
        return labels


def test_frames_that_a_method_changes_stay_as_they_are_for_all_others(tmp_path, monkeypatch):
    import mlffbench.harness.run as flow

    frames = [molecule("H2O") for _ in range(8)]
    for i, atoms in enumerate(frames):
        atoms.rattle(0.05, seed=i)
    dataset = Dataset("waters", frames, Labels(np.arange(8.0)), card={"train": "all"})
    digest = dataset.digest
    monkeypatch.setattr("mlffbench.harness.case_data.load_dataset", lambda spec: dataset)
    monkeypatch.setattr(flow, "_model", lambda case, dataset: Moves())
    case = Case("demo", "row", Spec("none"), Spec("random"), Spec("none"), 0, digest)
    outcome, _ = run(case)
    assert outcome.status == "ok", outcome.failure
    again = Dataset("waters", frames, dataset.labels)
    assert again.digest == digest
