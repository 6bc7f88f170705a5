"""Comments of extended xyz in other spellings than ASE's."""

from __future__ import annotations

import numpy as np
import pytest
from ase.io import write
from example_files import FORCES, SIGMA, SQUARE

from mlffbench.datasets.formats.extxyz_spelling import standard
from mlffbench.datasets.path import path

NINE = "2 0 0 0 2 0 0.5 0 2"
SIX, NAN9 = " ".join(map(str, SIGMA)), "nan nan nan nan nan nan nan nan nan"
PROPERTIES = "species:S:1:pos:R:3:force:R:3"


def file_of(tmp_path, *comments, tail=(" 0 0 1", " 0 0 -1")):
    """Frames of H2 with these comments."""
    text = "".join(f"2\n{c}\nH 0 0 0{tail[0]}\nH 0 0 0.75{tail[1]}\n" for c in comments)
    (tmp_path / "a.xyz").write_text(text)
    return str(tmp_path / "a.xyz")


@pytest.mark.parametrize(
    "structure",
    [
        'lattice="{n}" properties={p}',
        'LATTICE="{n}" PROPERTIES={p} PBC="T T T"',
        "cell='{n}' Properties={p} pbc=yes",
        'Cell="{n}" Properties={p} Pbc="p p p"',
        'Lattice="[{c}]" properties={p} pbc=TTT',
        'Lattice="_JSON [[2, 0, 0], [0, 2, 0], [0.5, 0, 2]]" Properties={p} pbc="true true true"',
        'lattice={{{n}}} properties={p} pbc="1 1 1"',
    ],
)
@pytest.mark.parametrize("lazy", [False, True])
def test_the_structure_may_be_spelled_in_any_case(structure, lazy, tmp_path):
    comment = structure.format(n=NINE, c=NINE.replace(" ", ", "), p=PROPERTIES)
    file = file_of(tmp_path, *(f'energy={i} {comment} virial="{SIX}"' for i in (1, 2)))
    data = path(file, lazy=lazy)
    for atoms, forces, stress in zip(data.frames, data.labels.forces, data.labels.stress, strict=True):
        np.testing.assert_array_equal(atoms.cell, np.array(NINE.split(), float).reshape(3, 3))
        assert atoms.pbc.all()
        np.testing.assert_array_equal(forces, FORCES)
        np.testing.assert_allclose(stress, -SIGMA / 8)
    assert not data.columns


@pytest.mark.parametrize("word", ["F", "no", "false", "FFF", '"f f f"', '"0 0 0"', '"false false false"'])
def test_a_word_for_no_is_not_periodic(word, tmp_path):
    """'no' and 'ppp' are texts to ASE, and a text is true to numpy."""
    data = path(file_of(tmp_path, f'energy=1 Lattice="{NINE}" pbc={word} Properties={PROPERTIES}'))
    assert not data.frames[0].pbc.any()


def test_a_word_that_is_neither_true_nor_false_is_refused(tmp_path):
    with pytest.raises(ValueError, match="pbc is 'slab', which is neither true nor false"):
        path(file_of(tmp_path, f'energy=1 Lattice="{NINE}" pbc=slab Properties={PROPERTIES}'))


@pytest.mark.parametrize(("word", "axes"), [("xyz", "xyz"), ("xy", "xy"), ("none", ""), ('"p p s"', "xy")])
def test_periodic_directions_may_be_named_by_their_axes(word, axes, tmp_path):
    data = path(file_of(tmp_path, f'energy=1 Lattice="{NINE}" pbc={word} Properties={PROPERTIES}'))
    assert data.frames[0].pbc.tolist() == [x in axes for x in "xyz"]


