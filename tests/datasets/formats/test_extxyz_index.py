"""Datasets left in their files: the same values as in memory, read when asked for."""

from __future__ import annotations

import gzip
import io
import pickle
import random
import threading

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect
from ase.io import read, write
from joblib import Parallel, delayed
from sklearn.model_selection import cross_val_score

from mlffbench.data import Dataset, Labels, LazySequence
from mlffbench.datasets.formats import extxyz_index
from mlffbench.datasets.formats.extxyz import Extxyz
from mlffbench.datasets.formats.extxyz_index import index_extxyz
from mlffbench.datasets.formats.records import InMemory
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.datasets.path import path
from mlffbench.estimators import AtomicReference
from mlffbench.system import progress

STRESS = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFFBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "index"


@pytest.fixture(scope="module")
def labelled():
    """Thirty frames: every third without forces, every second periodic and with a stress."""
    data = malonaldehyde()
    frames = []
    for i in range(30):
        atoms = data.frames[i].copy()
        results = {"energy": data.labels.energy[i]}
        if i % 3:
            results["forces"] = data.labels.forces[i]
        if i % 2:
            atoms.set_cell([9.0, 9.5, 10.0])
            atoms.pbc = True
            results["stress"] = STRESS * i
        atoms.calc = SinglePointCalculator(atoms, **results)
        frames.append(atoms)
    return frames


@pytest.fixture(params=["xyz", "db", "npz", "xyz.gz"])
def file(request, labelled, tmp_path):
    """The same frames in every kind of file that is read lazily, and in one that is not."""
    place = tmp_path / f"a.{request.param}"
    if request.param == "db":
        with connect(place) as database:
            for i, atoms in enumerate(labelled):
                database.write(atoms, temperature=300.0 + i, kind="ab"[i % 2])
    elif request.param == "npz":
        arrays = {"R": [a.positions for a in labelled], "E": [a.get_potential_energy() for a in labelled]}
        forces = [a.positions - 1 for a in labelled]
        np.savez(place, z=labelled[0].numbers, F=forces, kind=["a", "b"] * 15, **arrays)
    else:
        frames = [a.copy() for a in labelled]
        for i, (atoms, whole) in enumerate(zip(frames, labelled, strict=True)):
            atoms.calc = whole.calc
            atoms.info = {"temperature": 300.0 + i, "kind": "ab"[i % 2]}
        text = io.StringIO()
        write(text, frames, format="extxyz")
        packed = request.param.endswith("gz")
        place.write_bytes(gzip.compress(text.getvalue().encode()) if packed else text.getvalue().encode())
    return str(place)


def same(one: Dataset, two: Dataset) -> None:
    """Every value of two datasets, and its presence."""
    assert len(one) == len(two)
    assert one.elements == two.elements
    assert one.atomic_energies == two.atomic_energies
    assert list(one.columns) == list(two.columns)
    for name, values in one.columns.items():
        assert values.dtype == two.columns[name].dtype
        np.testing.assert_array_equal(values, two.columns[name])
    np.testing.assert_array_equal(one.labels.energy, two.labels.energy)
    for quantity in ("forces", "stress"):
        first, second = (getattr(d.labels, quantity) for d in (one, two))
        assert (first is None) == (second is None)
        for a, b in zip(first or (), second or (), strict=True):
            assert (a is None) == (b is None)
            np.testing.assert_array_equal(a, b)
    assert all(a == b for a, b in zip(one.frames, two.frames, strict=True))
    assert one.digest == two.digest


# ---------------------------------------------------------------- the same as in memory
def test_lazy_equals_eager(file):
    units = "eV" if file.endswith("npz") else None
    eager, lazy = (path(file, units=units, lazy=x) for x in (False, True))
    assert isinstance(eager.frames, list)
    assert isinstance(eager.labels.forces, tuple)
    for values in (lazy.frames, lazy.labels.forces, lazy.labels.stress):
        assert values is None or isinstance(values, LazySequence)
    same(eager, lazy)
    same(eager, path(file, units=units, lazy=True))  # the second time by the index on disk
    same(eager, pickle.loads(pickle.dumps(lazy)))


