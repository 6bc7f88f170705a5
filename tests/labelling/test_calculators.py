"""All labelling calculators: derivatives, missing packages, and loading as a plain file."""

from __future__ import annotations

import ast
import json
import sys
from unittest.mock import Mock

import numpy as np
import pytest
from ase.build import bulk, molecule
from example_calculators import FOLDER, elsewhere, make, shaken

from mlffbench import registry

NAMES = registry.names("calculators")


@pytest.mark.parametrize("name", NAMES)
def test_a_calculator_needs_nothing_but_numpy_and_ase_to_be_read(name):
    """So that another interpreter, without mlffbench, can load the file."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    modules = [n.module for n in tree.body if isinstance(n, ast.ImportFrom)]
    modules += [a.name for n in tree.body if isinstance(n, ast.Import) for a in n.names]
    tops = {m.partition(".")[0] for m in modules}
    assert tops <= {"ase", "numpy"} | sys.stdlib_module_names


EXAMPLES = {
    "emt": lambda: shaken(bulk("Cu", cubic=True)),
    "lennard_jones": lambda: shaken(bulk("Ar", "fcc", 5.3, cubic=True).repeat(2)),
    "stillinger_weber": lambda: shaken(bulk("Si", cubic=True)),
    "tblite": lambda: shaken(molecule("H2O")),
    "pyscf": lambda: shaken(molecule("H2O")),
}


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_forces_are_minus_the_derivative_of_the_energy(name):
    atoms, step = EXAMPLES[name](), 1e-3
    calculator = make(name, **({"basis": "sto-3g"} if name == "pyscf" else {}))
    direction = np.random.default_rng(0).normal(size=(len(atoms), 3))
    energies = []
    for sign in (1, -1):
        moved = atoms.copy()
        moved.positions += sign * step * direction
        moved.calc = calculator
        energies.append(moved.get_potential_energy())
    atoms.calc = calculator
    slope = np.sum(atoms.get_forces() * direction)
    assert -(energies[0] - energies[1]) / (2 * step) == pytest.approx(slope, rel=2e-4, abs=1e-4)


@pytest.mark.parametrize("name", ["emt", "lennard_jones", "stillinger_weber"])
def test_stress_is_the_derivative_of_the_energy_by_strain(name):
    atoms, step = EXAMPLES[name](), 1e-4
    calculator = make(name)
    strain = np.array([[0.3, 0.1, -0.2], [0.1, -0.4, 0.2], [-0.2, 0.2, 0.5]])
    energies = []
    for sign in (1, -1):
        moved = atoms.copy()
        moved.set_cell(atoms.cell @ (np.eye(3) + sign * step * strain), scale_atoms=True)
        moved.calc = calculator
        energies.append(moved.get_potential_energy())
    atoms.calc = calculator
    work = np.sum(atoms.get_stress(voigt=False) * strain) * atoms.get_volume()
    assert (energies[0] - energies[1]) / (2 * step) == pytest.approx(work, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name", ["tblite", "pyscf"])
def test_a_label_does_not_depend_on_the_one_before(name):
    first, second = (shaken(molecule("H2O"), s) for s in (0.05, 0.15))
    params = {"basis": "sto-3g"} if name == "pyscf" else {}
    alone = make(name, **params)
    alone.get_potential_energy(second)
    used = make(name, **params)
    used.get_potential_energy(first)
    assert used.get_potential_energy(second) == pytest.approx(alone.results["energy"], abs=1e-9)
    assert used.get_potential_energy(first) != used.get_potential_energy(second)


@pytest.mark.parametrize("name", ["tblite", "pyscf", "gpaw"])
def test_what_is_missing_is_a_sentence(name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)  # as if it were not installed
    monkeypatch.setitem(sys.modules, f"{name}.ase", None)
    with pytest.raises(ModuleNotFoundError, match=rf"the calculator {name} cannot be loaded .*; pip install"):
        registry.load("calculators", name)()


UNIVERSAL = {
    "mattersim": "mattersim.forcefield",
    "sevennet": "sevenn.calculator",
    "chgnet": "chgnet.model",
    "orb": "orb_models.forcefield.pretrained",
    "m3gnet": "matgl",
}


@pytest.mark.parametrize("name", UNIVERSAL)
def test_a_universal_potential_whose_package_is_missing_is_a_sentence(name, monkeypatch):
    monkeypatch.setitem(sys.modules, UNIVERSAL[name], None)
    words = rf"the calculator {name} cannot be loaded .*; a suite makes its environment, or pip install "
    with pytest.raises(ModuleNotFoundError, match=words):
        registry.load("calculators", name)()


@pytest.mark.parametrize("name", ["sevennet", "chgnet", "mattersim", "orb", "m3gnet", "mace_mp", "mace_off"])
def test_a_model_is_a_name_and_never_a_file(name, tmp_path, monkeypatch):
    """A suite of a stranger must not name a pickle where no trust is asked for."""
    file = tmp_path / "stranger.pth"
    file.write_bytes(b"")
    for module in (*UNIVERSAL.values(), "loguru", "orb_models.forcefield.calculator", "matgl.ext.ase"):
        monkeypatch.setitem(sys.modules, module, Mock())
    with pytest.raises(ValueError, match="there are"):
        registry.load("calculators", name)(model=str(file))


@pytest.mark.parametrize("name", [*UNIVERSAL, "mace_mp", "mace_off"])
def test_a_universal_potential_says_where_it_comes_from_and_what_it_needs(name):
    facts = vars(registry.load("calculators", name))
    assert set(facts["origin"]) == {"functional", "level", "data"}
    assert facts["origin"]["level"].startswith(facts["origin"]["functional"].partition("-")[0])
    assert "torch" in facts["requires"]
    assert ("environment" in facts) == (name in UNIVERSAL)  # mace-torch is among our own packages


def test_every_file_loads_under_another_interpreter():
    code = "print(json.dumps([load(p).__name__ for p in sys.argv[1:]]))"
    found = json.loads(elsewhere(code, *(str(FOLDER / f"{n}.py") for n in NAMES)))
    assert found == [registry.load("calculators", n).__name__ for n in NAMES]
