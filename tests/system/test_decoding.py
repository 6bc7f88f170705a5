"""Values of a model file: listed classes only, no attribute in place of a method, no name without trust."""

from __future__ import annotations

import json
import os
import zipfile

import pytest
from ase.build import molecule

import mlffbench
from mlffbench import testing
from mlffbench.estimators import DeltaLearning, Morse
from mlffbench.estimators.committee import Committee
from mlffbench.system import decoding
from mlffbench.system.decoding import Reader
from mlffbench.system.encoding import Writer
from mlffbench.system.model_file import load
from mlffbench.system.storable import VALUES, may_be_stored

CALL = {"strangers_module:call": {}}


def of_kind(name, **state):
    """The object of a class with these attributes, as it stands in a file."""
    return {"object": name, "state": [[k, v] for k, v in state.items()]}


def spec(value):
    """A spec as it stands in a file."""
    if isinstance(value, dict):
        return {"dict": [[spec(k), spec(v)] for k, v in value.items()]}
    return [spec(v) for v in value] if isinstance(value, list) else value


def calculated(source):
    return of_kind("mlffbench.estimators.base.composite:Calculated", source=spec(source))


def model_of(tree, folder):
    """Path of a model file with this content."""
    document = {"format": "mlffbench model", "format_version": 2, "versions": {"mlffbench": "1"}}
    with zipfile.ZipFile(folder / "evil.mlff", "w") as archive:
        archive.writestr("model.json", json.dumps({**document, "model": tree}))
    return folder / "evil.mlff"


@pytest.fixture(scope="module")
def delta():
    """The encoded state of a fitted model with a calculator as its baseline."""
    frames = [molecule("H2O"), molecule("H2"), molecule("O2")]
    model = DeltaLearning({"calculator": "emt"}, "atomic_reference").fit(frames, [-14.0, -6.0, -8.0])
    for fitted in (model, model.model_):
        vars(fitted).pop("training_frames_")  # an array, which these files lack
    return dict(Writer().encode(model, "model")["state"])


def delta_with(delta, **state):
    return of_kind("mlffbench.estimators.delta_learning:DeltaLearning", **{**delta, **state})


# ---------------------------------------------------------------- names of code
HIDDEN = {
    "calculator": {"baseline_": calculated(CALL)},
    "its name alone": {"baseline_": calculated("strangers_module:call")},
    "with its kind": {"baseline_": calculated({"calculator": CALL})},
    "deep": {"baseline_": calculated({"fitted": {"dataset": CALL, "estimator": "morse"}})},
    "in a list": {"baseline_": calculated({"fitted": {"dataset": {"path": [CALL]}, "estimator": "morse"}})},
    "in a model": {"model_": of_kind("mlffbench.estimators.committee:Committee", model=spec(CALL))},
    "parameter": {"baseline": spec({"calculator": CALL})},
    "fitted spec": {"model_": spec(CALL)},
    "blank": {"baseline_": calculated("strangers_module:call ")},
    "number": {"baseline_": calculated("strangers_module:0")},
    "no name": {"baseline_": calculated("strangers_module:")},
    "deeper name": {"baseline_": calculated("strangers_module:Other.call")},
    "line": {"baseline_": calculated("strangers_module:call\n")},
}


@pytest.mark.parametrize("hidden", HIDDEN)
def test_names_of_code_are_refused_at_load_wherever_they_stand(stranger, delta, tmp_path, hidden):
    file = model_of(delta_with(delta, **HIDDEN[hidden]), tmp_path)
    with pytest.raises(ValueError, match=r"evil\.mlff.*(trust=\['strangers_module'\]|which is no name)"):
        load(file)
    assert stranger.marks == []


def test_a_class_that_would_slip_through_is_stopped_at_the_registry(stranger, delta, tmp_path, monkeypatch):
    """If the check at load knew nothing of a class, its spec would be refused when it is used."""
    monkeypatch.setattr(decoding, "_named_code", lambda spec: ())
    model = load(model_of(delta_with(delta, baseline_=calculated(CALL)), tmp_path))
    with pytest.raises(LookupError, match="add --trust strangers_module"):
        model.predict([molecule("H2")])
    assert stranger.marks == []


