"""Potentials that exist already: zero-shot, refitted energies, files, trust, and their rows in a suite."""

from __future__ import annotations

import io
import pickle
import re
import sys

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from example_cases import case
from example_mace import small
from rich.console import Console
from sklearn.base import clone
from sklearn.model_selection import cross_validate

import mlffbench
from mlffbench import registry
from mlffbench.data import Labels
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.estimators import Morse, Pretrained
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.inputs import DataInputs, changed_inputs
from mlffbench.harness.run import run
from mlffbench.report.doubts import doubts
from mlffbench.report.formats import csv_file, html, markdown, terminal
from mlffbench.report.results import Results

NOBLE = {"lennard_jones": {"epsilon": 0.0104, "sigma": 3.4}}


@pytest.fixture(scope="module")
def argon():
    return lennard_jones(n_train=8, n_test=4)


@pytest.fixture
def trust_nothing(monkeypatch):
    monkeypatch.setenv("MLFFBENCH_TRUST", "")


@pytest.fixture(scope="module")
def model_file(argon, tmp_path_factory):
    """A small ScaleShiftMACE as torch.save writes it, and the model that it was exported from."""
    file = tmp_path_factory.mktemp("mace") / "tiny.model"
    fitted = small(max_epochs=1, cutoff=4.0).fit(argon.frames[:6], argon.labels[:6])
    fitted.export(file)
    return file, fitted


def metals():
    """Cells of copper, gold and both, with energies and forces by effective-medium theory."""
    rng, frames = np.random.default_rng(0), []
    for symbols in ("Cu4", "Au4", "Cu3Au", "Cu2Au2"):
        atoms = bulk("Cu", cubic=True, a=3.8)
        atoms.symbols = symbols
        atoms.rattle(0.05, seed=int(rng.integers(100)))
        frames.append(atoms)
    rows = []
    for atoms in frames:
        atoms.calc = EMT()
        rows.append((atoms.get_potential_energy(force_consistent=True), atoms.get_forces()))
        atoms.calc = None
    energy, forces = zip(*rows, strict=True)
    return frames, Labels(np.array(energy), forces)


# ---------------------------------------------------------------- energies
def test_zero_shot_predictions_are_the_calculators_own_to_the_last_bit():
    frames, labels = metals()
    shifted = Labels(labels.energy + 1234.5, labels.forces)  # another level of theory
    model = Pretrained("emt", atomic_energies={"Cu": -3.0, "Au": -7.0}).fit(frames, shifted)
    assert model.predict(frames).energy.tolist() == labels.energy.tolist()
    for own, given in zip(model.predict(frames).forces, labels.forces, strict=True):
        assert np.array_equal(own, given)
    assert model.atomic_energies_ == {"Cu": 0.0, "Au": 0.0}


def test_the_refit_returns_the_difference_of_the_atoms_and_leaves_forces_alone():
    frames, labels = metals()
    per_atom = [sum({"Cu": 1.5, "Au": -20.25}[s] for s in a.symbols) for a in frames]
    shifted = Labels(labels.energy + per_atom, labels.forces)
    model = Pretrained("emt", refit_atomic_energies=True).fit(frames, shifted)
    assert model.atomic_energies_ == pytest.approx({"Cu": 1.5, "Au": -20.25}, abs=1e-9)
    assert model.predict(frames).energy == pytest.approx(shifted.energy, abs=1e-9)
    assert np.array_equal(model.predict(frames).forces[2], labels.forces[2])


def test_of_many_refits_the_smallest_energies_are_taken():
    water = [molecule("H2O"), molecule("H2O")]
    calculator = {"lennard_jones": {"epsilon": 1e-9, "sigma": 0.1}}
    model = Pretrained(calculator, refit_atomic_energies=True).fit(water, [-10.0, -10.0])
    assert model.atomic_energies_ == pytest.approx({"H": -4.0, "O": -2.0}, abs=1e-6)  # along (2, 1)