@pytest.mark.parametrize("key", ["stress", "dft_stress", "Stress"])
@pytest.mark.parametrize(
    "value",
    [
        SIX,
        " ".join(map(str, SQUARE.ravel())),
        ", ".join(map(str, SIGMA)),
        f"_JSON {SQUARE.tolist()}",
        f"_JSON {SIGMA.tolist()}",
    ],
)
def test_a_stress_of_six_or_nine_numbers(key, value, tmp_path):
    file = file_of(tmp_path, *(f'energy={i} {key}="{value}" Lattice="{NINE}"' for i in (1, 2)), tail=("", ""))
    for lazy in (False, True):
        np.testing.assert_allclose(list(path(file, lazy=lazy).labels.stress), [SIGMA, SIGMA])


@pytest.mark.parametrize("key", ["virial", "dft_virial", "Virials"])
def test_a_virial_of_six_numbers(key, tmp_path):
    file = file_of(tmp_path, f'energy=1 {key}="{SIX}" Lattice="{NINE}"', tail=("", ""))
    np.testing.assert_allclose(path(file).labels.stress[0], -SIGMA / 8)


def test_other_words_keep_their_meaning():
    line = 'lattice=fcc cell=3 note="pbc=no stress=1" box=2 properties=none'
    assert standard(line) == line
    both = f'Lattice="{NINE}" cell="1 0 0 0 1 0 0 0 1"'
    assert standard(both) == both


def test_two_cells_are_refused(tmp_path):
    file = file_of(tmp_path, f'energy=1 Lattice="{NINE}" cell="1 0 0 0 1 0 0 0 1"', tail=("", ""))
    with pytest.raises(ValueError, match="'cell' of frame 0 is another cell than its Lattice"):
        path(file)
    path(file_of(tmp_path, f'energy=1 Lattice="{NINE}" cell="{NINE}"', tail=("", "")))


def test_a_nan_stress_of_molecules_is_missing(labelled, tmp_path):
    write(tmp_path / "a.xyz", [a for a in labelled if not a.pbc.any()], format="extxyz")
    text = (tmp_path / "a.xyz").read_text().replace(' pbc="F F F"', f' stress="{NAN9}" pbc="F F F"')
    (tmp_path / "a.xyz").write_text(text)
    for lazy in (False, True):
        data = path(str(tmp_path / "a.xyz"), lazy=lazy)
        assert len(data) == 15
        assert data.labels.stress is None
        assert data.card["missing"] == {"stress": 15}


@pytest.mark.parametrize(
    ("columns", "symbols"),
    [
        ("element:S:1:coords:R:3", "HO"),
        ("Symbols:s:1:Positions:r:3", "HO"),
        ("atomic_numbers:I:1:pos:R:3", "18"),
        ("species:S:1:cart_coord:R:3:pos:R:3", "HO"),
    ],
)
def test_elements_and_positions_of_other_names_are_read(columns, symbols, tmp_path):
    more = " 9 9 9" if "cart" in columns else ""
    lines = [f"{s}{more} 0 0 {0.9 * i}" for i, s in enumerate(symbols)]
    (tmp_path / "a.xyz").write_text("\n".join(["2", f"Properties={columns} energy=-1", *lines, ""]))
    for lazy in (False, True):
        frame = path(str(tmp_path / "a.xyz"), lazy=lazy).frames[0]
        assert str(frame.symbols) == "HO"
        np.testing.assert_array_equal(frame.positions, [[0, 0, 0], [0, 0, 0.9]])


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ("species:S:1:dft_forces:R:3", "has no positions; name them pos:R:3"),
        ("kind:I:1:pos:R:3", "has no elements; name their symbols species:S:1"),
        ("species:S:1:pos:R", "is not name:type:columns, such as species:S:1:pos:R:3:forces:R:3"),
    ],
)
def test_columns_without_a_structure_are_refused(columns, sentence, tmp_path):
    (tmp_path / "a.xyz").write_text(f"1\nProperties={columns} energy=-1\nH 0 0 0\n")
    with pytest.raises(ValueError, match=sentence):
        path(str(tmp_path / "a.xyz"))
