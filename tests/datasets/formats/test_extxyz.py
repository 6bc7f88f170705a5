"""Frames of extended xyz, read at their offsets."""

from __future__ import annotations

import pytest
from ase.io import write

from mlffbench.datasets.path import path


def test_a_file_that_changes_is_noticed(labelled, tmp_path):
    file = tmp_path / "a.xyz"
    write(file, labelled[:5])
    data = path(str(file), lazy=True)
    write(file, labelled[:7])
    with pytest.raises(ValueError, match="has changed since it was opened"):
        data.frames[0]
    assert len(path(str(file), lazy=True)) == 7
