"""Indexes of extended xyz: comments mean what ASE says, broken files are refused by the frame."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
from ase.io import read

from mlffbench.datasets.formats import extxyz_index
from mlffbench.datasets.formats.extxyz import Extxyz
from mlffbench.datasets.formats.extxyz_index import index_extxyz
from mlffbench.datasets.formats.records import InMemory
from mlffbench.datasets.path import path


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "'.*a.xyz' is empty"),
        ("1\nenergy=1\nH 0 0 0\n2\nenergy=2\nH 0 0 0\n", "frame 1, the last, is cut off after 3 of 4 lines"),
        ("1\nenergy=1\nH 0 0 0\n2\nener", "frame 1, the last, is cut off after 2 of 4 lines"),
        ("1\nenergy=1\nH 0 0 0\n2\nenergy=2\nH 0 0 0\nH 0 0", "frame 1, the last, may be cut off"),
        ("1\nenergy=1\nH 0 0 0\nH 0 0 1\n", "frame 1 must begin with a number of atoms, not 'H 0 0 1'"),
        ("1\nenergy=1\nH 0 0 0\n\n1\nenergy=1\nH 0 0 0\n", "an empty line after frame 0, and text behind it"),
        ("1\nenergy=1\nH 0 0 0\n1\nvirial=3\nH 0 0 0\n", "the comment of frame 1: Got info item virial"),
        ("1\nenergy=1\nXy 0 0 0\n1\nenergy=1\nH 0 0 0\n", "ASE cannot read frame 0 of .*Xy"),
        ("1\nat rest\nH 0 0 0\nVEC1 1 0 0\n", "frame 0 has its cell in lines VEC1"),
    ],
)
def test_broken_files_are_refused_by_the_frame(text, sentence, tmp_path):
    (tmp_path / "a.xyz").write_text(text)
    with pytest.raises(ValueError, match=sentence):
        path(str(tmp_path / "a.xyz"))


KEYS = ("energy", "E", "x", "T", "note", "group", "magmom", "dft_energy", "y-z", "a.b", "uid", "free_energy")


VALUES = (
    *(
        "1",
        "-2.5",
        "3e-4",
        ".5",
        "5.",
        "T",
        "F",
        "true",
        "abc",
        "a,b",
        "1,2,3",
        '"1 2 3"',
        '"a b c"',
        '"T F T"',
    ),
    *(
        "{1 2}",
        "[1.5 2]",
        '"_JSON [1.0, 2]"',
        '"_JSON {\\"a\\": 1}"',
        '""',
        "nan",
        "1e400",
        "1_0",
        '"x=y"',
        "a=b",
    ),
    *("007", "12345678901234567890", "'q'", "'1'", '"T"', "-", "+1", '"_JSON [[1,2],[3,4]]"', "é", "1 2"),
)


PROPERTIES = {
    "": "",
    "species:S:1:pos:R:3:forces:R:3": " 1 2 3",
    "pos:R:3:species:S:1": None,
    "species:S:1:pos:R:3:tag:I:1:lab:S:1": " 4 x",
    "species:S:1:pos:R:3:energy:R:1": " 7",
}


def strange_frame(rng: random.Random) -> str:
    words = [
        f"{k}={rng.choice(VALUES)}" if rng.random() > 0.1 else k for k in rng.sample(KEYS, rng.randint(0, 5))
    ]
    properties = rng.choice(list(PROPERTIES))
    words += [f"Properties={properties}"] if properties else []
    words += ["pbc=" + rng.choice(('"T T F"', "T", "[T T T]"))] if rng.random() < 0.4 else []
    words += ['Lattice="1 0 0 0 2 0 0 0 3.5"'] if rng.random() < 0.4 else []
    words += [f'{k}="1 2 3 2 5 6 3 6 9"' for k in ("stress", "virial") if rng.random() < 0.2]
    rng.shuffle(words)
    tail = PROPERTIES[properties]
    line = "0.1 -2 3e-1 cl" if tail is None else f"{rng.choice(('H', 'cl', 'Si'))} 0.1 -2 3e-1{tail}"
    return f"1\n{rng.choice((' ', '  ')).join(words)}{rng.choice(('', ' ', chr(13)))}\n{line}\n"


@pytest.mark.filterwarnings("ignore:overflow")
def test_strange_lines_mean_what_ase_says(monkeypatch, tmp_path):
    monkeypatch.setattr(extxyz_index, "BLOCK", 777)  # frames lie across the borders of blocks
    rng = random.Random(0)
    pool = [strange_frame(rng) for _ in range(60)]
    text = "".join(rng.choices(pool, k=300))
    by_ase = InMemory(read(io.StringIO(text.replace("\r\n", "\n")), ":", format="extxyz"))
    truth = by_ase.source.index
    index, offsets = index_extxyz("x", io.BytesIO(text.encode()), len(text))
    mine = Extxyz(tmp_path, offsets, text.encode())
    assert len(mine) == len(by_ase) == 300
    for i in range(300):
        one, two = mine.record(i), by_ase.record(i)
        assert one.bare() == two.bare()
        assert set(one.values) == set(two.values)
        for key, value in two.values.items():
            np.testing.assert_equal(np.asarray(one.values[key]), np.asarray(value))
        held = [set(x.layouts[x.layout[i]].entries) for x in (index, truth)]
        assert held[0] == held[1]
        assert index.layouts[index.layout[i]].periodic == truth.layouts[truth.layout[i]].periodic
    assert index.columns() == truth.columns()
    for key in truth.scalars:
        numbers = truth.is_kind(key, "number")
        np.testing.assert_array_equal(index.is_kind(key, "number"), numbers)
        np.testing.assert_array_equal(index.scalars[key][numbers], truth.scalars[key][numbers])
        np.testing.assert_array_equal(index.texts(key), truth.texts(key))