def test_several_kinds_of_files_are_one_dataset(labelled, tmp_path):
    write(tmp_path / "a.xyz", labelled[:10])
    write(tmp_path / "b.traj", labelled[10:20])
    with connect(tmp_path / "c.db") as database:
        for atoms in labelled[20:]:
            database.write(atoms, kind="x")
    files = [str(tmp_path / n) for n in ("a.xyz", "b.traj")]
    eager, lazy = (path(files, tests={"db": str(tmp_path / "c.db")}, lazy=x) for x in (False, True))
    assert lazy.card["groups"] == {"train": 20, "db": 10}
    assert lazy.columns["kind"].tolist() == [""] * 20 + ["x"] * 10
    np.testing.assert_allclose(lazy.labels.energy, [a.get_potential_energy() for a in labelled])
    same(eager, lazy)


def test_acetylacetone(shared_data):
    folder = shared_data / "acac"
    given = {
        "path": str(folder / "train_300K.xyz"),
        "tests": {name: str(folder / f"test_{name}.xyz") for name in ("H_transfer", "dihedral")},
        "isolated_atoms": str(folder / "isolated_atoms.xyz"),
        "energy_key": "energy",
    }
    eager, lazy = path(**given, lazy=False), path(**given, lazy=True)
    same(eager, lazy)
    assert lazy.card["groups"] == {"train": 500, "H_transfer": 15, "dihedral": 45}
    by_ase = read(folder / "train_300K.xyz", ":")
    assert lazy.labels.energy[:500].tolist() == [a.get_potential_energy() for a in by_ase]
    assert all((lazy.frames[i].positions == a.positions).all() for i, a in enumerate(by_ase))
    assert all((lazy.labels.forces[i] == a.get_forces()).all() for i, a in enumerate(by_ase))


def test_isolated_atoms_are_no_frames(labelled, tmp_path):
    lone = labelled[0][[0]]
    lone.info = {"config_type": "IsolatedAtom", "energy": -1000.0}
    iron = lone.copy()
    iron.symbols = "Fe"
    write(tmp_path / "a.xyz", [labelled[0], lone, iron, labelled[1]])
    eager, lazy = (path(str(tmp_path / "a.xyz"), lazy=x) for x in (False, True))
    assert lazy.atomic_energies == {lone.symbols[0]: -1000.0, "Fe": -1000.0}
    assert lazy.elements == ["H", "C", "O"]
    same(eager, lazy)


def test_size_decides(labelled, tmp_path, monkeypatch):
    write(tmp_path / "a.xyz", labelled)
    assert isinstance(path(str(tmp_path / "a.xyz")).frames, list)
    monkeypatch.setattr("mlffbench.datasets.path.LARGE", 1000)
    assert isinstance(path(str(tmp_path / "a.xyz")).frames, LazySequence)


# ---------------------------------------------------------------- comment lines mean what ASE says
KEYS = ("energy", "E", "x", "T", "note", "group", "magmom", "dft_energy", "y-z", "a.b", "uid", "free_energy")
VALUES = (
    *(
        "1",
        "-2.5",
        "3e-4",
        ".5",
        "5.",
        "T",
        "F",
        "true",
        "abc",
        "a,b",
        "1,2,3",
        '"1 2 3"',
        '"a b c"',
        '"T F T"',
    ),
    *(
        "{1 2}",
        "[1.5 2]",
        '"_JSON [1.0, 2]"',
        '"_JSON {\\"a\\": 1}"',
        '""',
        "nan",
        "1e400",
        "1_0",
        '"x=y"',
        "a=b",
    ),
    *("007", "12345678901234567890", "'q'", "'1'", '"T"', "-", "+1", '"_JSON [[1,2],[3,4]]"', "é", "1 2"),
)
PROPERTIES = {
    "": "",
    "species:S:1:pos:R:3:forces:R:3": " 1 2 3",
    "pos:R:3:species:S:1": None,
    "species:S:1:pos:R:3:tag:I:1:lab:S:1": " 4 x",
    "species:S:1:pos:R:3:energy:R:1": " 7",
}


