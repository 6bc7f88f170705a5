"""Texts of strangers without commands to the terminal."""

from __future__ import annotations

import pytest

from mlffbench.system.plain_text import LONGEST, plain_text, plain_texts


@pytest.mark.parametrize(
    ("hostile", "plain"),
    [
        ("\x1b]0;title\x07name", "name"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b[2J\x1b[1;31mred\x1b[0m", "red"),
        ("\x9b31mred\x9d0;t\x9c", "red"),
        ("\x1bP1$r\x1b\\\x1bcreset", "reset"),
        ("unfinished\x1b]0;title", "unfinished"),
        ("\x1b[", ""),
        ("bell\x07 back\x08 null\x00 delete\x7f", "bell back null delete"),
        ("a\r\nb\rc\td", "a\nb\nc\td"),
        ("half \ud800 of one", "half \ufffd of one"),
        ("abc\u202edcba", "abcdcba"),
        ("Å³ – 中 🙂 r(OH) − r(O'H)", "Å³ – 中 🙂 r(OH) − r(O'H)"),
    ],
)
def test_only_text_is_left(hostile, plain):
    assert plain_text(hostile) == plain
    assert plain_text(plain) == plain


def test_a_long_text_keeps_its_ends():
    text = plain_text("begin" + "x" * 10_000_000 + "end")
    assert (text[:6], text[-4:]) == ("beginx", "xend")
    assert len(text) <= LONGEST
    assert plain_text(text) == text


def test_endless_escapes_take_no_time():
    assert plain_text("\x1b]" * 500_000 + "\x1bP" * 500_000) == ""


def test_keys_and_lists_are_made_plain_and_numbers_stay():
    assert plain_texts({"a\x07": ["\x1b[1m", 1, None, {"b": ("\r", 0.5)}]}) == {
        "a": ["", 1, None, {"b": ["\n", 0.5]}]
    }
