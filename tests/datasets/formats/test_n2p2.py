"""RuNNer's and n2p2's input.data."""

from __future__ import annotations

import numpy as np
import pytest
from ase.units import Bohr, Hartree, kcal, mol

from mlffbench.datasets.path import path

CELL = "lattice 10 0 0\nlattice 0 11 0\nlattice 1 0 12\n"
ATOMS = "atom 0 0 0 Cu 0.0 0.0 0.1 0.2 0.3\natom 0 0 4 Ag 0.0 0.0 -0.1 -0.2 -0.3\n"


def write(file, lattice=CELL):
    file.write_text(
        "".join(
            f"begin\ncomment step {i}\n{lattice}{ATOMS}energy -{i + 1}\ncharge 0.0\nend\n" for i in (0, 1)
        )
    )
    return str(file)


@pytest.mark.parametrize(
    ("units", "energy", "length", "forces"),
    [("Hartree", Hartree, Bohr, Hartree / Bohr), ("eV", 1, 1, 1), ("kcal/mol", kcal / mol, 1, kcal / mol)],
)
def test_units_are_those_given_and_bohr_goes_with_hartree(units, energy, length, forces, tmp_path):
    data = path(write(tmp_path / "input.data"), units=units)
    np.testing.assert_allclose(data.labels.energy, [-energy, -2 * energy])
    np.testing.assert_allclose(data.labels.forces[0][0], np.array([0.1, 0.2, 0.3]) * forces)
    np.testing.assert_allclose(data.frames[0].positions[1], [0, 0, 4 * length])
    np.testing.assert_allclose(data.frames[0].cell[2], np.array([1, 0, 12]) * length)
    assert data.frames[0].pbc.all()
    assert data.frames[0].get_chemical_symbols() == ["Cu", "Ag"]
    assert not path(write(tmp_path / "input.data", ""), units=units).frames[0].pbc.any()


def test_units_are_needed(tmp_path):
    with pytest.raises(ValueError, match=r"RuNNer and n2p2 do not tell units; set units to 'Hartree' .*bohr"):
        path(write(tmp_path / "input.data"))


def test_broken_files_are_refused_with_the_line(tmp_path):
    file = tmp_path / "input.data"
    text = (tmp_path / "input.data", write(file))[0].read_text()
    file.write_text(text.removesuffix("end\n"))
    with pytest.raises(ValueError, match="the last structure, frame 1, is cut off"):
        path(str(file), units="eV")
    file.write_text(text.replace("Ag", "Xx"))
    with pytest.raises(ValueError, match=r"input.data, line 10: no structure of RuNNer or n2p2"):
        path(str(file), units="eV")
    file.write_text(text.replace("begin\n", "begin x y z element forces(3)\n"))
    with pytest.raises(ValueError, match="columns of RuNNer 2 after 'begin'"):
        path(str(file), units="eV")


def test_words_count_in_any_case_and_another_word_for_the_cell_is_refused(tmp_path):
    file = tmp_path / "input.data"
    text = (tmp_path / "input.data", write(file))[0].read_text()
    expected = path(str(file), units="eV").frames[0].cell.array
    assert expected.any()
    file.write_text(text.replace("lattice", "LATTICE"))
    np.testing.assert_array_equal(path(str(file), units="eV").frames[0].cell.array, expected)
    file.write_text(text.replace("lattice", "cell"))
    with pytest.raises(ValueError, match="a cell under the word 'cell'; write three lines 'lattice'"):
        path(str(file), units="eV")
