"""Calculators that label: derivatives, published numbers, refusals; each must also load as a plain file."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.calculators.calculator import CalculationFailed, InputError, SCFError
from ase.io import read

from mlffbench import registry

FOLDER = Path(registry.__file__).parent / "labelling" / "calculators"
NAMES = registry.names("calculators")
SYSTEM_PYTHON = Path("/usr/bin/python3")


def make(name: str, **params):
    """The calculator of a name; skipped where its package is missing."""
    package = {"stillinger_weber": "matscipy"}.get(name, name)
    if name in ("tblite", "pyscf", "gpaw", "stillinger_weber") and find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    return registry.load("calculators", name)(**params)


def shaken(atoms: Atoms, stdev: float = 0.1) -> Atoms:
    atoms.rattle(stdev, seed=1)
    return atoms


EXAMPLES = {
    "emt": lambda: shaken(bulk("Cu", cubic=True)),
    "lennard_jones": lambda: shaken(bulk("Ar", "fcc", 5.3, cubic=True).repeat(2)),
    "stillinger_weber": lambda: shaken(bulk("Si", cubic=True)),
    "tblite": lambda: shaken(molecule("H2O")),
    "pyscf": lambda: shaken(molecule("H2O")),
}


# ---------------------------------------------------------------- all of them
@pytest.mark.parametrize("name", NAMES)
def test_a_calculator_needs_nothing_but_numpy_and_ase_to_be_read(name):
    """So that another interpreter, without mlffbench, can load the file."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text())
    modules = [n.module for n in tree.body if isinstance(n, ast.ImportFrom)]
    modules += [a.name for n in tree.body if isinstance(n, ast.Import) for a in n.names]
    tops = {m.partition(".")[0] for m in modules}
    assert tops <= {"ase", "numpy"} | sys.stdlib_module_names


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


# ---------------------------------------------------------------- classical
def test_stillinger_weber_silicon_has_the_published_crystal():
    energies = []
    lattice = np.array([5.42, 5.431, 5.442])
    for a in lattice:
        silicon = bulk("Si", a=a)
        silicon.calc = make("stillinger_weber")
        energies.append(silicon.get_potential_energy() / 2)
    assert energies[1] == pytest.approx(-4.3366, abs=2e-4)
    c2, c1, _ = np.polyfit(lattice, energies, 2)
    assert -c1 / (2 * c2) == pytest.approx(5.431, abs=5e-4)


def test_lennard_jones_has_its_well():
    argon = Atoms("Ar2", [(0, 0, 0), (0, 0, 2 ** (1 / 6) * 3.4)], calculator=make("lennard_jones"))
    assert argon.get_potential_energy() == pytest.approx(-0.0104)
    assert np.allclose(argon.get_forces(), 0.0, atol=1e-12)
    far = Atoms("Ar2", [(0, 0, 0), (0, 0, 10.19)], calculator=make("lennard_jones"))
    assert np.abs(far.get_forces()).max() < 1e-6, "smooth at the cutoff, 10.2 Å"


# ---------------------------------------------------------------- tblite
def test_tblite_has_the_energy_of_its_manual():
    water = molecule("H2O")
    water.calc = make("tblite")
    assert water.get_potential_energy() == pytest.approx(-137.96777594, abs=1e-4)
    water.calc = make("tblite", charge=-1)
    assert water.get_potential_energy() == pytest.approx(-131.50015843, abs=1e-4)
    water.calc = make("tblite", method="GFN1-xTB")
    assert water.get_potential_energy() == pytest.approx(-156.96750590, abs=1e-4)


def test_tblite_takes_the_multiplicity_from_magnetic_moments():
    given = Atoms("O", calculator=make("tblite", multiplicity=3))
    moments = Atoms("O", magmoms=[2], calculator=make("tblite"))
    assert moments.get_potential_energy() == pytest.approx(given.get_potential_energy(), abs=1e-8)


def test_tblite_that_does_not_converge_is_an_error():
    with pytest.raises(CalculationFailed):
        make("tblite", max_iterations=2).get_potential_energy(molecule("H2O"))


# ---------------------------------------------------------------- pyscf
def test_pyscf_knows_the_hydrogen_atom():
    """Exact exchange alone leaves the exact atom: −½ Ha, reached from above by the basis."""
    hydrogen = Atoms("H", magmoms=[1], calculator=make("pyscf", xc="hf", basis="def2-qzvp"))
    assert -0.5 < hydrogen.get_potential_energy() / units.Hartree < -0.4999


def test_pyscf_that_does_not_converge_is_an_error_each_time():
    water = molecule("H2O")
    calculator = make("pyscf", basis="sto-3g", max_cycle=1, coarse_grid_level=None, newton=False)
    for _ in range(2):
        with pytest.raises(SCFError, match="did not converge in 1 cycles"):
            calculator.get_potential_energy(water)


def test_pyscf_tries_again_with_second_order_steps():
    water = molecule("H2O")
    params = {"basis": "sto-3g", "coarse_grid_level": None}
    rescued = make("pyscf", **params, max_cycle=4).get_potential_energy(water)
    assert rescued == pytest.approx(make("pyscf", **params).get_potential_energy(water), abs=1e-7)
    with pytest.raises(SCFError):
        make("pyscf", **params, max_cycle=4, newton=False).get_potential_energy(water)


