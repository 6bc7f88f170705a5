"""Thermal expansion of silicon."""

from __future__ import annotations

from example_crystals import DIAMOND, SMALL, dataset, model, solids

from mlffbench.data import Curve, Reference, Score


def test_thermal_expansion_when_asked_for() -> None:
    silicon = dataset(Reference({"diamond": DIAMOND}, {"diamond": {"thermal_expansion": 2.6}}))
    options = {**SMALL, "include": ["thermal_expansion"], "temperatures": (300, 100)}
    score, curve = solids(model(potential="stillinger_weber"), silicon, **options)
    assert isinstance(score, Score)
    assert isinstance(curve, Curve)
    assert (score.quantity, score.unit, score.reference) == ("thermal_expansion", "1e-6/K", 2.6)
    assert 2 < score.predicted < 5
    assert curve.x == [100, 300]
    assert 20.02 < curve.y[0] < curve.y[1] < 20.2
