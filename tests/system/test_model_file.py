"""Model files: what comes back is what was saved, and nothing in them is executed."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections import Counter, OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from ase.build import molecule
from sklearn.frozen import FrozenEstimator

from mlffbench import testing
from mlffbench.descriptors.power_spectrum import Basis
from mlffbench.estimators import AtomicReference, Morse
from mlffbench.estimators.committee import Committee
from mlffbench.estimators.delta_learning import DeltaLearning
from mlffbench.forcefield import ForceField
from mlffbench.system import model_archive, model_file
from mlffbench.system.decoding import Reader
from mlffbench.system.encoding import Writer


class Mine(AtomicReference):
    """Somebody else's estimator: this module is not mlffbench's."""


class Holds(AtomicReference):
    """Learns whatever it is told to."""

    what = None

    def _fit(self, frames, labels):
        super()._fit(frames, labels)
        self.held_ = {"deep": [self.what]}
        del self.what


@dataclass(frozen=True)
class Pair:
    first: int
    second: np.ndarray


class Point(NamedTuple):
    x: float


@pytest.fixture(scope="module")
def water():
    return AtomicReference().fit([molecule("H2"), molecule("O2")], [-6.0, -8.0])


@pytest.fixture(scope="module")
def argon():
    return testing.solids(6)


def saved(model, folder):
    model.save(folder / "a.model")
    return folder / "a.model"


def through(value, trust=(), device=None):
    writer = Writer()
    text = json.dumps(writer.encode(value, "value"))
    return Reader(writer.arrays, trust, device).decode(json.loads(text))


# ---------------------------------------------------------------- values
@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 3, 10**30, -2.5, float("inf"), 0.1 + 0.2, "C-H é", b"\x00\xff"),
        *([1, [2.0, None]], (1, ("a",)), (), {3, 1}, frozenset({"a"}), slice(1, None, 2)),
        {1: "one", ("C", "H"): 2.0, "nested": {None: []}, 2.5: ()},
        *({"tuple": [1]}, {"array": 0}, {"dict": {"object": 1}}),
    ],
)
def test_values_come_back(value):
    back = through(value)
    assert back == value
    assert type(back) is type(value)


def test_nan_is_a_number():
    assert np.isnan(through([float("nan")])[0])


@pytest.mark.parametrize(
    "array",
    [
        *(np.arange(6.0).reshape(2, 3), np.arange(6).reshape(2, 3).T, np.zeros((0, 3), np.float32)),
        *(np.array(1.5), np.array(["a", "bc"]), np.array([True]), np.array([1 + 2j])),
        *(np.float32(0.1), np.int64(7), np.bool_(True)),
    ],
)
def test_arrays_come_back(array):
    back = through({"a": array})["a"]
    assert type(back) is type(array)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.bool])
def test_tensors_come_back(dtype):
    tensor = torch.tensor([[0, 1, 2], [3, 4, 5]]).to(dtype).T
    back = through([tensor, tensor, torch.tensor(2.0)])
    assert back[0].dtype == dtype
    assert torch.equal(back[0], tensor)
    assert back[0] is back[1], "what was one tensor is one again"
    assert back[2].shape == ()
    back[0][0, 0] = 1  # it may be written to


def test_a_state_dict_comes_back():
    network = torch.nn.Linear(2, 1)
    back = through(network.state_dict())
    assert isinstance(network.state_dict(), OrderedDict)
    torch.nn.Linear(2, 1).load_state_dict(back)
    assert torch.equal(back["weight"], network.weight)


def test_dataclasses_and_named_tuples_come_back_without_what_they_cached():
    basis = Basis((1, 6), 4.0, 3, 2, 0.3)
    columns = basis.degrees
    back = through(basis)
    assert back == basis
    assert "degrees" not in vars(back)
    assert back.degrees == columns
    pair, point = through([Pair(1, np.ones(2)), Point(2.0)], trust=[__name__])
    assert (pair.first, pair.second.tolist(), point.x) == (1, [1.0, 1.0], 2.0)


def test_a_device_that_is_not_here_becomes_the_cpu(monkeypatch):
    writer = Writer()
    tree = writer.encode(torch.ones(2), "t") | {"device": "cuda:7"}
    assert Reader(writer.arrays, (), None).decode(tree).device == torch.device("cpu")
    assert Reader(writer.arrays, (), "meta").decode(tree).device == torch.device("meta")


# ---------------------------------------------------------------- models
def test_a_model_comes_back(water, tmp_path):
    back = ForceField.load(saved(water, tmp_path))
    assert type(back) is AtomicReference
    plain = lambda model: {k: v for k, v in vars(model).items() if k != "training_frames_"}
    assert plain(back) == plain(water)
    assert np.array_equal(back.training_frames_, water.training_frames_)
    assert AtomicReference.load(tmp_path / "a.model").predict([molecule("H2O")]).energy == pytest.approx(
        [-10.0]
    )


def test_an_unfitted_model_comes_back(tmp_path):
    back = ForceField.load(saved(Morse(cutoff=4.5, atomic_energies={"Ar": 1.0}), tmp_path))
    assert back.get_params() == Morse(cutoff=4.5, atomic_energies={"Ar": 1.0}).get_params()
    assert not back.__sklearn_is_fitted__()


def test_models_inside_models_come_back(argon, tmp_path):
    baseline = FrozenEstimator(AtomicReference().fit(argon.frames, argon.labels))
    model = DeltaLearning(baseline, Committee(Morse(**Morse.test_params()), n=2, random_state=0))
    model.fit(argon.frames, argon.labels)
    back = ForceField.load(saved(model, tmp_path))
    assert back.predict(argon.frames).energy == pytest.approx(model.predict(argon.frames).energy, abs=1e-12)
    assert [type(m) for m in back.model_.members_] == [Morse, Morse]
    assert isinstance(back.baseline, FrozenEstimator)


def test_a_model_of_another_class_is_refused(water, tmp_path):
    with pytest.raises(ValueError, match="holds a AtomicReference, not a Morse"):
        Morse.load(saved(water, tmp_path))


def test_the_device_can_be_chosen(tmp_path):
    file = saved(Morse(device="cuda:9"), tmp_path)
    assert ForceField.load(file, device="cuda:3").device == "cuda:3"
    assert ForceField.load(file).device == "cpu"


# ---------------------------------------------------------------- what cannot be saved
@pytest.mark.parametrize(
    ("what", "words"),
    [
        (np.sin, r"Holds.held_\['deep'\]\[0\] cannot be saved: it is a numpy.ufunc"),
        (lambda: 0, "builtins.function"),
        (torch.nn.Linear(1, 1), "torch.nn.modules.linear.Linear"),
        (np.array([object()]), "array of object"),
        (np.ma.masked_array([1.0]), "MaskedArray"),
        (torch.ones(2).to_sparse(), "not dense"),
        (np.random.RandomState(0), "RandomState"),
        (AtomicReference, "ABCMeta|type"),
        (molecule("H2"), "ase.atoms.Atoms"),
    ],
)
def test_what_cannot_be_saved_is_named_and_leaves_no_file(tmp_path, what, words):
    model = Holds()
    model.what = what
    model.fit([molecule("H2")], [-6.0])
    with pytest.raises(TypeError, match=words):
        model.save(tmp_path / "a.model")
    assert not list(tmp_path.iterdir())


def test_what_holds_itself_cannot_be_saved():
    knot = []
    knot.append(knot)
    with pytest.raises(TypeError, match=r"value\[0\] cannot be saved: it holds itself"):
        Writer().encode(knot, "value")


def test_a_class_inside_a_function_cannot_be_saved(tmp_path):
    class Local(AtomicReference):
        pass

    with pytest.raises(TypeError, match="defined inside a function"):
        Local().save(tmp_path / "a.model")


def test_an_interrupted_save_keeps_the_old_file(water, tmp_path, monkeypatch):
    file = saved(water, tmp_path)
    before = file.read_bytes()
    monkeypatch.setattr(model_archive, "json", None)
    with pytest.raises(AttributeError):
        water.save(file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


# ---------------------------------------------------------------- what cannot be loaded
def test_other_peoples_classes_need_trust(tmp_path):
    file = saved(Mine().fit([molecule("H2")], [-6.0]), tmp_path)
    with pytest.raises(ValueError, match=rf"'{__name__}:Mine'.*load with trust=\['{__name__}'\]"):
        model_file.load(file)
    assert type(model_file.load(file, trust=[__name__])) is Mine


def tampered(file, change):
    """The same file with a changed document."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    document = json.loads(members["model.json"])
    change(document)
    members["model.json"] = json.dumps(document).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


