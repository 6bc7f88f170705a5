"""Encodings of text files."""

from __future__ import annotations

import pytest

from mlffbench.system.text_file import read_text


def test_utf_8_with_and_without_a_mark(tmp_path):
    for encoding in ("utf-8", "utf-8-sig"):
        (tmp_path / "a").write_bytes("name: Å".encode(encoding))
        assert read_text(tmp_path / "a") == "name: Å"


@pytest.mark.parametrize(
    ("content", "line", "guess"),
    [
        ("a: 1\nb: 2".encode("utf-16"), 1, "UTF-16"),
        ("a: 1\nb: 2".encode("utf-16-le"), 1, "UTF-16"),
        ("a: 1\nb: Å".encode("latin-1"), 2, "Latin-1"),
    ],
)
def test_another_encoding_is_named_with_its_line(content, line, guess, tmp_path):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ValueError, match=rf"a:{line}: the file is not UTF-8 .*{guess}.*save it as UTF-8"):
        read_text(tmp_path / "a")