def test_only_training_structures_decide_the_refit(argon):
    model = Pretrained(NOBLE, refit_atomic_energies=True)
    scores = cross_validate(model, argon.frames, argon.labels, cv=3, return_estimator=True)
    assert np.isfinite(scores["test_score"]).all()
    wild = Labels(argon.labels.energy.copy(), argon.labels.forces)
    wild.energy[-1] += 100.0
    one, other = (clone(model).fit(argon.frames[:-1], y[:-1]) for y in (argon.labels, wild))
    assert one.atomic_energies_ == other.atomic_energies_


# ---------------------------------------------------------------- capabilities
def test_properties_are_the_calculators_own(argon):
    class EnergyOnly(LennardJones):
        implemented_properties = ("energy", "free_energy")

    model = Pretrained(EnergyOnly(sigma=3.4, epsilon=0.01)).fit(argon.frames[:4], argon.labels[:4])
    assert model.properties == ("energy",)
    labels = model.predict(argon.frames[:2])
    assert labels.forces == (None, None) or labels.forces is None
    assert Pretrained("emt").properties == ("energy", "forces", "stress")
    assert Pretrained.properties == ("energy", "forces", "stress")


def test_an_element_that_the_potential_lacks_is_a_sentence():
    silicon = [bulk("Si")]
    with pytest.raises(ValueError, match=r"the potential cannot compute frames of \['Si'\].*EMT"):
        Pretrained("emt").fit(silicon, [0.0])
    outcome, _ = run(case("pretrained", calculator="emt"))
    assert outcome.failure["kind"] == "unsupported input"


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "needs a calculator or a file"),
        ({"calculator": "emt", "file": "x.mlff"}, "needs a calculator or a file"),
        ({"calculator": 3}, "must be an ASE calculator"),
        ({"file": "nowhere.mlff"}, "nowhere.mlff"),
    ],
)
def test_wrong_parameters_are_sentences(params, words):
    with pytest.raises((ValueError, TypeError, OSError), match=words):
        Pretrained(**params).fit([bulk("Cu")], [0.0])


@pytest.mark.parametrize("params", [{}, {"calculator": "emt", "file": "x.mlff"}])
def test_a_suite_names_a_calculator_or_a_file(params):
    words = "estimator 'pretrained' needs 'calculator' or 'file', one of them"
    with pytest.raises(LookupError, match=words):
        registry.build("estimators", "pretrained", params)


# ---------------------------------------------------------------- origin
class Direct(LennardJones):
    """Forces that are a quarter larger than the gradient."""

    def calculate(self, *args, **kwargs):
        super().calculate(*args, **kwargs)
        self.results["forces"] = 1.25 * self.results["forces"]


def test_conservation_is_measured_on_a_training_structure(argon, tmp_path):
    noble = {"sigma": 3.4, "epsilon": 0.0104, "rc": 6.0, "smooth": True}
    right, direct = (
        Pretrained(make(**noble)).fit(argon.frames, argon.labels) for make in (LennardJones, Direct)
    )
    assert right.conservation_["error"] < 1e-4
    assert 0.1 < direct.conservation_["relative_error"] < 0.3
    assert right.origin_ is None
    no_forces = LennardJones(**noble)
    no_forces.implemented_properties = ["energy"]
    assert Pretrained(no_forces).fit(argon.frames, argon.labels.only({"energy"})).conservation_ is None


def test_the_origin_of_a_calculator_reaches_the_document(monkeypatch):
    outcome, _ = run(case("pretrained", calculator=NOBLE))
    model = outcome.to_json()["model"]
    assert "origin" not in model
    assert set(model["conservation"]) == {"error", "relative_error"}
    origin = {"functional": "PBE", "level": "PBE, somewhere", "data": "argon"}
    monkeypatch.setitem(vars(registry.load("calculators", "lennard_jones")), "origin", origin)
    outcome, _ = run(case("pretrained", calculator=NOBLE))
    assert outcome.to_json()["model"]["origin"] == origin