@pytest.mark.parametrize(
    "name",
    [
        "os:system",
        "subprocess:Popen",
        "builtins:eval",
        "sklearn.pipeline:Pipeline",
    ],
)
def test_nothing_else_is_imported(water, tmp_path, name, monkeypatch):
    monkeypatch.setattr(
        "mlffbench.system.decoding.import_module", lambda module: pytest.fail(f"imported {module}")
    )
    file = tampered(saved(water, tmp_path), lambda d: d["model"].update(object=name))
    with pytest.raises(ValueError, match="whose code is not mlffbench's"):
        model_file.load(file)


@pytest.mark.parametrize(
    "name",
    [
        "mlffbench.__main__:main",
        "mlffbench.data:Atoms",
        "mlffbench.data:Dataset",
        "mlffbench.harness.run:os.system",
        "mlffbench.estimators.base.composite:Composite",
        "mlffbench.registry:load",
        "mlffbench.harness.documents.store:Store",
        "mlffbench.data:labels_of",
    ],
)
def test_of_our_own_only_values_and_estimators_are_made(water, tmp_path, name):
    file = tampered(saved(water, tmp_path), lambda d: d["model"].update(object=name))
    with pytest.raises(ValueError, match=r"which no model file may name|which is no name"):
        model_file.load(file)


