"""Faults of frames of extended xyz: the message says what stands in the file, and what to write."""

from __future__ import annotations

import pytest

from mlffbench.datasets.formats.extxyz_faults import fault, is_cut_off
from mlffbench.datasets.path import path

HEAD = "2\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-1\n"
LINE = "H 0 0 {} 0 0 0\n"


@pytest.mark.parametrize(
    ("atom", "sentence"),
    [
        ("D 0 0 1 0 0 0\n", "'D' is no chemical symbol that ASE knows; write H for deuterium"),
        ("T 0 0 1 0 0 0\n", "write H for tritium"),
        ("OW 0 0 1 0 0 0\n", "'OW' is no chemical symbol that ASE knows; write the element, such as O"),
        ("C1 0 0 1 0 0 0\n", "'C1' is no chemical symbol"),
        ("H 0 0 1.0D+00 0 0 0\n", "'1.0D\\+00' is no number .positions.; write exponents with e"),
        ("H 0 0 1,5 0 0 0\n", "'1,5' is no number .positions.; write a decimal point"),
        ("H 0 0 1 0 0 ******\n", "'\\*{6}' is no number .forces.; it was too wide"),
    ],
)
@pytest.mark.parametrize("frames", [1, 3])
def test_the_first_frame_and_the_word_are_named_where_every_frame_is_wrong(atom, sentence, frames, tmp_path):
    (tmp_path / "a.xyz").write_text((HEAD + LINE.format(0) + atom) * frames)
    with pytest.raises(ValueError, match=f"frame 0: atom 1:? .*{sentence}") as refusal:
        path(str(tmp_path / "a.xyz"))
    assert "cut off" not in str(refusal.value)


def test_lines_that_are_short_in_every_frame_are_not_cut_off(tmp_path):
    (tmp_path / "a.xyz").write_text((HEAD + LINE.format(0) + "H 0 0 1 0 0\n") * 2)
    with pytest.raises(ValueError, match=r"frame 0: atom 1 has 6 columns, and .* is 7"):
        path(str(tmp_path / "a.xyz"))


def test_a_wrong_frame_in_the_middle_is_named(tmp_path):
    good = HEAD + LINE.format(0) + LINE.format(1)
    (tmp_path / "a.xyz").write_text(good + HEAD + LINE.format(0) + "D 0 0 1 0 0 0\n" + good)
    with pytest.raises(ValueError, match=r"frame 1 of .*'D' is no chemical symbol"):
        path(str(tmp_path / "a.xyz"))


def test_only_a_short_last_line_is_cut_off():
    good = (HEAD + LINE.format(0)).encode()
    assert fault(good + LINE.format(1).encode()) is None
    assert is_cut_off(good + b"H 0 0 1\n")
    assert not is_cut_off(good + b"D 0 0 1 0 0 0\n")
    assert not is_cut_off((HEAD + "H 0 0 1\nH 0 0 1\n").encode())
