"""mlffbench predict: predictions beside all that a file holds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase.build import bulk, fcc111, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms, FixBondLength
from ase.io import read, write
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.cli.predicted_frames import with_predictions, write_frames
from mlffbench.data import Labels
from mlffbench.datasets.emt_copper import emt_copper
from mlffbench.estimators import Morse
from mlffbench.system.model_file import load


def call(*words):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["predict", *map(str, words)])


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A model of copper, and a file of frames with odd keys, constraints and labels."""
    folder = tmp_path_factory.mktemp("predict")
    data = emt_copper(n_train=30, n_test=1)
    Morse().fit(data.frames[:10], data.labels[:10]).save(folder / "cu.mlff")
    frames = []
    for i in range(20, 26):
        atoms = data.frames[i].copy()
        atoms.set_constraint(FixAtoms([0, 3]))
        atoms.info |= {"odd key!": "[x] y", "REF_energy": data.labels.energy[i], "flag": True}
        atoms.arrays["REF_forces"] = data.labels.forces[i]
        atoms.set_velocities(np.full((len(atoms), 3), 0.01))
        frames.append(atoms)
    write(folder / "new.extxyz", frames)
    return folder


@pytest.fixture(autouse=True)
def here(desk, monkeypatch):
    monkeypatch.chdir(desk)


def test_predictions_are_written_and_nothing_is_lost(tmp_path):
    result = call("cu.mlff", "new.extxyz", "-o", tmp_path / "out.extxyz")
    assert result.exit_code == 0, result.output
    before, after = read("new.extxyz", ":"), read(tmp_path / "out.extxyz", ":")
    truth = load("cu.mlff").predict(before)
    for i, (old, new) in enumerate(zip(before, after, strict=True)):
        assert np.isclose(new.info["mlff_energy"], truth.energy[i])
        assert np.allclose(new.arrays["mlff_forces"], truth.forces[i], atol=1e-8)
        stress = np.array(new.info["mlff_stress"]).reshape(3, 3)
        assert np.allclose(stress[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]], truth.stress[i])
        assert np.array_equal(new.constraints[0].index, [0, 3])
        assert np.allclose(new.positions, old.positions)
        assert np.allclose(new.get_velocities(), old.get_velocities())
        assert {k: new.info[k] for k in old.info} == old.info
        assert np.allclose(new.arrays["REF_forces"], old.arrays["REF_forces"])


def test_errors_are_those_of_the_labels():
    facts = json.loads(call("cu.mlff", "new.extxyz", "--json").stdout)
    frames = read("new.extxyz", ":")
    predicted = load("cu.mlff").predict(frames)
    differences = np.concatenate([predicted.forces[i] - a.arrays["REF_forces"] for i, a in enumerate(frames)])
    assert np.isclose(facts["errors"]["forces"]["rmse"], 1000 * np.sqrt(np.mean(differences**2)))
    per_atom = [(predicted.energy[i] - a.info["REF_energy"]) / len(a) for i, a in enumerate(frames)]
    assert np.isclose(facts["errors"]["energy"]["rmse"], 1000 * np.sqrt(np.mean(np.square(per_atom))))
    assert facts["errors"]["energy"]["n"] == 6
    text = call("cu.mlff", "new.extxyz").output
    assert "meV/atom" in text
    assert "nothing was written" in text


def test_structures_of_the_training_are_counted(tmp_path):
    data = emt_copper(n_train=30, n_test=1)
    write(tmp_path / "mixed.extxyz", data.to_atoms(range(7, 14)))  # three of the model's ten
    result = call("cu.mlff", tmp_path / "mixed.extxyz")
    assert "careful: the model was fitted to 3 of these structures; errors on them flatter" in " ".join(
        result.output.split()
    )
    assert json.loads(call("cu.mlff", tmp_path / "mixed.extxyz", "--json").stdout)["n_training_frames"] == 3
    assert "was fitted to" not in call("cu.mlff", "new.extxyz").output


def test_the_calculator_that_made_the_labels_has_no_error():
    facts = json.loads(call("new.extxyz", "--calculator", "emt", "--json").stdout)
    assert facts["errors"]["forces"]["rmse"] < 1e-3
    assert facts["predicted"] == ["energy", "forces", "stress"]


def test_structures_without_labels_and_of_other_formats():
    write("bare.cif", bulk("Cu", cubic=True))
    slab = fcc111("Cu", (1, 1, 3), vacuum=6.0)
    slab.set_constraint(FixAtoms([0]))
    write("slab.traj", slab)
    for name in ("bare.cif", "slab.traj"):
        result = call("cu.mlff", name, "-o", "bare.extxyz", "--overwrite")
        assert result.exit_code == 0, result.output
        assert "the file has no labels" in result.output
        assert np.isfinite(read("bare.extxyz").info["mlff_energy"])
    assert read("bare.extxyz").constraints[0].index.tolist() == [0]


