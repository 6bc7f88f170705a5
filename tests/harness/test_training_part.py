"""Training part of a case: labels used and ignored, errors on the frames of the fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from example_cases import case

from mlffbench import registry
from mlffbench.data import Dataset, Labels, Spec, Split
from mlffbench.estimators.atomic_reference import AtomicReference
from mlffbench.harness.documents.score_rows import score_rows
from mlffbench.harness.run import run
from mlffbench.harness.training_part import label_use, training_results

N = 300


class Remembers(AtomicReference):
    """Knows the energies of its training frames but those that it holds out, which are 1 eV too high."""

    def __init__(self, held=0, atomic_energies=None):
        super().__init__(atomic_energies)
        self.held = held

    def _fit(self, frames, labels):
        self.known_ = {float(a.positions[1, 0]): e for a, e in zip(frames, labels.energy, strict=True)}
        self.energy_per_atom_ = 0.0
        for atoms in frames[: self.held]:
            self.known_[float(atoms.positions[1, 0])] += 1.0
        self._hold_out(range(self.held))

    def _evaluate(self, inputs):
        labels = super()._evaluate(inputs)
        return replace(labels, energy=np.array([self.known_[float(a.positions[1, 0])] for a in inputs]))


@pytest.fixture
def dimers():
    """Dimers with energies and forces, of which all but ten are to train on."""
    lengths = np.linspace(1.0, 2.0, N)
    frames = [Atoms("Ar2", [[0, 0, 0], [x, 0, 0]]) for x in lengths]
    labels = Labels(np.sin(lengths), [np.zeros((2, 3))] * N, [np.zeros(6)] * N)
    columns = {"total_charges": np.where(np.arange(N) < 5, 0.0, np.nan)}
    return Dataset("dimers", frames, labels, columns), Split(np.arange(10, N)[::-1], {"test": np.arange(10)})


def errors(results, part):
    return {s.metric: s.value for s in results.scores if (s.test, s.quantity) == (part, "energy")}


@pytest.mark.parametrize("held", [0, 40])
def test_errors_are_of_frames_trained_on_and_held_out(dimers, held):
    dataset, split = dimers
    model = Remembers(held, {"Ar": 0.0})
    model.fit([dataset.frames[i] for i in split.train], dataset.labels[split.train])
    results = training_results(replace(case(), metrics=("rmse",)), model, dataset, split)
    assert errors(results, "train") == {"rmse": pytest.approx(0.0, abs=1e-12)}
    assert errors(results, "validation") == ({"rmse": pytest.approx(1.0)} if held else {})
    assert results.frames == ({"train": 100, "validation": 40} if held else {"train": 100})
    assert {s.task for s in results.scores} == {"training"}
    assert results.failures == []


def test_a_part_that_cannot_be_predicted_costs_only_itself(dimers):
    dataset, split = dimers
    model = Remembers(40, {"Ar": 0.0})
    model.fit([dataset.frames[i] for i in split.train], dataset.labels[split.train])
    del model.known_[float(dataset.frames[split.train[model.validation_frames_[3]]].positions[1, 0])]
    results = training_results(case(), model, dataset, split)
    (failure,) = results.failures
    assert (failure["task"], failure["test"], failure["kind"]) == (
        "training",
        "validation",
        "unsupported input",
    )
    assert results.frames == {"train": 100}


def test_the_document_has_the_errors_and_a_reader_their_numbers_of_frames():
    document = run(case("morse", cutoff=8.0))[0].to_json()
    assert document["training"]["frames"] == {"train": 6}
    own = [s for s in document["scores"] if s["task"] == "training"]
    assert {s["quantity"] for s in own} >= {"energy", "forces", "stress"}
    assert {s["unit"] for s in own if s["quantity"] == "forces"} == {"eV/Å"}
    rows = [row for row in score_rows(document) if row[0] == "training"]
    assert len(rows) == len(own)
    assert {row[8] for row in rows} == {6}


def test_a_potential_that_exists_already_was_not_fitted_to_the_training_part():
    document = run(case("pretrained", calculator="lennard_jones"))[0].to_json()
    assert document["training"]["ignored"] == ["energy", "forces", "stress"]
    assert document["training"]["frames"] == {}
    assert not [s for s in document["scores"] if s["task"]]


# ---------------------------------------------------------------- labels
def test_labels_that_the_frames_have_and_the_fit_ignored(dimers):
    dataset, split = dimers
    use = label_use(AtomicReference(), dataset, split)
    assert use == {"labels": {"energy": 290, "forces": 290}, "ignored": ["forces"]}, "no cell, no stress"
    crystals = replace(
        dataset, frames=[Atoms("Ar2", a.positions, cell=[9] * 3, pbc=True) for a in dataset.frames]
    )
    early = Split(np.arange(N - 1), {"test": np.array([N - 1])})
    use = label_use(AtomicReference(), crystals, early)
    assert use["labels"] == {"energy": 299, "forces": 299, "stress": 299, "charges": 5}
    assert use["ignored"] == ["forces", "stress", "charges"]


POTENTIAL = {"calculator": "lennard_jones"}
MORSE = {"morse": {"stress_weight": 0.0, "max_iterations": 3}}


@pytest.mark.parametrize(
    ("spec", "ignored"),
    [
        (Spec("atomic_reference"), ["forces", "stress"]),
        (Spec("morse"), []),
        (Spec("morse", {"stress_weight": 0}), ["stress"]),
        (Spec("lennard_jones", {"energy_weight": 0.0, "forces_weight": 1}), ["energy"]),
        (Spec("pretrained", {**POTENTIAL, "refit_atomic_energies": True}), ["forces", "stress"]),
        (Spec("committee", {"model": MORSE, "n": 2}), ["stress"]),
        (Spec("delta_learning", {"baseline": "atomic_reference", "model": MORSE}), ["stress"]),
        (Spec("tuned", {"model": MORSE, "trials": 1, "searcher": "random"}), ["stress"]),
    ],
    ids=lambda value: value.name if isinstance(value, Spec) else "",
)  # fmt: skip
def test_what_a_method_uses_follows_its_parameters(spec, ignored):
    assert run(case(spec.name, **spec.params))[0].training["ignored"] == ignored


def test_a_second_stage_of_the_training_counts():
    weights = {"energy_weight": 0.0, "stage_two_energy_weight": 5.0, "virial_weight": 0.0}
    nep = registry.load("estimators", "nep")
    assert nep(**weights).learned_labels() == ("forces",)
    assert nep(**weights, stage_two=0.5).learned_labels() == ("energy", "forces", "stress")
    assert nep(**weights, stage_two=0.5, stage_two_virial_weight=0.0).learned_labels() == ("energy", "forces")


def test_every_method_says_which_labels_it_learns():
    for name in registry.names("estimators"):
        params = registry.load("estimators", name).test_params()
        learned = registry.load("estimators", name)(**params).learned_labels()
        assert set(learned) <= {"energy", "forces", "stress"}, name


# ---------------------------------------------------------------- frames that are held out
@pytest.mark.parametrize("name", ["behler_parrinello", "equivariant_network"])
def test_networks_say_which_frames_they_hold_out(name):
    outcome, _ = run(case(name, max_epochs=1, validation_fraction=0.5))
    assert outcome.training["frames"] == {"train": 3, "validation": 3}, outcome.failure
    assert {s.test for s in outcome.scores if s.task} == {"train", "validation"}


def test_two_networks_have_the_frames_that_neither_is_trained_on():
    from mlffbench.potentials.networks.ensemble import held_by_all
    from mlffbench.potentials.validation_split import holdout

    held = held_by_all(40, 0.5, [3, 4])
    assert set(held) == set(holdout(40, 0.5, 3)[1]) & set(holdout(40, 0.5, 4)[1])
    assert 0 < len(held) < 20


def test_frames_of_an_earlier_fit_are_no_validation_frames_of_a_later_one(dimers):
    class Goes(Remembers):
        def _partial_fit(self, frames, labels):
            """Hold nothing out."""

    dataset, split = dimers
    frames, labels = [dataset.frames[i] for i in split.train], dataset.labels[split.train]
    model = Goes(4, {"Ar": 0.0}).fit(frames, labels)
    assert len(model.validation_frames_) == 4
    assert not hasattr(model.partial_fit(frames[:9], labels[:9]), "validation_frames_")
    assert not hasattr(model.set_params(held=0).fit(frames, labels), "validation_frames_")
