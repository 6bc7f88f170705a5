"""All properties of crystals: the truth scores 0, the truth times a factor scores what the factor says."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from ase import Atoms
from example_crystals import (
    COPPER,
    DIAMOND,
    SILICON,
    SMALL,
    TIN,
    Stressless,
    crystal,
    dataset,
    model,
    scores,
    solids,
)  # fmt: skip

from mlffbench.data import Curve, Missing, Reference
from mlffbench.tasks.common.subtasks import Row
from mlffbench.tasks.crystals import elastic, equation_of_state, surface
from mlffbench.tasks.crystals.crystal import Crystal, CrystalSettings


@cache
def copper(factor: float) -> tuple[Row, ...]:
    reference = Reference({name: COPPER[name] for name in ("fcc", "bcc")}, truth={"emt": {}})
    return tuple(solids(model(factor=factor), dataset(reference), **SMALL))  # type: ignore[arg-type]


def test_the_true_model_has_no_errors() -> None:
    rows = copper(1.0)
    assert not [r for r in rows if isinstance(r, Missing)]
    found = scores(rows)
    expected = {
        "lattice_constant", "volume", "bulk_modulus", "C11", "C12", "C44", "surface_energy_111",
        "max_frequency", "root_mean_square_frequency", "imaginary_modes", "frequencies", "phase_order",
        "vacancy_formation_energy", "unrelaxed_vacancy_formation_energy",
    }  # fmt: skip
    assert expected <= {q for name, q in found if name == "fcc"}
    assert {("bcc", "bcc_minus_fcc"), ("bcc", "bulk_modulus")} <= found.keys()
    assert max(score.value for score in found.values()) < 1e-9
    for curve in (r for r in rows if isinstance(r, Curve)):
        assert len(curve.x) == len(curve.y)
        assert curve.reference_y is not None
        np.testing.assert_allclose(curve.y, curve.reference_y, atol=1e-9)


def test_a_potential_a_tenth_too_strong_is_a_tenth_too_stiff() -> None:
    found = scores(copper(1.1))
    for quantity in ("bulk_modulus", "C11", "C44", "vacancy_formation_energy", "surface_energy_111"):
        score = found["fcc", quantity]
        assert score.value == pytest.approx(0.1 * score.reference, rel=0.02), quantity
    score = found["fcc", "root_mean_square_frequency"]
    assert score.predicted == pytest.approx(1.1**0.5 * score.reference, rel=2e-3)
    assert found["fcc", "frequencies"].value == pytest.approx((1.1**0.5 - 1) * score.reference, rel=0.02)
    score = found["bcc", "bcc_minus_fcc"]
    assert score.predicted == pytest.approx(1.1 * score.reference, rel=1e-3)
    assert found["fcc", "lattice_constant"].value < 1e-3
    assert found["fcc", "phase_order"].value == 0


def test_silicon_of_stillinger_and_weber_has_its_published_numbers() -> None:
    """Cowley, Phys. Rev. Lett. 60, 2379 (1988); 4.3366 eV an atom, one broken bond of it per (111) atom."""
    wanted = ("equation_of_state", "elastic", "surface")
    subject = crystal(model(potential="stillinger_weber"), SILICON)
    pieces = {k: v for p in (equation_of_state, elastic, surface) for k, v in p.subtasks(subject).items()}
    assert list(pieces) == [
        "equation of state diamond", "equation of state beta_tin", "elastic diamond", "surface diamond",
    ]  # fmt: skip
    found = scores(solids(subject.model, SILICON, include=wanted))
    published = {
        "lattice_constant": 5.431,
        "C11": 151.4,
        "C12": 76.4,
        "C44": 56.4,
        "surface_energy_111": 1.36,
    }
    for quantity, value in published.items():
        assert found["diamond", quantity].predicted == pytest.approx(value, rel=0.01), quantity
        assert found["diamond", quantity].value < 1e-6
    assert found["diamond", "bulk_modulus"].predicted == pytest.approx((151.4 + 2 * 76.4) / 3, rel=0.01)


def test_numbers_of_the_dataset_are_the_reference_where_there_is_no_truth() -> None:
    values = {
        "diamond": {"C11": 150.0, "volume": 20.0, "energy": -5.0},
        "beta_tin": {"energy": -4.7, "bulk_modulus": 100.0},
    }
    silicon = dataset(Reference({"diamond": DIAMOND, "beta_tin": TIN}, values))
    include = ["equation_of_state", "elastic", "phonons", "phases"]
    rows = solids(model(potential="stillinger_weber"), silicon, include=include, **SMALL)
    found = scores(rows)
    assert found["diamond", "C11"].reference == 150.0
    assert found["diamond", "volume"].reference == 20.0
    assert found["beta_tin", "bulk_modulus"].reference == 100.0
    assert found["beta_tin", "beta_tin_minus_diamond"].reference == pytest.approx(0.3)
    assert found["diamond", "imaginary_modes"].value == 0
    missing = {(r.test, r.quantity): r for r in rows if isinstance(r, Missing)}
    assert missing["diamond", "C44"].message == "no reference value"
    assert {r.kind for r in missing.values()} == {"skipped"}
    assert ("diamond", "max_frequency") in missing


def test_a_model_without_stress_is_skipped_where_stress_is_needed() -> None:
    metal = dataset(Reference({name: COPPER[name] for name in ("fcc", "bcc")}, truth={"emt": {}}))
    include = ["elastic", "surface", "phases"]
    rows = solids(model(Stressless), metal, include=include, **SMALL)
    (missing,) = (r for r in rows if isinstance(r, Missing))
    assert (missing.quantity, missing.kind) == ("elastic_constants", "skipped")
    assert missing.message == "Stressless predicts no stress"
    assert max(score.value for score in scores(rows).values()) < 1e-9


def test_without_crystals_there_is_nothing_to_do() -> None:
    assert Crystal.ground_state(model(), dataset(None), CrystalSettings()) is None
    molecule = Reference({"dimer": Atoms("Cu2", [(0, 0, 0), (0, 0, 2.3)])})
    assert Crystal.ground_state(model(), dataset(molecule), CrystalSettings()) is None
