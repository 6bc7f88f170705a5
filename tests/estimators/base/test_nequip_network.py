"""NequIP and Allegro in a Python without their packages: one environment, and files that name no code."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from mlffbench.estimators import Allegro, NequIP
from mlffbench.potentials.nequip import network

CLASSES = pytest.mark.parametrize("cls", [NequIP, Allegro], ids=lambda c: c.__name__)


@CLASSES
def test_its_requirements_are_those_of_the_extra(cls):
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert [*extras["nequip"][1:], *extras["classical"]] == cls.environment["requirements"]
    assert "nequip" not in extras["all"][0]


def test_both_are_fitted_in_one_environment():
    assert NequIP.environment == Allegro.environment


@CLASSES
def test_a_stranger_s_model_file_names_no_function_that_the_package_would_call(cls):
    model = cls()
    model.elements_, model.cutoff_, model.shift_, model.scale_ = ["Si"], 5.0, 0.0, 1.0
    config = dict.fromkeys(["type_names", "r_max", *model._size()], 1)
    called = {"_target_": "os.mkdir", "path": "written"}
    for word in ("pair_potential", "radial_chemical_embed", "type_embed"):
        with pytest.raises(ValueError, match=word):
            network(cls.architecture, "float32", {**config, word: called})


@CLASSES
def test_without_the_package_the_sentence_names_the_extra_and_the_suite(cls, monkeypatch):
    monkeypatch.setattr("mlffbench.forcefield.find_spec", lambda name: None if name == "nequip" else name)
    with pytest.raises(ImportError, match=r"needs nequip in an environment of its own.*mlffbench\[nequip\]"):
        cls._check_installed()
