"""Plain xyz of electronic-structure programs."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from ase.units import Hartree

from mlffbench.datasets.formats.program_xyz import program_of
from mlffbench.datasets.path import path

BODY = "  O 0.0 0.0 0.1\n  H 0.0 0.8 -0.5\n  H 0.0 -0.8 -0.5\n"
COMMENTS = {
    "CP2K": " i = {0:8d}, time = {0:12.3f}, E = {1:20.10f}",
    "CP2K's optimiser": " i = {0:8d}, E = {1:20.10f}",
    "ORCA": "Coordinates from ORCA-job my water E {1:.12f}",
    "ORCA's MD": "# ORCA AIMD Position Step {0}, t=0.50 fs, E_Pot={1:.8f} Hartree, Unit is Angstrom",
    "xtb": " energy: {1:.12f} gnorm: 0.000342 xtb: 6.6.1 (8d0f1dd)",
    "xtb's MD": " energy: {1:.12f} xtb: 6.6.1 (8d0f1dd)",
    "geomeTRIC": "Iteration {0} Energy {1:.8f}",
}


def write(file, comment, energies=(-17.25, -17.5)):
    text = "".join(f"  3\n{comment.format(i, e)}\n{BODY}" for i, e in enumerate(energies))
    file.write_bytes(gzip.compress(text.encode()) if file.suffix == ".gz" else text.encode())
    return str(file)


@pytest.mark.parametrize("program", COMMENTS)
@pytest.mark.parametrize("lazy", [False, True])
def test_energies_are_in_hartree(program, lazy, tmp_path):
    for name in ("run-pos-1.xyz", "run-pos-1.xyz.gz"):
        for units in (None, "Hartree"):
            data = path(write(tmp_path / name, COMMENTS[program]), units=units, lazy=lazy)
            np.testing.assert_allclose(data.labels.energy, [-17.25 * Hartree, -17.5 * Hartree])
            assert data.labels.forces is None
            assert not data.columns
            np.testing.assert_allclose(data.frames[1].positions[1], [0, 0.8, -0.5])


def test_other_units_are_a_contradiction(tmp_path):
    with pytest.raises(ValueError, match="energies in Hartree, so units='eV' would be wrong"):
        path(write(tmp_path / "a.xyz", COMMENTS["CP2K"]), units="eV")


def test_cp2k_has_no_cell_and_says_so(tmp_path):
    (note,) = path(write(tmp_path / "a.xyz", COMMENTS["CP2K"])).card["notes"]
    assert "a.xyz: CP2K's xyz has no cell" in note


@pytest.mark.parametrize("name", ["run-frc-1.xyz", "run-vel-1.xyz"])
def test_forces_are_no_positions(name, tmp_path):
    with pytest.raises(ValueError, match=rf"{name}: CP2K's file of forces or velocities, not of positions"):
        path(write(tmp_path / name, COMMENTS["CP2K"]))


def test_broken_files_are_refused(tmp_path):
    file = write(tmp_path / "a.xyz", COMMENTS["ORCA"])
    (tmp_path / "a.xyz").write_text((tmp_path / "a.xyz").read_text()[:-20])
    with pytest.raises(ValueError, match=r"a.xyz: frame 1 is cut off"):
        path(file)
    (tmp_path / "a.xyz").write_text(f"3\nCoordinates from ORCA-job w E -1.0\n{BODY}3\nwater\n{BODY}")
    with pytest.raises(ValueError, match=r"the comment of frame 1, 'water', is not of ORCA's form"):
        path(file)


@pytest.mark.parametrize("comment", ["energy: {1}", "{1}", "E {1}", "water, i = {0}, E = {1} kcal/mol"])
def test_other_comments_are_not_taken_for_hartree(comment):
    assert program_of(f"3\n{comment.format(0, -1.5)}\n{BODY}") is None
