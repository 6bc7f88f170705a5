"""PySCF: known energies, convergence failures, and options that must not change an energy."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk, molecule
from ase.calculators.calculator import InputError, SCFError
from ase.io import read
from example_calculators import FOLDER, make, shaken


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