@pytest.mark.parametrize(
    "baseline",
    [
        {"calculator": "os:system"},
        {"calculator": {"os:system": {"command": "true"}}},
        {"fitted": {"dataset": "malonaldehyde", "estimator": {"os:system": {}}}},
    ],
)
def test_what_a_spec_names_needs_trust_too(tmp_path, baseline):
    file = saved(DeltaLearning(baseline, "morse"), tmp_path)
    with pytest.raises(ValueError, match="its 'baseline' names 'os:system'"):
        model_file.load(file)
    assert model_file.load(file, trust=["os"]).baseline == baseline


def test_words_with_a_colon_are_no_names(tmp_path):
    model = Committee({"morse": {"device": "cuda:0"}})
    assert model_file.load(saved(model, tmp_path)).model == model.model


def test_a_file_of_pickle_is_not_opened(tmp_path):
    file = tmp_path / "a.model"
    torch.save({"weights": torch.ones(2)}, file)
    with pytest.raises(ValueError, match="is not a model that mlffbench saved"):
        model_file.load(file)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all", b"{}"])
def test_another_file_is_a_sentence(tmp_path, content):
    (tmp_path / "a.model").write_bytes(content)
    with pytest.raises(ValueError, match="is not a model that mlffbench saved"):
        model_file.load(tmp_path / "a.model")


def test_no_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        model_file.load(tmp_path / "none.model")


def test_a_pipe_or_folder_is_a_sentence(tmp_path):
    os.mkfifo(tmp_path / "pipe.model")
    for file in (tmp_path / "pipe.model", tmp_path):
        with pytest.raises(ValueError, match="is not a file"):
            model_file.load(file)


def test_every_damage_is_noticed(argon, tmp_path):
    """A byte changed anywhere, or a file cut short: a sentence, or the same model where it is harmless."""
    model = Committee({"morse": Morse.test_params()}, n=2, random_state=0).fit(argon.frames, argon.labels)
    content = saved(model, tmp_path).read_bytes()
    expected = model.predict(argon.frames[:1]).energy
    harmless = 0
    for place in np.random.default_rng(0).choice(len(content), 60, replace=False):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        (tmp_path / "cut.model").write_bytes(content[:place])
        with pytest.raises(ValueError, match=r"cut\.model is not a model that mlffbench saved"):
            model_file.load(tmp_path / "cut.model")
        (tmp_path / "changed.model").write_bytes(changed)
        try:
            back = model_file.load(tmp_path / "changed.model")
        except ValueError:
            continue
        harmless += 1
        assert back.predict(argon.frames[:1]).energy == pytest.approx(expected, abs=1e-12)
    assert harmless < 30  # dates and attributes in the directory of the archive


def test_a_newer_format_is_a_sentence(water, tmp_path):
    file = tampered(
        saved(water, tmp_path), lambda d: d.update(format_version=99, versions={"mlffbench": "9.9"})
    )
    with pytest.raises(
        ValueError, match=r"written by mlffbench 9\.9, in a newer format than .* update mlffbench"
    ):
        model_file.load(file)


