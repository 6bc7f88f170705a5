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


def test_kliff_names_its_forces_for(tmp_path):
    lines = [
        "2",
        'Lattice="4 0 0 0 5 0 0 0 6" PBC="1 1 1" Energy=-3.5 Properties=species:S:1:pos:R:3:for:R:3',
    ]
    (tmp_path / "a.xyz").write_text(
        "\n".join([*lines, "Si 0 0 0 0.1 0.2 0.3", "Si 0 0 2 -0.1 -0.2 -0.3"]) + "\n"
    )
    data = path(str(tmp_path / "a.xyz"), forces_key="for")
    assert data.labels.energy.tolist() == [-3.5]
    assert data.labels.forces[0].tolist() == [[0.1, 0.2, 0.3], [-0.1, -0.2, -0.3]]
    assert data.frames[0].pbc.all()
