"""A fitted estimator as the calculator of a recipe."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.datasets.path import path as from_path


def label(recipe: Path, *options: str):
    return CliRunner().invoke(app, ["label", str(recipe), "--out", str(recipe.parent / "work"), *options])


def test_a_fitted_estimator_samples(tmp_path):
    text = """
name: argon
structures: {fcc: {bulk: {name: Ar, crystalstructure: fcc, a: 5.26, cubic: true}}}
sample_with: {fitted: {dataset: {lennard_jones: {n_train: 20, n_test: 2}}, estimator: {morse: {cutoff: 8.5}}}}
label_with: {calculator: lennard_jones}
groups:
  md: {draws: [{of: fcc, by: {md: {temperature: 20, n_frames: 2, spacing: 20, equilibration: 20}}}]}
"""
    (tmp_path / "recipe.yaml").write_text(text)
    done = label(tmp_path / "recipe.yaml")
    assert done.exit_code == 0, done.output
    data = from_path(str(tmp_path / "work" / "argon.xyz.gz"))
    assert len(data) == 2
    assert 0 < np.abs(data.labels.forces[1]).max() < 1.0


def test_a_fitted_estimator_needs_a_group_that_exists():
    from mlffbench.labelling.calculators.fitted import fitted

    with pytest.raises(ValueError, match=r"no group 'trian'.*did you mean 'train'"):
        fitted("lennard_jones", "morse", train="trian")