def test_pyscf_options_that_must_not_matter_do_not():
    water = shaken(molecule("H2O"))
    plain = make("pyscf", basis="sto-3g").get_potential_energy(water)
    for params in (
        {"level_shift": 0.2},
        {"init_guess": "huckel"},
        {"coarse_grid_level": None},
        {"threads": 1},
    ):
        assert make("pyscf", basis="sto-3g", **params).get_potential_energy(water) == pytest.approx(
            plain, abs=1e-7
        )
    fitted = make("pyscf", basis="sto-3g", density_fit="def2-universal-jfit").get_potential_energy(water)
    assert 1e-6 < abs(fitted - plain) < 0.05


def test_pyscf_adds_dispersion():
    water = molecule("H2O")
    plain, corrected = make("pyscf", basis="sto-3g"), None
    if find_spec("dftd3") is None:
        pytest.skip("dftd3 is not installed")
    from dftd3.ase import DFTD3

    corrected = make("pyscf", basis="sto-3g", dispersion="d3bj")
    d3 = DFTD3(method="pbe", damping="d3bj")
    for name in ("energy", "forces"):
        added = corrected.get_property(name, water) - plain.get_property(name, water)
        assert np.allclose(added, d3.get_property(name, water), atol=1e-9)
        assert np.abs(added).max() > 1e-5


def test_pyscf_refuses_a_crystal():
    with pytest.raises(InputError, match="is periodic"):
        make("pyscf").get_potential_energy(bulk("Si"))


@pytest.mark.slow
def test_pyscf_labels_as_the_built_in_dataset_is_labelled():
    known = read(FOLDER.parents[1] / "datasets" / "builtin" / "malonaldehyde.xyz.gz", 0)
    atoms = Atoms(known.symbols, known.positions)
    atoms.calc = make("pyscf", density_fit="def2-universal-jfit")
    assert atoms.get_potential_energy() == pytest.approx(known.info["REF_energy"], abs=1e-6)
    assert np.allclose(atoms.get_forces(), known.arrays["REF_forces"], atol=1e-5)


# ---------------------------------------------------------------- another interpreter
LOAD = """
import importlib.util, json, sys
def load(path):
    spec = importlib.util.spec_from_file_location("plain", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (name,) = module.__all__
    return getattr(module, name)
"""


def elsewhere(code: str, *arguments: str) -> str:
    """What the system's Python prints; skipped where it has no ASE."""
    if (
        not SYSTEM_PYTHON.exists()
        or subprocess.run([SYSTEM_PYTHON, "-c", "import ase"], capture_output=True).returncode
    ):
        pytest.skip(f"no ASE under {SYSTEM_PYTHON}")
    command = [SYSTEM_PYTHON, "-W", "ignore", "-c", LOAD + code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_every_file_loads_under_another_interpreter():
    code = "print(json.dumps([load(p).__name__ for p in sys.argv[1:]]))"
    found = json.loads(elsewhere(code, *(str(FOLDER / f"{n}.py") for n in NAMES)))
    assert found == [registry.load("calculators", n).__name__ for n in NAMES]


def test_gpaw_gives_free_energies_and_their_derivatives():
    if (
        not SYSTEM_PYTHON.exists()
        or subprocess.run([SYSTEM_PYTHON, "-c", "import gpaw"], capture_output=True).returncode
    ):
        pytest.skip(f"no GPAW under {SYSTEM_PYTHON}")
    code = """
from ase.build import bulk
calc = load(sys.argv[1])(ecut=200, kpts=(2, 2, 2), smearing=0.5)
atoms = bulk("Si", a=5.2)
atoms.calc = calc
result = {"energy": atoms.get_potential_energy(), "forces": atoms.get_forces().tolist()}
result["stress"] = atoms.get_stress().tolist()
result["zero_smearing"] = calc.inner.get_potential_energy(atoms)
try:
    load(sys.argv[1])(ecut=200, kpts=(1, 1, 1), maxiter=2).get_potential_energy(atoms)
except Exception as error:
    result["unconverged"] = f"{type(error).__name__}: {error}"
result["mode"] = calc.inner.parameters["mode"].todict()
print(json.dumps(result))
"""
    result = json.loads(elsewhere(code, str(FOLDER / "gpaw.py")))
    assert result["mode"] == {"name": "pw", "ecut": 200, "dedecut": "estimate"}
    assert result["unconverged"].startswith("SCFError: GPAW did not converge on Si2 in 2 cycles")
    # F = E − TS lies below ½(E + F), GPAW's extrapolation
    assert result["energy"] < result["zero_smearing"] - 0.01
    assert -14 < result["energy"] < -8
    assert np.allclose(result["forces"], 0.0, atol=1e-3)
    assert result["stress"][0] < -0.02, "squeezed: the stress wants out"
    assert np.allclose(result["stress"][:3], result["stress"][0], atol=1e-6)
    assert np.allclose(result["stress"][3:], 0.0, atol=1e-6)
