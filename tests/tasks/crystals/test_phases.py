"""Phases in a wrong order, and phases that fall into another."""

from __future__ import annotations

import pytest
from ase import Atoms
from example_crystals import COPPER, dataset, model, scores, solids

from mlffbench.data import Missing, Reference


def test_an_order_turned_round_is_counted() -> None:
    values = {"fcc": {"energy": 0.0}, "hcp": {"hcp_minus_fcc": 0.002}, "bcc": {"energy": 0.03}}
    metal = dataset(Reference(COPPER, values))  # EMT has hcp below fcc
    found = scores(solids(model(), metal, include=["phases"]))
    assert found["fcc", "phase_order"].value == pytest.approx(1 / 3)
    assert found["fcc", "phase_order"].trials == 3
    assert found["hcp", "hcp_minus_fcc"].predicted < 0


def test_a_phase_that_falls_or_fails_is_missing_and_stops_nothing() -> None:
    bct = Atoms("Cu2", scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], cell=[2.6, 2.6, 3.3], pbc=True)
    values = {name: {"energy": 0.0} for name in ("fcc", "bct", "bcc")}
    metal = dataset(Reference({"fcc": COPPER["fcc"], "bct": bct, "bcc": COPPER["bcc"]}, values))
    rows = solids(model(), metal, include=["phases"])
    (missing,) = (r for r in rows if isinstance(r, Missing))
    assert (missing.test, missing.kind, missing.message) == ("bct", "diverged", "bct relaxed into fcc")
    assert ("bcc", "bcc_minus_fcc") in scores(rows)