def test_nothing_is_known_of_weights_that_the_user_names(tmp_path, monkeypatch):
    """The facts of a calculator are those of its own weights."""

    def universal(file=None):
        return LennardJones(sigma=3.4, epsilon=0.0104)

    universal.origin = {"functional": "PBE", "level": "PBE, somewhere", "data": "argon"}
    mlffbench.trust(__name__)
    monkeypatch.setattr(sys.modules[__name__], "universal", universal, raising=False)
    for params, known in (({}, universal.origin), ({"file": "mine.pth"}, None)):
        model = Pretrained({f"{__name__}:universal": params}).fit([bulk("Ar", cubic=True)], [0.0])
        assert model.origin_ == known


# ---------------------------------------------------------------- copies
def test_specs_are_copied_and_calculators_are_shared(argon, tmp_path):
    calculator = LennardJones(sigma=3.4, epsilon=0.0104)
    assert clone(Pretrained(calculator)).get_params()["calculator"] is calculator
    model = Pretrained(NOBLE, refit_atomic_energies=True).fit(argon.frames, argon.labels)
    model.save(tmp_path / "argon.mlff")
    for copy in (mlffbench.load(tmp_path / "argon.mlff"), pickle.loads(pickle.dumps(model))):
        assert np.array_equal(copy.predict(argon.frames).energy, model.predict(argon.frames).energy)
        assert copy.get_params()["calculator"] == NOBLE
    atoms = argon.frames[0].copy()
    atoms.calc = model.calculator()
    assert atoms.get_potential_energy() == model.predict([atoms]).energy[0]


def test_a_saved_model_is_part_of_the_file(argon, tmp_path):
    fitted = Morse(cutoff=8.0, max_iterations=3).fit(argon.frames, argon.labels)
    fitted.save(tmp_path / "morse.mlff")
    model = Pretrained(file=str(tmp_path / "morse.mlff")).fit(argon.frames[:4], argon.labels[:4])
    model.save(tmp_path / "outer.mlff")
    (tmp_path / "morse.mlff").unlink()
    loaded = mlffbench.load(tmp_path / "outer.mlff")
    assert np.array_equal(loaded.predict(argon.frames).energy, fitted.predict(argon.frames).energy)


def test_a_saved_model_that_names_a_strangers_calculator_is_refused(argon, tmp_path, trust_nothing):
    mlffbench.trust("ase")
    spec = {"ase.calculators.lj:LennardJones": {"sigma": 3.4, "epsilon": 0.0104}}
    Pretrained(spec).fit(argon.frames, argon.labels).save(tmp_path / "argon.mlff")
    assert mlffbench.load(tmp_path / "argon.mlff").predict(argon.frames[:1]).energy.shape == (1,)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFFBENCH_TRUST", "")
        with pytest.raises(ValueError, match=r"its 'source' names .*load with trust=\['ase"):
            mlffbench.load(tmp_path / "argon.mlff")