def test_only_some_frames_have_labels():
    frames = read("new.extxyz", ":")
    for atoms in frames[:4]:
        del atoms.arrays["REF_forces"]
    write("some.extxyz", frames)
    facts = json.loads(call("cu.mlff", "some.extxyz", "--json").stdout)
    assert facts["errors"]["forces"]["n"] == 3 * sum(len(a) for a in frames[4:])


def test_the_names_of_ase_keep_the_labels_of_the_file(tmp_path):
    atoms = bulk("Cu", cubic=True)
    atoms.calc = SinglePointCalculator(atoms, energy=-1.5, forces=np.full((4, 3), 0.25))
    write("own.extxyz", atoms)
    result = call("cu.mlff", "own.extxyz", "--ase-names", "-o", tmp_path / "out.xyz")
    assert result.exit_code == 0, result.output
    new = read(tmp_path / "out.xyz", format="extxyz")
    assert np.isclose(new.get_potential_energy(), load("cu.mlff").predict([atoms]).energy[0])
    assert new.info["ref_energy"] == -1.5
    assert np.allclose(new.arrays["ref_forces"], 0.25)
    default = call("cu.mlff", "own.extxyz", "-o", tmp_path / "out2.xyz")
    assert default.exit_code == 0
    assert read(tmp_path / "out2.xyz", format="extxyz").get_potential_energy() == -1.5


def test_a_second_prediction_replaces_the_first(tmp_path):
    atoms = bulk("Cu", cubic=True)
    deviations = Labels(np.array([1.0]), energy_std=[0.25], forces_std=[np.full((4, 3), 0.5)])
    write_frames(tmp_path / "a.xyz", with_predictions([atoms], deviations, "mlff_", ase_names=False))
    first = read(tmp_path / "a.xyz", format="extxyz")
    assert first.info["mlff_energy_std"] == 0.25
    assert np.allclose(first.arrays["mlff_forces_std"], 0.5)
    assert call("cu.mlff", tmp_path / "a.xyz", "-o", tmp_path / "b.xyz").exit_code == 0
    second = read(tmp_path / "b.xyz", format="extxyz")
    assert "mlff_energy_std" not in second.info
    assert "mlff_forces_std" not in second.arrays
    assert second.info["mlff_energy"] != 1.0


def test_constraints_that_the_format_lacks_are_said(tmp_path):
    atoms = bulk("Cu", cubic=True)
    atoms.set_constraint([FixAtoms([0]), FixBondLength(1, 2)])
    write("bond.traj", atoms)
    result = call("cu.mlff", "bond.traj", "-o", tmp_path / "x.extxyz")
    assert result.exit_code == 0, result.output
    assert "holds no constraints but fixed atoms" in result.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("cu.mlff", "new.extxyz", "-o", "new.extxyz", "--overwrite"), "which is never replaced"),
        (("cu.mlff", "new.extxyz", "-o", "cu.mlff"), "extended xyz"),
        (("cu.mlff", "new.extxyz", "-o", "there.xyz"), "--overwrite replaces it"),
        (("new.extxyz",), "give a model and a file of structures"),
        (("cu.mlff", "new.extxyz", "--calculator", "emt"), "or a file and --calculator"),
        (("new.extxyz", "--calculator", "emt", "--device", "cuda"), "--device is for a model"),
        (("cu.mlff", "new.extxyz", "--units", "ev"), "no unit 'ev'; did you mean 'eV'?"),
        (("cu.mlff", "nope.xyz"), "no data file matches 'nope.xyz'"),
        (("new.extxyz", "cu.mlff"), "is not a model that mlffbench saved"),
        (("cu.mlff", "water.xyz"), "frame 0 of water.xyz has H, O, which the model cannot predict"),
        (("cu.mlff", "pickle.pkl"), "pickle"),
        (("cu.mlff", "new.extxyz", "--energy-key", "REF_energi"), "did you mean 'REF_energy'"),
    ],
)
def test_refusals_are_one_sentence(words, sentence):
    write("water.xyz", molecule("H2O"))
    write("there.xyz", molecule("H2O"))
    from pathlib import Path

    Path("pickle.pkl").write_bytes(b"x")
    result = call(*words)
    assert sentence in " ".join(result.output.split())
    assert result.exit_code == (0 if "--energy-key" in words else 2)
    assert "Traceback" not in result.output