def test_what_does_not_fit_this_version_is_a_sentence(water, tmp_path):
    file = tampered(
        saved(water, tmp_path), lambda d: d["model"].update(object="mlffbench.estimators.gone:Gone")
    )
    with pytest.raises(ValueError, match="was changed, or does not fit mlffbench"):
        model_file.load(file)


def test_the_file_says_what_wrote_it(water, tmp_path):
    with zipfile.ZipFile(saved(water, tmp_path)) as archive:
        document = json.loads(archive.read("model.json"))
    assert document["format"] == "mlffbench model"
    assert {"mlffbench", "numpy", "torch", "python"} <= set(document["versions"])


# ---------------------------------------------------------------- files written before
# every estimator, fitted to testing.molecules()
FORMAT_1 = Path(__file__).with_name("models_of_format_1.zip")
with zipfile.ZipFile(FORMAT_1) as archive:
    OLD_MODELS = sorted(name for name in archive.namelist() if name.endswith(".mlff"))


def test_every_estimator_has_a_model_of_format_1():
    fitted_to_molecules = {Path(name).stem for name in OLD_MODELS}
    assert {"mace", "soap_gpr", "soap_gpr_dscribe", "sgdml", "bonded", "committee"} <= fitted_to_molecules
    assert len(OLD_MODELS) == 21


@pytest.mark.parametrize("name", OLD_MODELS)
def test_a_model_of_format_1_loads_and_predicts_the_same(name, tmp_path):
    """Saved before the classes moved into their rooms; predictions of then lie beside."""
    with zipfile.ZipFile(FORMAT_1) as archive:
        archive.extract(name, tmp_path)
        archive.extract(f"{Path(name).stem}.npz", tmp_path)
    stored = zipfile.ZipFile(tmp_path / name).read("model.json")
    assert json.loads(stored)["format_version"] == 1
    try:
        model = model_file.load(tmp_path / name)
        predicted = model.predict(testing.molecules().frames)
    except ImportError as error:
        pytest.skip(str(error))
    with np.load(tmp_path / f"{Path(name).stem}.npz") as before:
        for quantity, values in before.items():
            now = getattr(predicted, quantity)
            if quantity not in ("energy", "energy_std"):
                now = np.concatenate([np.ravel(v) for v in now])
            np.testing.assert_allclose(now, values, rtol=1e-8, atol=2e-5)


# ---------------------------------------------------------------- sizes and mutations
def archive_of(file, members, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


def members_of(file):
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def with_arrays(argon, tmp_path_factory):
    """Members of the file of a fitted model that holds arrays and models."""
    members = Committee({"morse": Morse.test_params()}, n=2, random_state=0)
    model = DeltaLearning({"calculator": "emt"}, members).fit(
        testing.molecules().frames, testing.molecules().labels
    )
    model.kept_ = [{"curve": np.arange(3.0)}, {"curve": np.zeros((2, 2))}]
    return members_of(saved(model, tmp_path_factory.mktemp("arrays")))


def header(shape, descr="<f8"):
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "array",
    [
        *(header((10**12,)), header((10**9, 10**9)), header((10**30,)), header((3,)) + bytes(8), b"", b"PK"),
        *(header((10**15,), "<U0"), header((1,), "|O") + bytes(8), header((-1,)) + bytes(8)),
    ],
)
def test_an_array_that_claims_more_than_it_has_is_refused(with_arrays, tmp_path, array):
    file = archive_of(tmp_path / "a.model", with_arrays | {"0.npy": array})
    with pytest.raises(ValueError, match=r"a\.model is not a model that mlffbench saved, or is damaged"):
        model_file.load(file)


def test_bombs_are_not_unpacked(with_arrays, tmp_path):
    text = b'{"format": "mlffbench model", "model": [' + b"0," * 50_000_000 + b"0]}"
    file = archive_of(tmp_path / "a.model", {"model.json": text}, zipfile.ZIP_DEFLATED)
    assert file.stat().st_size < 200_000
    with pytest.raises(ValueError, match=r"model\.json claims 100000043 bytes in \d+"):
        model_file.load(file)
    zeros = header((20_000_000,), "|u1") + bytes(20_000_000)
    file = archive_of(tmp_path / "b.model", with_arrays | {"0.npy": zeros}, zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="its arrays are not stored one after the other"):
        model_file.load(file)


