"""VASP's runs: steps that did not converge or that its force field predicted."""

from __future__ import annotations

import gzip
import itertools
import re

import numpy as np
import pytest
from ase.io import read
from vasp_files import coppers, outcar, vasprun

from mlffbench.datasets.path import path

NELM, STEPS = 4, [3, 4, 3, 4, 2, 3]
ML_LMLFF = '<i type="logical" name="ML_LMLFF"> T  </i>'


@pytest.fixture(scope="module")
def frames():
    return coppers(6)


def check(data, frames, kept):
    """Values, units, periodicity and the sign of the stress."""
    assert len(data) == len(kept)
    for i, k in enumerate(kept):
        assert data.frames[i].pbc.all()
        np.testing.assert_allclose(data.frames[i].positions, frames[k].positions, atol=1e-5)
        np.testing.assert_allclose(data.labels.energy[i], frames[k].get_potential_energy(), atol=1e-6)
        np.testing.assert_allclose(data.labels.forces[i], frames[k].get_forces(), atol=1e-5)
        np.testing.assert_allclose(data.labels.stress[i], frames[k].get_stress(), atol=1e-6)


@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize("name", ["OUTCAR", "OUTCAR.gz", "vasprun.xml", "vasprun.xml.gz"])
def test_unconverged_steps_are_left_out_and_named(name, words, frames, tmp_path):
    xml = "xml" in name
    text = vasprun(frames, STEPS, NELM) if xml else outcar(frames, STEPS, NELM, words=words)
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    data = path(str(tmp_path / name))
    check(data, frames, [0, 2, 4, 5])
    (note,) = data.card["notes"]
    assert note == (
        f"{name}: 2 of 6 ionic steps did not converge within NELM electronic steps and are left out "
        "(steps 2, 4)"
    )


def test_a_step_that_converged_in_the_last_electronic_step_is_kept(frames, tmp_path):
    text = outcar(frames, STEPS, NELM).replace("EDIFF was not reached (unconverged)", "EDIFF is reached")
    (tmp_path / "OUTCAR").write_text(text)
    data = path(str(tmp_path / "OUTCAR"))
    check(data, frames, range(6))
    assert "notes" not in data.card


@pytest.mark.parametrize(
    ("ediff", "change", "kept"), [(1e-4, 1e-5, True), (1e-4, 1e-3, False), (None, 1e-5, False)]
)
def test_the_last_electronic_step_may_converge_in_vasprun(ediff, change, kept, frames, tmp_path):
    setting = "" if ediff is None else f'<i name="EDIFF">      {ediff:.8f}</i>'
    count = itertools.count()
    shifted = lambda m: f"{m[1]}{float(m[2]) + next(count) * change:.8f}"
    text = vasprun(frames, STEPS, NELM, setting)
    text = re.sub(r'(<scstep><energy><i name="e_fr_energy">)([-\d.]+)', shifted, text)
    (tmp_path / "vasprun.xml").write_text(text)
    data = path(str(tmp_path / "vasprun.xml"))
    assert len(data) == (6 if kept else 4)
    assert ("notes" in data.card) is not kept


def test_a_file_without_predictions_is_read_as_by_ase(frames, tmp_path):
    file = tmp_path / "OUTCAR"
    file.write_text(outcar(frames, [1] * 6, 60))
    for mine, theirs in zip(path(str(file)).frames, read(file, ":"), strict=True):
        np.testing.assert_array_equal(mine.positions, theirs.positions)


def test_a_run_of_unconverged_steps_is_refused(frames, tmp_path):
    for name, text in (("OUTCAR", outcar), ("vasprun.xml", vasprun)):
        (tmp_path / name).write_text(text(frames, [4] * 6, NELM))
        with pytest.raises(
            ValueError, match=f"{name}: 6 of 6 ionic steps did not converge .*nothing to train on"
        ):
            path(str(tmp_path / name))


@pytest.mark.parametrize("name", ["OUTCAR", "vasprun.xml"])
def test_predictions_of_the_force_field_are_no_labels(name, frames, tmp_path):
    steps = [3, 0, 3, 0, 0, 4]
    text = (
        outcar(frames, steps, NELM, ml=True) if name == "OUTCAR" else vasprun(frames, steps, NELM, ML_LMLFF)
    )
    (tmp_path / name).write_text(text)
    data = path(str(tmp_path / name))
    check(data, frames, [0, 2])
    predicted, unconverged = data.card["notes"]
    assert (
        f"{name}: 3 of 6 ionic steps were predicted by VASP's machine-learned force field (ML_LMLFF)"
        in predicted
    )
    assert "1 of 6 ionic steps did not converge" in unconverged


@pytest.mark.parametrize("name", ["OUTCAR", "vasprun.xml"])
def test_a_run_of_predictions_is_refused(name, frames, tmp_path):
    steps = [0] * 6
    text = (
        outcar(frames, steps, NELM, ml=True) if name == "OUTCAR" else vasprun(frames, steps, NELM, ML_LMLFF)
    )
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=r"machine-learned force field \(ML_LMLFF\)"):
        path(str(tmp_path / name))
