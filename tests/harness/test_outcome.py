"""Outcomes as documents."""

from example_cases import case

from mlffbench.data import Curve, Score
from mlffbench.harness.outcome import Outcome


def test_curves_are_stored_to_eight_digits_and_scores_exactly():
    third = 1 / 3
    curve = Curve("pair", "r", "energy", [third, 2e-9 * third], [None, 1e6 * third])
    score = Score("test", "forces", "rmse", third, "eV/Å")
    kept = Outcome(case(), curves=(curve,), scores=(score,)).to_json()
    assert kept["curves"][0]["x"] == [0.33333333, 6.6666667e-10]
    assert kept["curves"][0]["y"] == [None, 333333.33]
    assert kept["curves"][0]["reference_x"] is None
    assert kept["scores"][0]["value"] == third
