"""Symbols and atomic numbers of no element, in every format that has them."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.datasets.formats.chemical_symbols import fault_of_numbers, fault_of_symbol, numbers_of
from mlffbench.datasets.path import path


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("D", "write H for deuterium"),
        ("8", "write O"),
        ("Cl1", "such as Cl"),
        ("O_w", "such as O"),
        ("Qq", ""),
    ],
)
def test_a_word_that_is_no_symbol_is_named_with_the_remedy(word, remedy):
    text = fault_of_symbol(word)
    assert repr(word) in text
    assert text.endswith(remedy)
    with pytest.raises(ValueError, match=rf"atom 1: {word!r}"):
        numbers_of(["H", word])


@pytest.mark.parametrize("word", ["Xx", "Bq", "H:", "H(Gh)", "@H", "LP", "Gh(H)"])
def test_a_ghost_is_no_element(word):
    assert fault_of_symbol(word) == f"{word!r} is a ghost or a dummy, no element; remove it and its forces"


def test_symbols_in_any_case_are_no_fault():
    assert numbers_of(["h", "HE", "Cl"]).tolist() == [1, 2, 17]
    assert fault_of_numbers(np.array([1, 118])) is None


def folder(place):
    """DeePMD-kit's folder of deuterium."""
    (place / "set.000").mkdir(parents=True)
    (place / "type.raw").write_text("0 0")
    (place / "type_map.raw").write_text("D")
    (place / "nopbc").touch()
    np.save(place / "set.000" / "coord.npy", np.arange(6.0)[None])
    np.save(place / "set.000" / "energy.npy", np.ones((1, 1)))


TEXTS = {
    "POSCAR": ("D2\n1.0\n5 0 0\n0 5 0\n0 0 5\nD\n2\nDirect\n0 0 0\n0.1 0 0\n", "POSCAR.*line 6: 'D'"),
    "a.data": ("begin\natom 0 0 0 D 0 0 0 0 0\nenergy -1\nend\n", r"a.data, line 4: .*atom 0: 'D'"),
    "a_trj.xyz": ("1\nCoordinates from ORCA-job a E -1.1\nD 0 0 0\n", "frame 0: atom 0: 'D'"),
}


@pytest.mark.parametrize("name", [*TEXTS, "folder", "a.npz"])
def test_deuterium_is_named_in_every_format(name, tmp_path):
    units = {} if name in ("POSCAR", "a_trj.xyz", "folder") else {"units": "eV"}
    where = "'D'"
    if name == "folder":
        folder(tmp_path / name)
    elif name == "a.npz":
        np.savez(tmp_path / name, z=["D", "H"], R=np.ones((1, 2, 3)), E=[1.0])
    else:
        text, where = TEXTS[name]
        (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=rf"(?s){where} is no chemical symbol .*write H for deuterium"):
        path(str(tmp_path / name), **units)


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("number", [0, 150])
def test_atoms_of_no_element_are_refused_where_the_index_counts_none(number, lazy, tmp_path):
    head = "Properties=Z:I:1:pos:R:3 energy=-1"
    (tmp_path / "a.xyz").write_text(f"1\n{head}\n1 0 0 0\n2\n{head}\n{number} 0 0 0\n8 0 0 1\n")
    with pytest.raises(ValueError, match=rf"a: frame 1 has atoms .*atomic number {number}"):
        list(path(str(tmp_path / "a.xyz"), lazy=lazy).frames)
    np.savez(tmp_path / "a.npz", z=[150, 1], R=np.ones((1, 2, 3)), E=[1.0])
    with pytest.raises(ValueError, match="a: 1 atoms of atomic number 150, and the elements have 1 to 118"):
        path(str(tmp_path / "a.npz"), units="eV", lazy=lazy)
