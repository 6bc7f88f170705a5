"""LAMMPS input is a potential's commands and nothing else."""

from __future__ import annotations

import pytest

from mlffbench.potentials.lammps_input import lammps_input, lammps_script


def test_the_constants_are_those_of_the_atom_types() -> None:
    text = lammps_input("A model", ["O", "H"], ["pair_style zero 5.0"], {"H": -13.5, "O": 2.0})
    assert "group O type 1\ngroup H type 2\n" in text
    assert 'variable isolated equal "(2.0)*count(O) + (-13.5)*count(H)"' in text
    assert "v_total" in lammps_script("in.x", ["O", "H"], text)


def test_energies_that_are_complete_have_no_constants() -> None:
    text = lammps_input("A model", ["H"], ["pair_style zero 5.0"])
    assert "variable" not in text
    assert "thermo_style custom step temp press pe" in lammps_script("in.x", ["H"], text)


def test_an_element_is_no_command() -> None:
    with pytest.raises(ValueError, match="no chemical elements"):
        lammps_input("A model", ["H\nshell rm -r ."], [])


@pytest.mark.parametrize("name", ["a b", "a\nshell ls", "${x}", '"', "ü&", ""])
def test_a_name_is_one_word(name: str) -> None:
    with pytest.raises(ValueError, match="LAMMPS cannot include"):
        lammps_script(name, ["H"], "")