def strange_frame(rng: random.Random) -> str:
    words = [
        f"{k}={rng.choice(VALUES)}" if rng.random() > 0.1 else k for k in rng.sample(KEYS, rng.randint(0, 5))
    ]
    properties = rng.choice(list(PROPERTIES))
    words += [f"Properties={properties}"] if properties else []
    words += ["pbc=" + rng.choice(('"T T F"', "T", "[T T T]"))] if rng.random() < 0.4 else []
    words += ['Lattice="1 0 0 0 2 0 0 0 3.5"'] if rng.random() < 0.4 else []
    words += [f'{k}="1 2 3 2 5 6 3 6 9"' for k in ("stress", "virial") if rng.random() < 0.2]
    rng.shuffle(words)
    tail = PROPERTIES[properties]
    line = "0.1 -2 3e-1 cl" if tail is None else f"{rng.choice(('H', 'cl', 'Si'))} 0.1 -2 3e-1{tail}"
    return f"1\n{rng.choice((' ', '  ')).join(words)}{rng.choice(('', ' ', chr(13)))}\n{line}\n"


@pytest.mark.filterwarnings("ignore:overflow")
def test_strange_lines_mean_what_ase_says(monkeypatch, tmp_path):
    monkeypatch.setattr(extxyz_index, "BLOCK", 777)  # frames lie across the borders of blocks
    rng = random.Random(0)
    pool = [strange_frame(rng) for _ in range(60)]
    text = "".join(rng.choices(pool, k=300))
    by_ase = InMemory(read(io.StringIO(text.replace("\r\n", "\n")), ":", format="extxyz"))
    truth = by_ase.source.index
    index, offsets = index_extxyz("x", io.BytesIO(text.encode()), len(text))
    mine = Extxyz(tmp_path, offsets, text.encode())
    assert len(mine) == len(by_ase) == 300
    for i in range(300):
        one, two = mine.record(i), by_ase.record(i)
        assert one.bare() == two.bare()
        assert set(one.values) == set(two.values)
        for key, value in two.values.items():
            np.testing.assert_equal(np.asarray(one.values[key]), np.asarray(value))
        held = [set(x.layouts[x.layout[i]].entries) for x in (index, truth)]
        assert held[0] == held[1]
        assert index.layouts[index.layout[i]].periodic == truth.layouts[truth.layout[i]].periodic
    assert index.columns() == truth.columns()
    for key in truth.scalars:
        numbers = truth.is_kind(key, "number")
        np.testing.assert_array_equal(index.is_kind(key, "number"), numbers)
        np.testing.assert_array_equal(index.scalars[key][numbers], truth.scalars[key][numbers])
        np.testing.assert_array_equal(index.texts(key), truth.texts(key))


# ---------------------------------------------------------------- laziness
def test_parts_are_lazy_and_read_nothing(labelled, tmp_path):
    write(tmp_path / "a.xyz", labelled)
    data = path(str(tmp_path / "a.xyz"), lazy=True)
    asked = []
    watched = LazySequence(lambda i: asked.append(i) or data.frames[i], np.arange(30))
    part = watched[np.array([5, 7])][::-1]
    assert len(part) == 2
    assert asked == []
    assert part[0] == data.frames[7]
    assert asked == [7]
    labels = data.labels[[0, 1, 2]]
    assert isinstance(labels.forces, LazySequence)
    assert labels.forces[0] is None
    np.testing.assert_array_equal(labels.forces[-1], labelled[2].get_forces())
    assert data.labels[[0, 3]].forces is None  # neither has any
    with pytest.raises(IndexError):
        data.frames[30]


def test_what_is_read_may_be_changed(labelled, tmp_path):
    write(tmp_path / "a.xyz", labelled)
    data = path(str(tmp_path / "a.xyz"), lazy=True)
    data.frames[1].positions += 1.0
    data.labels.forces[1][:] = 0.0
    np.testing.assert_allclose(data.frames[1].positions, labelled[1].positions, atol=1e-8)
    np.testing.assert_allclose(data.labels.forces[1], labelled[1].get_forces(), atol=1e-8)


def test_bad_forces_are_refused_when_they_are_read(tmp_path):
    (tmp_path / "a.xyz").write_text(
        "1\nenergy=1 Properties=species:S:1:pos:R:3:forces:R:3\nH 0 0 0 nan 0 0\n1\nenergy=1\nH 0 0 0\n"
    )
    data = path(str(tmp_path / "a.xyz"), lazy=True)
    assert data.labels.forces[1] is None
    with pytest.raises(ValueError, match="a: 'forces' of frame 0 is not finite"):
        data.labels.forces[0]


