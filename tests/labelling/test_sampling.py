"""Samples on disk belong to the structure files that they came from."""

from __future__ import annotations

import os

import pytest
from ase.build import bulk
from ase.io import write

from mlffbench.labelling.recipe import read_recipe
from mlffbench.labelling.sampling import sample
from mlffbench.system.lease import Leases

RECIPE = """\
name: copper
structures: {start: {file: start.xyz}}
label_with: {calculator: emt}
groups: {cold: {draws: [{of: start, by: {rattle: {n_frames: 2, stdev: 0.05}}}]}}
"""


def test_a_changed_structure_file_is_sampled_again(tmp_path):
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    drawn = []
    for a in (3.6, 3.6, 4.0):
        write(tmp_path / "start.xyz", bulk("Cu", a=a, cubic=True))
        recipe = read_recipe(tmp_path / "recipe.yaml")
        drawn.append(
            sample(recipe, tmp_path, tmp_path / "work", Leases(tmp_path / "leases"), lambda *_: None)["cold"][
                0
            ].cell[0, 0]
        )
    assert drawn == [3.6, 3.6, 4.0]
    assert len(list((tmp_path / "work" / "samples").iterdir())) == 2


@pytest.mark.parametrize(
    "damage", [b"", b"garbage", b"3\n\nCu 0 0", b"\xff\xfe", b"99999999999999999999\n\n", "pipe"]
)
def test_damaged_samples_are_named(tmp_path, damage):
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    write(tmp_path / "start.xyz", bulk("Cu", cubic=True))
    recipe = read_recipe(tmp_path / "recipe.yaml")
    draw = lambda: sample(recipe, tmp_path, tmp_path / "work", Leases(tmp_path / "leases"), lambda *_: None)[
        "cold"
    ]
    assert len(draw()) == 2
    (file,) = (tmp_path / "work" / "samples").iterdir()
    file.unlink()
    os.mkfifo(file) if damage == "pipe" else file.write_bytes(damage)
    with pytest.raises((ValueError, OSError), match=r"cold-.*; remove the file to sample again|it is a pipe"):
        draw()
