"""Solids' tasks, of models that are the truth, or the truth times a factor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from mlffbench import registry
from mlffbench.data import Curve, Dataset, Labels, Missing, Reference, Score, Split
from mlffbench.forcefield import ForceField
from mlffbench.tasks.common.subtasks import Row, units
from mlffbench.tasks.crystals.crystal import solids

SPLIT = Split([0], {"test": [1]})
DIAMOND = bulk("Si", "diamond", a=5.431)
TIN = Atoms(
    "Si4", scaled_positions=[(0, 0, 0), (0, 0.5, 0.25), (0.5, 0.5, 0.5), (0.5, 0, 0.75)],
    cell=[4.971, 4.971, 2.787], pbc=True,
)  # fmt: skip
COPPER = {
    "fcc": bulk("Cu", a=3.6),
    "hcp": bulk("Cu", "hcp", a=2.54, covera=(8 / 3) ** 0.5),
    "bcc": bulk("Cu", "bcc", a=2.86),
}
SMALL = {"min_length": 3.5, "mesh": 3, "thickness": 6.0}


class Times(ForceField):
    """A potential of the registry, times a factor."""

    def __init__(
        self, potential: str = "emt", factor: float = 1.0, atomic_energies: dict[str, float] | None = None
    ) -> None:
        self.potential, self.factor, self.atomic_energies = potential, factor, atomic_energies

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        pass

    def _evaluate(self, inputs: Any) -> Labels:
        calculator, rows = registry.make(self.potential, ("calculators",)), []
        for atoms in inputs:
            bare = atoms.copy()
            bare.calc = calculator
            rows.append((bare.get_potential_energy(), bare.get_forces(), bare.get_stress()))
        energy, forces, stress = zip(*rows, strict=True)
        scaled = lambda values: tuple(self.factor * v for v in values)
        return Labels(np.array(scaled(energy)) - self._baseline(inputs), scaled(forces), scaled(stress))


class Stressless(Times):
    properties = ("energy", "forces")


def model(kind: type[Times] = Times, potential: str = "emt", factor: float = 1.0) -> Times:
    symbol = "Cu" if potential == "emt" else "Si"
    frames = [bulk(symbol), bulk(symbol)]
    zero = dict.fromkeys((symbol,), 0.0)
    return kind(potential, factor, atomic_energies=zero).fit(frames, Labels(np.zeros(2)))


def dataset(reference: Reference | None) -> Dataset:
    return Dataset("toy", [bulk("Cu"), bulk("Cu")], Labels(np.zeros(2)), reference=reference)


SILICON = dataset(Reference({"diamond": DIAMOND, "beta_tin": TIN}, truth={"stillinger_weber": {}}))


@cache
def copper(factor: float) -> tuple[Row, ...]:
    reference = Reference({name: COPPER[name] for name in ("fcc", "bcc")}, truth={"emt": {}})
    return tuple(units(solids(model(factor=factor), dataset(reference), SPLIT, 0, **SMALL)))  # type: ignore[arg-type]


def by_name(rows: Sequence[Row]) -> dict[tuple[str, str], Score]:
    return {(r.test, r.quantity): r for r in rows if isinstance(r, Score)}


def test_the_true_model_has_no_errors() -> None:
    rows = copper(1.0)
    assert not [r for r in rows if isinstance(r, Missing)]
    found = by_name(rows)
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
    found = by_name(copper(1.1))
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
    pieces = solids(model(potential="stillinger_weber"), SILICON, SPLIT, 0, include=wanted)
    assert list(pieces) == [
        "equation of state diamond", "equation of state beta_tin", "elastic diamond", "surface diamond",
    ]  # fmt: skip
    found = by_name(units(pieces))
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


def test_thermal_expansion_when_asked_for() -> None:
    silicon = dataset(Reference({"diamond": DIAMOND}, {"diamond": {"thermal_expansion": 2.6}}))
    options = {**SMALL, "include": ["thermal_expansion"], "temperatures": (300, 100)}
    pieces = solids(model(potential="stillinger_weber"), silicon, SPLIT, 0, **options)
    score, curve = pieces["thermal expansion diamond"]()
    assert isinstance(score, Score)
    assert isinstance(curve, Curve)
    assert (score.quantity, score.unit, score.reference) == ("thermal_expansion", "1e-6/K", 2.6)
    assert 2 < score.predicted < 5
    assert curve.x == [100, 300]
    assert 20.02 < curve.y[0] < curve.y[1] < 20.2


def test_numbers_of_the_dataset_are_the_reference_where_there_is_no_truth() -> None:
    values = {
        "diamond": {"C11": 150.0, "volume": 20.0, "energy": -5.0},
        "beta_tin": {"energy": -4.7, "bulk_modulus": 100.0},
    }
    silicon = dataset(Reference({"diamond": DIAMOND, "beta_tin": TIN}, values))
    include = ["equation_of_state", "elastic", "phonons", "phases"]
    rows = units(solids(model(potential="stillinger_weber"), silicon, SPLIT, 0, include=include, **SMALL))
    found = by_name(rows)
    assert found["diamond", "C11"].reference == 150.0
    assert found["diamond", "volume"].reference == 20.0
    assert found["beta_tin", "bulk_modulus"].reference == 100.0
    assert found["beta_tin", "beta_tin_minus_diamond"].reference == pytest.approx(0.3)
    assert found["diamond", "imaginary_modes"].value == 0
    missing = {(r.test, r.quantity): r for r in rows if isinstance(r, Missing)}
    assert missing["diamond", "C44"].message == "no reference value"
    assert {r.kind for r in missing.values()} == {"skipped"}
    assert ("diamond", "max_frequency") in missing


def test_an_order_turned_round_is_counted() -> None:
    values = {"fcc": {"energy": 0.0}, "hcp": {"hcp_minus_fcc": 0.002}, "bcc": {"energy": 0.03}}
    metal = dataset(Reference(COPPER, values))  # EMT has hcp below fcc
    found = by_name(units(solids(model(), metal, SPLIT, 0, include=["phases"])))
    assert found["fcc", "phase_order"].value == pytest.approx(1 / 3)
    assert found["hcp", "hcp_minus_fcc"].predicted < 0


def test_a_phase_that_falls_or_fails_is_missing_and_stops_nothing() -> None:
    bct = Atoms("Cu2", scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], cell=[2.6, 2.6, 3.3], pbc=True)
    values = {name: {"energy": 0.0} for name in ("fcc", "bct", "bcc")}
    metal = dataset(Reference({"fcc": COPPER["fcc"], "bct": bct, "bcc": COPPER["bcc"]}, values))
    rows = units(solids(model(), metal, SPLIT, 0, include=["phases"]))
    (missing,) = (r for r in rows if isinstance(r, Missing))
    assert (missing.test, missing.kind, missing.message) == ("bct", "diverged", "bct relaxed into fcc")
    assert ("bcc", "bcc_minus_fcc") in by_name(rows)


def test_a_model_without_stress_is_skipped_where_stress_is_needed() -> None:
    metal = dataset(Reference({name: COPPER[name] for name in ("fcc", "bcc")}, truth={"emt": {}}))
    include = ["elastic", "surface", "phases"]
    rows = units(solids(model(Stressless), metal, SPLIT, 0, include=include, **SMALL))
    (missing,) = (r for r in rows if isinstance(r, Missing))
    assert (missing.quantity, missing.kind) == ("elastic_constants", "skipped")
    assert missing.message == "Stressless predicts no stress"
    assert max(score.value for score in by_name(rows).values()) < 1e-9


def test_a_hexagonal_crystal_has_five_constants_named_as_the_tables_do() -> None:
    turned = COPPER["hcp"].copy()
    turned.rotate(40, (1, 2, 0), rotate_cell=True)
    metal = dataset(Reference({"hcp": turned}, truth={"emt": {}}))
    work = solids(model(), metal, SPLIT, 0, include=["elastic", "equation_of_state"])
    assert {q for _, q in by_name(work["equation of state hcp"]())} == {"volume", "bulk_modulus"}
    constants = {q: s.predicted for (_, q), s in by_name(work["elastic hcp"]()).items()}
    assert set(constants) == {"C11", "C12", "C13", "C22", "C23", "C33", "C44", "C55", "C66"}
    assert constants["C66"] == pytest.approx((constants["C11"] - constants["C12"]) / 2)
    assert constants["C11"] == pytest.approx(constants["C22"])


def test_without_crystals_there_is_nothing_to_do_and_words_are_checked() -> None:
    assert solids(model(), dataset(None), SPLIT, 0) == {}
    molecule = Reference({"dimer": Atoms("Cu2", [(0, 0, 0), (0, 0, 2.3)])})
    assert solids(model(), replace(dataset(None), reference=molecule), SPLIT, 0) == {}
    with pytest.raises(LookupError, match=r"no property 'elastics'.* did you mean 'elastic'"):
        solids(model(), SILICON, SPLIT, 0, include=["elastics"])
