"""Elastic constants of a crystal that is not cubic."""

from __future__ import annotations

import pytest
from example_crystals import COPPER, dataset, model, scores, solids

from mlffbench.data import Reference


def test_a_hexagonal_crystal_has_five_constants_named_as_the_tables_do() -> None:
    turned = COPPER["hcp"].copy()
    turned.rotate(40, (1, 2, 0), rotate_cell=True)
    metal = dataset(Reference({"hcp": turned}, truth={"emt": {}}))
    found = scores(solids(model(), metal, include=["equation_of_state"]))
    assert {q for _, q in found} == {"volume", "bulk_modulus"}
    constants = {q: s.predicted for (_, q), s in scores(solids(model(), metal, include=["elastic"])).items()}
    assert set(constants) == {"C11", "C12", "C13", "C22", "C23", "C33", "C44", "C55", "C66"}
    assert constants["C66"] == pytest.approx((constants["C11"] - constants["C12"]) / 2)
    assert constants["C11"] == pytest.approx(constants["C22"])
