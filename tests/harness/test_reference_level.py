"""Level of theory of the tasks' reference against that of the labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from example_cases import case

from mlffbench.data import Spec
from mlffbench.datasets.path import path
from mlffbench.harness.case_data import load_dataset
from mlffbench.harness.reference_level import reference_level
from mlffbench.registry import load

TASK = (Spec("properties"),)


@pytest.fixture
def copper(tmp_path, monkeypatch):
    """Copper labelled by EMT, and a file of its crystal."""
    monkeypatch.chdir(tmp_path)
    frames = []
    for i in range(4):
        atoms = bulk("Cu", cubic=True)
        atoms.rattle(0.1, seed=i)
        calculator = EMT()
        forces = calculator.get_forces(atoms)
        atoms.calc = SinglePointCalculator(
            atoms, energy=calculator.get_potential_energy(atoms), forces=forces
        )
        frames.append(atoms)
    write("copper.xyz", frames)
    crystal = bulk("Cu", cubic=True)
    crystal.info = {"name": "fcc", "C11": 170.0}
    write("crystal.xyz", crystal)


def level_of(tasks=TASK, **keywords):
    dataset = path("copper.xyz", structures="crystal.xyz", level="PBE", **keywords)
    split = load("splits", "random")(dataset, seed=0)
    return reference_level(replace(case(), tasks=tasks), dataset, split)


def test_the_calculator_of_the_labels_is_recognised(copper):
    level = level_of(truth="emt")
    assert (level["level"], level["labels"], level["differs"]) == ("emt", "PBE", False)
    assert level["deviation"] == pytest.approx(0.0, abs=1e-6)
    assert level["labels_rms"] > 0.1


def test_another_calculator_is_another_level(copper):
    level = level_of(truth={"lennard_jones": {"epsilon": 0.4, "sigma": 2.3}})
    assert level["level"] == "lennard_jones(epsilon=0.4, sigma=2.3)"
    assert level["differs"] is True
    assert level["deviation"] > 0.01 * level["labels_rms"]


def test_numbers_are_of_the_level_that_is_stated(copper):
    assert level_of() == {"level": "PBE", "labels": "PBE", "differs": False}
    assert level_of(reference_level="pbe")["differs"] is False
    assert level_of(reference_level="experiment") == {
        "level": "experiment", "labels": "PBE", "differs": True
    }  # fmt: skip
    assert level_of(reference_level="experiment", truth="emt")["differs"] is True
    with pytest.raises(ValueError, match="reference_level is that of structures"):
        path("copper.xyz", reference_level="experiment")


def test_a_calculator_that_cannot_be_computed_leaves_it_open(copper, monkeypatch):
    monkeypatch.setattr(EMT, "calculate", lambda *_, **__: 1 / 0)
    assert level_of(truth="emt") == {"level": "emt", "labels": "PBE", "differs": None}


def test_without_tasks_or_a_reference_there_is_nothing_to_compare(copper):
    assert level_of(tasks=(), truth="emt") == {}
    dataset = path("copper.xyz")
    split = load("splits", "random")(dataset, seed=0)
    assert reference_level(replace(case(), tasks=TASK), dataset, split) == {}


def test_built_in_references_are_of_the_labels_level():
    for name in ("lennard_jones", "silicon"):
        dataset = load_dataset(Spec(name))
        split = load("splits", "random")(dataset, seed=0)
        level = reference_level(replace(case(), tasks=TASK), dataset, split)
        assert level["differs"] is False, (name, level)
        assert not np.isnan(level.get("deviation", 0.0))
