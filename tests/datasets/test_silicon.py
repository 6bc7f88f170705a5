"""The built-in solid: sound, as the card says, its labels derivatives of one another."""

from __future__ import annotations

import numpy as np
import pytest
from ase.eos import EquationOfState
from ase.units import GPa

from mlffbench.datasets.silicon import silicon


@pytest.fixture(scope="module")
def data():
    return silicon()


@pytest.fixture(scope="module")
def references(data):
    return data.card["references"]


def test_groups_are_as_the_card_says(data):
    names, counts = np.unique(data.columns["group"], return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == data.card["groups"]
    groups = {"train", "test", "diamond_1200K", "diamond_compressed", "beta_tin", "vacancy"}
    assert set(data.card["groups"]) == groups
    assert 200 <= len(data) <= 300
    assert set(data.columns["phase"]) == {"diamond", "beta_tin"}


def test_every_frame_is_a_crystal_with_all_labels(data):
    for atoms, forces, stress in zip(data.frames, data.labels.forces, data.labels.stress, strict=True):
        assert atoms.pbc.all()
        assert len(atoms) in (8, 23)
        assert forces.shape == (len(atoms), 3)
        assert stress.shape == (6,)
        assert np.abs(forces.sum(axis=0)).max() < 0.01


def test_labels_are_derivatives_of_one_another(references):
    for phase in ("diamond", "beta_tin"):
        check = references["checks"][phase]
        assert check["force_eV_per_A"] == pytest.approx(check["force_by_differences_eV_per_A"], abs=0.01)
        for voigt, stress in check["stress_GPa"].items():
            assert stress == pytest.approx(check["stress_by_differences_GPa"][voigt], abs=0.1)


def test_references_are_what_pbe_is_known_to_give(references):
    """PBE of silicon, 20.45 Å³ an atom and B = 88.5 GPa: Lejaeghere et al., Science 351, aad3000 (2016)."""
    diamond = references["diamond"]
    assert diamond["volume_A3_per_atom"] == pytest.approx(20.45, rel=0.01)
    assert diamond["bulk_modulus_GPa"] == pytest.approx(88.5, rel=0.05)
    elastic = references["elastic_constants_GPa"]
    assert (elastic["C11"] + 2 * elastic["C12"]) / 3 == pytest.approx(diamond["bulk_modulus_GPa"], rel=0.05)
    assert elastic["C44"] < elastic["C44_clamped_ion"]
    assert 0.2 < references["beta_tin_minus_diamond_eV_per_atom"] < 0.4
    assert 3.0 < references["vacancy"]["unrelaxed_formation_energy_eV"] < 5.0


def test_the_curve_gives_the_constants_again(references):
    diamond = references["diamond"]
    curve = EquationOfState(
        diamond["volumes_A3_per_atom"], diamond["energies_eV_per_atom"], eos="birchmurnaghan"
    )
    volume, _, bulk_modulus = curve.fit()
    assert volume == pytest.approx(diamond["volume_A3_per_atom"], rel=1e-4)
    assert bulk_modulus / GPa == pytest.approx(diamond["bulk_modulus_GPa"], rel=1e-3)


def test_compression_raises_pressure_and_energy(data):
    squeezed = data.columns["group"] == "diamond_compressed"
    volume = np.array([a.get_volume() / len(a) for a in np.array(data.frames, dtype=object)[squeezed]])
    pressure = np.array([-np.mean(data.labels.stress[i][:3]) / GPa for i in np.flatnonzero(squeezed)])
    assert np.corrcoef(volume, pressure)[0, 1] < -0.95
    assert pressure.min() > 0
    assert pressure.max() > 30


def test_the_package_stays_small():
    from importlib.resources import files

    folder = files("mlffbench.datasets") / "builtin"
    assert sum(len(f.read_bytes()) for f in folder.iterdir()) < 2_000_000


def test_the_reference_has_the_names_of_the_properties(data, references):
    known = data.reference
    assert list(known.structures) == ["diamond", "beta_tin"]
    diamond = known.values["diamond"]
    volume = known.structures["diamond"].get_volume() / 8
    assert volume == pytest.approx(diamond["volume"], rel=1e-6)
    assert diamond["lattice_constant"] ** 3 / 8 == pytest.approx(diamond["volume"], rel=1e-6)
    assert (diamond["C11"] + 2 * diamond["C12"]) / 3 == pytest.approx(diamond["bulk_modulus"], rel=0.02)
    difference = known.values["beta_tin"]["energy"] - diamond["energy"]
    assert difference == pytest.approx(references["beta_tin_minus_diamond_eV_per_atom"])
    tin = known.structures["beta_tin"]
    assert tin.get_volume() / 4 == pytest.approx(known.values["beta_tin"]["volume"])
