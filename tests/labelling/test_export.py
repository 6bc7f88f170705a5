"""The dataset of a recipe against the calculator's own labels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ase.calculators.emt import EMT
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.datasets.path import path as from_path


def label(recipe: Path, *options: str):
    return CliRunner().invoke(app, ["label", str(recipe), "--out", str(recipe.parent / "work"), *options])


def made(recipe: Path):
    return from_path(str(recipe.parent / "work" / "copper.xyz.gz"), train="train")


def test_the_dataset_has_the_labels_of_the_calculator(copper_recipe):
    recipe = copper_recipe()
    done = label(recipe)
    assert done.exit_code == 0, done.output
    data = made(recipe)
    assert {
        g: int(n) for g, n in zip(*np.unique(data.columns["group"], return_counts=True), strict=True)
    } == {
        "train": 10,
        "test": 4,
    }
    for i in (0, 9, 13):
        atoms = data.frames[i].copy()
        atoms.calc = EMT()
        assert data.labels.energy[i] == pytest.approx(atoms.get_potential_energy(), abs=1e-6)
        np.testing.assert_allclose(data.labels.forces[i], atoms.get_forces(), atol=1e-6)
        np.testing.assert_allclose(data.labels.stress[i], atoms.get_stress(), atol=1e-8)
    assert data.columns["phase"][0] == "fcc"
    card = json.loads((recipe.parent / "work" / "copper.json").read_text())
    assert card["groups"] == {"train": 10, "test": 4}
    assert card["isolated_atom_energies_eV"]["Cu"] == pytest.approx(3.51, abs=0.01)
    assert card["not_labelled"] == {}
