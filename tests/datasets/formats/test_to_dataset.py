"""Frames to datasets: labels found, converted or refused; the same values read lazily."""

from __future__ import annotations

import pickle
import re

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


def test_flags_are_texts_and_numbers_alone_are_nothing():
    frames = [h2({"energy": 0.0, "ok": flag, "-76.4": True, "T": True}) for flag in (True, np.False_)]
    columns = from_frames("x", [*frames, h2({"energy": 0.0, "T": 300})]).columns
    assert columns["ok"].tolist() == ["True", "False", ""]
    assert columns["T"].tolist() == ["True", "True", "300"]
    assert set(columns) == {"ok", "T"}


@pytest.mark.parametrize("cell", ["lattice", "Cell", "box", "unit_cell", "lattice_vectors"])
@pytest.mark.parametrize("size", [3, 6, 9, (3, 3)])
def test_a_cell_that_is_not_read_is_refused(cell, size):
    atoms = Atoms(
        "H2", [(0, 0, 0), (0, 0, 0.75)], info={"energy": 0.0, cell: np.arange(np.prod(size)).reshape(size)}
    )
    with pytest.raises(ValueError, match=rf"frame 1 has no cell, but '{cell}' with {np.prod(size)} numbers"):
        from_frames("x", [h2({"energy": 0.0}), atoms])
    atoms.info[cell] = np.zeros(size)  # of a molecule
    from_frames("x", [atoms])


def test_names_of_a_cell_may_be_metadata():
    atoms = h2({"energy": 0.0, "box": 7, "lattice": "fcc", "unit_cell": np.eye(3)}, periodic=True)
    columns = from_frames("x", [atoms]).columns
    assert columns["box"].tolist() == [7.0]
    assert columns["lattice"].tolist() == ["fcc"]


def test_the_names_of_labels_are_in_the_card():
    data = from_frames("x", [h2({"E": 0.0, "virial": SIGMA}, {"F": FORCES}, periodic=True)])
    assert data.card["labels"] == {"energy": "E", "forces": "F", "stress": "virial"}
    assert "unread" not in data.card
    assert from_frames("x", [h2({"E": 0.0})]).card["labels"] == {
        "energy": "E",
        "forces": "none",
        "stress": "none",
    }


@pytest.mark.parametrize(
    ("info", "arrays", "name", "remedy"),
    [
        ({}, {"vasp_force": FORCES}, "vasp_force", "forces_key: vasp_force"),
        ({}, {"gradient": FORCES}, "gradient", "forces_key: gradient"),
        ({"forces": FORCES.ravel()}, {}, "forces", "forces_key: forces"),  # which reads them
        ({"forces": np.ones(5)}, {}, "forces", r"of shape \(5,\), and no forces are read"),
        ({"my_stress": SIGMA}, {}, "my_stress", "stress_key: my_stress"),
        ({"sigma": SQUARE}, {}, "sigma", "stress_key: sigma"),
        ({"stress": 3.0}, {}, "stress", r"of shape \(\), and no stress"),
    ],
)
def test_what_looks_like_a_label_and_is_not_read_is_named(info, arrays, name, remedy):
    frames = [h2({"E": 0.0, **info}, arrays, periodic=True), h2({"E": 0.0}, periodic=True)]
    unread = from_frames("x", frames).card["unread"]
    assert list(unread) == [name]
    assert re.search(rf"1 frames have '{name}', .*{remedy}", unread[name])


def test_what_does_not_look_like_a_label_is_not_named():
    arrays = {"momenta": FORCES, "initial_magmoms": FORCES, "frac_coords": FORCES, "charges": [0.0, 1.0]}
    info = {"dielectric_tensor": SQUARE, "strain": SIGMA, "numbers": [1.0, 2.0], "kpts": [[1, 2, 3]]}
    read = h2(
        {"E": 0.0, "stress": SIGMA, "other": SQUARE, **info},
        {"F": FORCES, **arrays, "g": FORCES},
        periodic=True,
    )
    assert "unread" not in from_frames("x", [read]).card
    assert "unread" not in from_frames("x", [h2({"E": 0.0, **info}, arrays, periodic=True)]).card


def test_labels_of_nan_are_missing_and_counted():
    nan = np.nan
    frames = [
        h2({"E": 0.0, "stress": SIGMA * nan}, {"F": FORCES * nan}, periodic=True),
        h2({"E": 0.0, "stress": SIGMA}, {"F": FORCES}, periodic=True),
        h2({"E": 0.0, "stress": SIGMA * [1, nan, 1, 1, 1, 1]}, {"F": FORCES}),  # not periodic: not used
    ]
    data = from_frames("x", frames)
    assert [f is None for f in data.labels.forces] == [True, False, False]
    assert [s is None for s in data.labels.stress] == [True, False, True]
    assert data.card["missing"] == {"forces": 1, "stress": 1}
    other = from_frames("x", [h2({"energy": nan, "REF_energy": -1.0})])  # NaN is no rival
    assert other.labels.energy.tolist() == [-1.0]
    assert other.card["labels"]["energy"] == "REF_energy"


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