def test_a_file_that_changes_is_noticed(labelled, tmp_path):
    file = tmp_path / "a.xyz"
    write(file, labelled[:5])
    data = path(str(file), lazy=True)
    write(file, labelled[:7])
    with pytest.raises(ValueError, match="has changed since it was opened"):
        data.frames[0]
    assert len(path(str(file), lazy=True)) == 7


def digest_of(data: Dataset) -> str:
    return data.digest


def test_other_processes_and_threads_open_the_file_again(file):
    data = path(file, units="eV", lazy=True)
    digests = Parallel(n_jobs=2, backend="multiprocessing")(delayed(digest_of)(data) for _ in range(2))
    thread = threading.Thread(target=lambda: digests.append(Dataset("x", data.frames, data.labels).digest))
    thread.start()
    thread.join()
    assert digests == [data.digest] * 3


def test_scikit_learn_takes_lazy_data(labelled, tmp_path):
    write(tmp_path / "a.xyz", labelled)
    eager, lazy = (path(str(tmp_path / "a.xyz"), lazy=x) for x in (False, True))
    scores = [cross_val_score(AtomicReference(), d.frames, d.labels, cv=3) for d in (eager, lazy)]
    np.testing.assert_array_equal(*scores)


# ---------------------------------------------------------------- the index on disk
def test_the_index_is_kept(labelled, tmp_path, cache, monkeypatch):
    write(tmp_path / "a.xyz", labelled)
    path(str(tmp_path / "a.xyz"), lazy=False)
    assert not cache.exists()
    first = path(str(tmp_path / "a.xyz"), lazy=True)
    (kept,) = cache.glob("*.npz")
    monkeypatch.setattr("mlffbench.datasets.formats.files.index_extxyz", None)  # not called again
    same(first, path(str(tmp_path / "a.xyz"), lazy=True))
    monkeypatch.undo()
    monkeypatch.setenv("MLFFBENCH_CACHE", str(cache.parent))
    kept.write_bytes(kept.read_bytes()[:100])  # damaged
    same(first, path(str(tmp_path / "a.xyz"), lazy=True))


def test_a_cache_that_cannot_be_written_is_no_error(labelled, tmp_path, monkeypatch):
    write(tmp_path / "a.xyz", labelled)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLFFBENCH_CACHE", str(tmp_path / "file"))
    assert len(path(str(tmp_path / "a.xyz"), lazy=True)) == 30


def test_an_interrupted_index_leaves_nothing(labelled, tmp_path, cache):
    write(tmp_path / "a.xyz", labelled)

    def interrupt(stage, *_):
        assert stage.startswith("index ")
        raise KeyboardInterrupt

    with progress.listen(interrupt), pytest.raises(KeyboardInterrupt):
        path(str(tmp_path / "a.xyz"), lazy=True)
    assert not cache.exists()


# ---------------------------------------------------------------- labels
def test_labels_keep_what_is_lazy():
    some = LazySequence(lambda i: np.full((2, 3), i), np.arange(4), np.array([True, False, False, True]))
    labels = Labels(np.arange(4.0), some)
    assert labels.forces is some
    assert labels[1:3].forces is None
    assert [f is None for f in labels[np.array([0, 1])].forces] == [False, True]
    with pytest.raises(ValueError, match="3 energies but 4 entries of forces"):
        Labels(np.arange(3.0), some)


# ---------------------------------------------------------------- LMDB
def test_lmdb(labelled, tmp_path):
    pytest.importorskip("ase_db_backends", reason="the extra 'lmdb' is not installed")
    file = str(tmp_path / "a.aselmdb")
    with connect(file) as database:
        for atoms in labelled:
            database.write(atoms, kind="x")
    eager, lazy = (path(file, lazy=x) for x in (False, True))
    np.testing.assert_allclose(lazy.labels.energy, [a.get_potential_energy() for a in labelled])
    assert lazy.columns["kind"].tolist() == ["x"] * 30
    same(eager, lazy)
    same(eager, pickle.loads(pickle.dumps(lazy)))


def test_lmdb_needs_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ase_db_backends.aselmdb", None)
    (tmp_path / "a.aselmdb").write_bytes(b"x")
    with pytest.raises(ImportError, match=r"pip install 'mlffbench\[lmdb\]'"):
        path(str(tmp_path / "a.aselmdb"))