# ---------------------------------------------------------------- files of mace-torch
def test_a_pickle_is_read_only_where_it_is_trusted(argon, model_file, tmp_path, trust_nothing):
    file, fitted = model_file
    with pytest.raises(LookupError, match="is a pickle, whose code runs when it is read; if you trust it"):
        registry.build("estimators", "pretrained", {"file": str(file)})
    with pytest.raises(LookupError, match="is a pickle"):
        Pretrained(file=str(file)).fit(argon.frames, argon.labels)
    registry.build("estimators", "pretrained", {"file": "any.mlff"})  # holds no code
    mlffbench.trust(str(file))
    model = Pretrained(file=str(file)).fit(argon.frames, argon.labels)
    ours, theirs = (m.predict(argon.frames) for m in (model, fitted))
    assert ours.energy == pytest.approx(theirs.energy, abs=1e-8)
    np.testing.assert_allclose(ours.forces[0], theirs.forces[0], atol=1e-8)
    np.testing.assert_allclose(ours.stress[0], theirs.stress[0], atol=1e-8)
    assert model.dtype_ == "float64"
    model.save(tmp_path / "outer.mlff")
    again = mlffbench.load(tmp_path / "outer.mlff")
    assert again.predict(argon.frames).energy == pytest.approx(ours.energy, abs=1e-12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFFBENCH_TRUST", "")
        with pytest.raises(ValueError, match="is a pickle"):
            mlffbench.load(tmp_path / "outer.mlff")


def test_a_saved_model_notices_that_its_file_is_another_one(argon, model_file, tmp_path, trust_nothing):
    file = tmp_path / "tiny.model"
    file.write_bytes(model_file[0].read_bytes())
    mlffbench.trust(str(file))
    model = Pretrained(file=str(file)).fit(argon.frames, argon.labels)
    model.save(tmp_path / "outer.mlff")
    small(max_epochs=1, cutoff=4.0, random_state=1).fit(argon.frames[:4], argon.labels[:4]).export(file)
    with pytest.raises(ValueError, match="is another file than before"):
        mlffbench.load(tmp_path / "outer.mlff").predict(argon.frames)


# ---------------------------------------------------------------- a suite
def test_zero_shot_refitted_fine_tuned_and_from_scratch_stand_side_by_side(model_file, trust_nothing):
    file = str(model_file[0])
    mlffbench.trust(file)
    tiny = {"max_epochs": 1, "num_channels": 4, "max_L": 1, "max_ell": 1, "cutoff": 4.0, "dtype": "float64"}
    rows = [
        case("pretrained", "zero-shot", file=file),
        case("pretrained", "refitted", file=file, refit_atomic_energies=True),
        case("mace", "fine-tuned", foundation=file, **tiny),
        case("mace", "from scratch", **tiny),
    ]
    documents = [run(row)[0].to_json() for row in rows]
    assert [d["failure"] for d in documents] == [None] * 4
    assert [d["model"].get("fitted_here", True) for d in documents] == [False, False, True, True]
    results = Results.from_documents(documents)
    (problem,) = results.problems
    (sentence,) = [s for s in doubts(problem) if "trained elsewhere" in s]
    assert sentence.startswith("zero-shot, refitted, fine-tuned: trained elsewhere, on unknown data")
    text = markdown.render(results, "demo")
    assert re.search(r"zero-shot \(not fitted here\) \|[^\n]*\| – \|", text), text
    assert "refitted (not fitted here)" in text
    assert "fine-tuned (not fitted here)" not in text
    assert "zero-shot (not fitted here)" in html.render(results, lambda _: None, "demo")
    screen = Console(width=200, record=True, file=io.StringIO())
    screen.print(terminal.render(results))
    assert "zero-shot (not fitted here)" in screen.export_text()
    frame = csv_file.wide_frame(results).set_index("method")
    assert set(frame.loc["zero-shot", "note"]) == {"not fitted here"}
    assert frame.loc[["zero-shot", "refitted"], "fit time (s)"].isna().all()
    assert frame.loc[["fine-tuned", "from scratch"], "fit time (s)"].notna().all()
    zero_shot, refitted = (frame.loc[name] for name in ("zero-shot", "refitted"))
    assert refitted["force RMSE (meV/Å)"].tolist() == zero_shot["force RMSE (meV/Å)"].tolist()
    assert refitted["energy RMSE (meV/atom)"].tolist() != zero_shot["energy RMSE (meV/atom)"].tolist()


def test_a_changed_file_runs_the_case_again(argon, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Morse(cutoff=8.0, max_iterations=2).fit(argon.frames, argon.labels).save("argon.mlff")
    row = case("pretrained", file="argon.mlff")
    document = run(row)[0].to_json()
    assert document["failure"] is None, document["failure"]
    assert list(document["inputs"]["files"]) == ["argon.mlff"]
    data = DataInputs.of(load_dataset(row.dataset))
    changed = lambda: changed_inputs(document, row, data, lambda: load_dataset(row.dataset))
    assert changed() == []
    Morse(cutoff=7.0, max_iterations=2).fit(argon.frames, argon.labels).save("argon.mlff")
    assert changed() == ["file 'argon.mlff'"]
