"""Errors of readers in words."""

from __future__ import annotations

import pytest

from mlffbench.datasets.formats.read_errors import reason
from mlffbench.datasets.path import path


def test_words_name_what_was_seen(tmp_path):
    file = tmp_path / "a.vasp"
    file.write_text("Diamond\n 3D\n C D\n")
    assert reason(KeyError("D"), file) == (
        "line 3: 'D' is no chemical symbol that ASE knows; write H for deuterium"
    )
    assert reason(KeyError("D")).startswith("'D' is no chemical symbol")
    assert reason(KeyError("positions")) == "KeyError: 'positions'"
    assert reason(KeyError("H")) == "KeyError: 'H'"
    assert reason(PermissionError(13, "Permission denied")) == "Permission denied"
    assert reason(IndexError("list index out of range")) == "IndexError: list index out of range"


@pytest.mark.parametrize("name", ["a.xyz", "a.data"])
def test_text_in_latin_1_is_named(name, tmp_path):
    texts = {
        "a.xyz": "1\nenergy=1 name=B\xfccher\nH 0 0 0\n",
        "a.data": "begin\ncomment B\xfccher\natom 0 0 0 H 0 0 0 0 0\nenergy 1\nend\n",
    }
    (tmp_path / name).write_bytes(texts[name].encode("latin-1"))
    with pytest.raises(ValueError, match="the byte 0xfc is no text in UTF-8; save the file as UTF-8"):
        path(str(tmp_path / name), units="eV")
