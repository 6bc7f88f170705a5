"""Worker processes that raise, exit, are killed or hang."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.datasets.path import path as from_path


def label(recipe: Path, *options: str):
    return CliRunner().invoke(app, ["label", str(recipe), "--out", str(recipe.parent / "work"), *options])


def made(recipe: Path):
    return from_path(str(recipe.parent / "work" / "copper.xyz.gz"), train="train")


@pytest.mark.parametrize(
    ("mood", "limit", "kind"),
    [
        ("raise", 60, "not converged"),
        ("exit", 60, "error"),
        ("die", 60, "killed"),
        ("hang", 12, "timed out"),
    ],
)
def test_a_label_that_fails_is_recorded_and_skipped(copper_recipe, mood, limit, kind):
    recipe = copper_recipe(limit, mood=mood)
    done = label(recipe)
    assert done.exit_code == 1
    assert kind in " ".join(done.output.split())
    card = json.loads((recipe.parent / "work" / "copper.json").read_text())
    assert card["not_labelled"] == {kind: 1}
    assert len(made(recipe)) == 14
    n = len(list((recipe.parent / "marks").iterdir()))
    label(recipe)
    assert len(list((recipe.parent / "marks").iterdir())) == n, "a failure is tried again without --retry"