def test_trust_of_load_lets_the_model_use_the_module_later(stranger, tmp_path):
    mlffbench.trust(stranger.name)
    argon = testing.solids(4)
    Committee({"strangers_module:Mine": {"cutoff": 4.5, "max_iterations": 2}}, n=2).save(tmp_path / "a.mlff")
    os.environ.pop("MLFFBENCH_TRUST")
    with pytest.raises(ValueError, match=r"load with trust=\['strangers_module'\]"):
        load(tmp_path / "a.mlff")
    model = load(tmp_path / "a.mlff", trust=["strangers_module"])
    assert [type(m).__name__ for m in model.fit(argon.frames, argon.labels).members_] == ["Mine", "Mine"]


def test_a_pickle_that_a_model_would_open_needs_trust(trust_nothing, tmp_path):
    mace = pytest.importorskip("mlffbench.estimators.mace").MACE
    for i, model in enumerate((mace(foundation="evil.model"), Committee(mace(foundation="evil.model")))):
        model.save(tmp_path / f"{i}.mlff")
        with pytest.raises(ValueError, match=r"'foundation' is a pickle.*load with trust=\['evil.model'\]"):
            load(tmp_path / f"{i}.mlff")
        assert type(load(tmp_path / f"{i}.mlff", trust=["evil.model"])) is type(model)
        os.environ.pop("MLFFBENCH_TRUST")


# ---------------------------------------------------------------- classes and attributes
@pytest.mark.parametrize(
    "name",
    [
        "mlffbench.system.child_process:ChildProcess",
        "mlffbench.potentials.sgdml.fit:Settings",
        "mlffbench.potentials.mace.library:Library",
        "mlffbench.datasets.formats.records:Source",
        "mlffbench.estimators.committee:Composite",
        "mlffbench.estimators:Morse",
        "sklearn.frozen._frozen:BaseEstimator",
        *(
            "sklearn.linear_model:Ridge",
            "collections:Counter",
            ":",
            "",
            "a",
            "os:path.join",
            "mlffbench:load",
        ),
    ],
)
def test_only_listed_classes_are_made(stranger, tmp_path, name):
    with pytest.raises(ValueError, match=r"evil\.mlff"):
        load(model_of(of_kind(name), tmp_path))


@pytest.mark.parametrize(
    "name",
    ["predict", "_fit", "__class__", "__init__", "__dict__", "get_params", "parts", "calculator", "a b", ""],
)
def test_no_attribute_stands_in_place_of_a_method(tmp_path, name):
    state = dict(Writer().encode(Morse(), "m")["state"])
    file = model_of(of_kind("mlffbench.estimators.morse:Morse", **{**state, name: None}), tmp_path)
    with pytest.raises(ValueError, match=f"Morse holds no '{name}'"):
        load(file)


def test_a_model_without_one_of_its_parameters_is_refused(tmp_path):
    state = dict(Writer().encode(Morse(), "m")["state"])
    del state["cutoff"]
    with pytest.raises(ValueError, match=r"Morse lacks \['cutoff'\]"):
        load(model_of(of_kind("mlffbench.estimators.morse:Morse", **state), tmp_path))


@pytest.mark.parametrize(
    "tree",
    [
        *({}, {"array": 0}, {"array": None}, {"array": -1}, {"number": "x"}, {"dict": 3}, {"dict": [[1]]}),
        *({"dict": [[[1], 2]]}, {"tensor": 0}, {"bytes": 5}, {"bytes": "=="}, {"os": []}, {"slice": []}),
        *(
            {"slice": [1, 2, 3, 4]},
            {"set": [[]]},
            {"object": 3},
            {"object": "a:b"},
            {"object": None},
            None,
            3,
        ),
        *([], "x", {"tuple": 5}, {"object": "mlffbench.estimators.morse:Morse", "state": 7}),
        {"object": "mlffbench.estimators.morse:Morse", "state": [["cutoff"]]},
        calculated("emt"),
        of_kind("mlffbench.descriptors.power_spectrum:Basis", species=1),
    ],
)
def test_a_tree_of_another_shape_is_a_sentence(tmp_path, tree):
    with pytest.raises(ValueError, match=r"evil\.mlff"):
        load(model_of(tree, tmp_path))


def test_nesting_without_end_is_a_sentence(tmp_path):
    for depth in (500, 5000, 100_000):
        tree = "[" * depth + "]" * depth
        file = model_of("DEEP", tmp_path)
        text = zipfile.ZipFile(file).read("model.json").decode()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("model.json", text.replace('"DEEP"', tree))
        with pytest.raises(ValueError, match=r"evil\.mlff"):
            load(file)


def test_every_listed_class_exists_and_may_be_stored():
    reader = Reader([], (), None)
    for name in VALUES:
        assert may_be_stored(reader._class(name))
