"""Frames to datasets: labels found, converted or refused; the same values read lazily."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from ase import Atoms
from ase.db import connect
from ase.io import read, write
from example_files import FORCES, SIGMA, SQUARE, h2, same
from sklearn.model_selection import cross_val_score

from mlffbench.data import Labels, LazySequence
from mlffbench.datasets.formats.to_dataset import from_frames
from mlffbench.datasets.path import path
from mlffbench.estimators import AtomicReference


@pytest.mark.parametrize("key", ["forces", "force", "dft_force", "dft_forces", "REF_forces", "F"])
def test_forces_are_found_in_arrays(key):
    data = from_frames("x", [h2({"energy": -1.0}, {key: FORCES})])
    np.testing.assert_array_equal(data.labels.forces[0], FORCES)


def test_labels_are_found_in_calculators():
    data = from_frames("x", [h2(energy=-1.0, forces=FORCES, stress=SIGMA, periodic=True)])
    assert data.labels.energy.tolist() == [-1.0]
    np.testing.assert_array_equal(data.labels.forces[0], FORCES)
    np.testing.assert_array_equal(data.labels.stress[0], SIGMA)


@pytest.mark.parametrize("value", [SIGMA, SQUARE, SQUARE.ravel()], ids=["6", "3x3", "9"])
def test_stress_becomes_voigt_and_virial_becomes_stress(value):
    stress = from_frames("x", [h2({"E": 0.0, "dft_stress": value}, periodic=True)]).labels.stress[0]
    virial = from_frames("x", [h2({"E": 0.0, "virial": -8.0 * value}, periodic=True)]).labels.stress[0]
    np.testing.assert_allclose(stress, SIGMA)
    np.testing.assert_allclose(virial, SIGMA)  # σ = −virial/V, V = 8 Å³


def test_stress_without_three_periodic_directions_is_missing():
    assert from_frames("x", [h2({"energy": 0.0, "stress": SIGMA, "virial": SIGMA})]).labels.stress is None


def test_missing_forces_are_none_and_not_zero():
    data = from_frames("x", [h2({"energy": 0.0}), h2({"energy": 0.0}, {"forces": FORCES})])
    assert data.labels.forces[0] is None
    np.testing.assert_array_equal(data.labels.forces[1], FORCES)
    assert from_frames("x", [h2({"energy": 0.0})]).labels.forces is None


def test_two_spellings_that_agree_are_one():
    assert from_frames("x", [h2({"energy": -1.0, "dft_energy": -1.0})]).labels.energy.tolist() == [-1.0]


def test_frames_are_bare():
    atoms = h2({"group": "a", "dft_energy": -1.0}, {"forces": FORCES, "charges": [0.1, -0.1]}, periodic=True)
    atoms.set_velocities(FORCES)
    frame = from_frames("x", [atoms]).frames[0]
    assert frame.calc is None
    assert not frame.info
    assert set(frame.arrays) == {"numbers", "positions"}
    assert frame.pbc.all()
    np.testing.assert_array_equal(frame.cell, atoms.cell)


def test_info_becomes_columns():
    infos = [{"T": 300, "kind": "a", "mixed": 1}, {"kind": "b", "mixed": "x"}, {"T": 6.5, "list": [1, 2]}]
    frames = [h2({"energy": 0.0, **info}) for info in infos]
    columns = from_frames("x", frames, columns={"n": [5, 6, 7]}).columns
    np.testing.assert_array_equal(columns["T"], [300.0, np.nan, 6.5])
    assert columns["kind"].tolist() == ["a", "b", ""]
    assert columns["mixed"].tolist() == ["1", "x", ""]
    assert columns["n"].tolist() == [5, 6, 7]
    assert set(columns) == {"T", "kind", "mixed", "n"}


@pytest.mark.parametrize("word", ["isolated_atom", "IsolatedAtom"])
def test_isolated_atoms_are_not_training_data(word):
    lone = Atoms("H", info={"energy": -13.6, "config_type": word})
    data = from_frames("x", [lone, h2({"energy": -31.0})], columns={"n": [0, 1]})
    assert data.atomic_energies == {"H": -13.6}
    assert len(data) == 1
    assert data.columns["n"].tolist() == [1]
    given = from_frames("x", [lone, h2({"energy": 0.0})], atomic_energies={"H": -1.0})
    assert given.atomic_energies == {"H": -1.0}
    with pytest.raises(ValueError, match="every frame is an isolated atom"):
        from_frames("x", [lone])
    with pytest.raises(ValueError, match="isolated H has two energies"):
        from_frames("x", [lone, Atoms("H", info={"energy": -13.0, "config_type": word}), h2({"energy": 0.0})])


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


def test_acetylacetone_is_read_lazily(shared_data):
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


def test_scikit_learn_takes_lazy_data(labelled, tmp_path):
    write(tmp_path / "a.xyz", labelled)
    eager, lazy = (path(str(tmp_path / "a.xyz"), lazy=x) for x in (False, True))
    scores = [cross_val_score(AtomicReference(), d.frames, d.labels, cv=3) for d in (eager, lazy)]
    np.testing.assert_array_equal(*scores)


def test_labels_keep_what_is_lazy():
    some = LazySequence(lambda i: np.full((2, 3), i), np.arange(4), np.array([True, False, False, True]))
    labels = Labels(np.arange(4.0), some)
    assert labels.forces is some
    assert labels[1:3].forces is None
    assert [f is None for f in labels[np.array([0, 1])].forces] == [False, True]
    with pytest.raises(ValueError, match="3 energies but 4 entries of forces"):
        Labels(np.arange(3.0), some)