@pytest.mark.parametrize(
    "change",
    [
        *({"format_version": v} for v in ("x", None, [], {}, 1.5, True)),
        *({"versions": v} for v in ([], {}, None, "x", {"mlffbench": 1}, {"numpy": "1"}, {"mlffbench": []})),
        *({"format": v} for v in (None, [], "another")),
    ],
)
def test_a_head_of_another_kind_is_a_sentence(water, tmp_path, change):
    file = tampered(saved(water, tmp_path), lambda d: d.update(change))
    with pytest.raises(ValueError, match=r"a\.model is not a model that mlffbench saved"):
        model_file.load(file)


@pytest.mark.parametrize("text", [b"[]", b"{}", b"3", b"null", b"\xff", b"9" * 5000, b"[" * 200_000, b"{"])
def test_a_document_of_another_kind_is_a_sentence(tmp_path, text):
    with pytest.raises(ValueError, match=r"a\.model is not a model that mlffbench saved"):
        model_file.load(archive_of(tmp_path / "a.model", {"model.json": text}))


SUBSTITUTES = [
    *(
        None,
        True,
        -1,
        10**400,
        1e308,
        float("nan"),
        "",
        "x",
        "os:system",
        "strangers_module:call ",
        "cuda:99",
    ),
    *([], [[]], {}, {"os:system": {}}, {"array": 99}, {"array": 0}, {"bytes": "eA=="}, {"slice": [1, 2]}),
    {"dict": [["strangers_module:call", {"dict": []}]]},
    {"object": "strangers_module:Mine", "state": []},
    {"object": "posix:system", "state": [["command", "true"]]},
    {"object": "mlffbench.estimators.base.composite:Calculated", "state": [["source", "os:system"]]},
    {"object": "mlffbench.estimators.morse:Morse", "state": []},
    {"tensor": 0, "dtype": "float64", "device": "cpu"},
]


def places(tree):
    """Yield the containers of a JSON tree, each with one of its keys."""
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield tree, key
        if isinstance(value, dict | list):
            yield from places(value)


def mutated(members, rng):
    """The members with one place of the document changed: another value, a moved, doubled or lost one."""
    document = json.loads(members["model.json"])
    every = list(places(document))
    container, key = every[rng.integers(len(every))]
    other, other_key = every[rng.integers(len(every))]
    action = rng.integers(4)
    if action == 0:
        container[key] = json.loads(json.dumps(other[other_key]))
    elif action == 1:
        del container[key]
    else:
        container[key] = SUBSTITUTES[rng.integers(len(SUBSTITUTES))]
    return members | {"model.json": json.dumps(document)}


def load_and_use(file, frames):
    """``refused``, ``used``, or ``failed`` for a model that loads and whose predictions raise an error."""
    try:
        model = model_file.load(file)
    except ValueError as error:
        return "refused" if file.name in str(error) else f"a message without the file: {error}"
    assert type(model).__module__.startswith("mlffbench.estimators.")
    try:
        return "used" if len(model.predict(frames)) == len(frames) else "failed"
    except Exception:
        return "failed"


def test_two_hundred_mutations_run_nothing(stranger, with_arrays, tmp_path, monkeypatch):
    """Each loads or is refused; what loads is ours; nothing foreign is imported, called or written."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    rng, frames, file = np.random.default_rng(0), testing.molecules().frames[:1], tmp_path / "m.model"
    with zipfile.ZipFile(FORMAT_1) as archive:
        names = ("soap_gpr.mlff", "behler_parrinello.mlff", "bonded.mlff")
        old = [archive.extract(name, tmp_path) for name in names]
    originals = [with_arrays, *map(members_of, old)]
    assert [load_and_use(archive_of(file, members), frames) for members in originals] == ["used"] * 4
    before = set(sys.modules)
    outcomes = Counter(
        load_and_use(archive_of(file, mutated(members, rng)), frames)
        for members in originals
        for _ in range(50)
    )
    assert set(outcomes) <= {"refused", "used", "failed"}, outcomes
    assert min(outcomes.values()) > 10, outcomes
    assert {name.partition(".")[0] for name in set(sys.modules) - before} <= {"mlffbench"}
    assert stranger.marks == list(Path.cwd().iterdir()) == []
