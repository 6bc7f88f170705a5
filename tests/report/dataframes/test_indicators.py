"""Indicators of survival on documents whose relation to survival is known."""

from __future__ import annotations

import numpy as np
import pytest
from example_survival import lived

from mlffbench.report.dataframes.indicators import ALL, COLUMNS, indicators
from mlffbench.report.results import Results

FORCES = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08]
NOISE = [0.3, 0.8, 0.1, 0.6, 0.5, 0.2, 0.7, 0.4]
LOST = [0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]


def frame_of(*documents):
    return indicators(Results.from_documents(documents))


def methods(lost=LOST, **changes):
    """Methods whose survival follows the force error, the locality not at all."""
    return [
        lived(f"m{i}", force, gone, locality=noise, **changes)
        for i, (force, gone, noise) in enumerate(zip(FORCES, lost, NOISE, strict=True))
    ]


def found(frame, indicator, survival="lifetime", problem=None):
    rows = frame[(frame["indicator"] == indicator) & (frame["survival"] == survival)]
    (row,) = rows[rows["problem"] == (problem or rows["problem"].iloc[0])].to_dict("records")
    return row


def test_a_score_that_orders_survival_is_found_and_noise_is_not():
    frame = frame_of(*methods())
    assert list(frame) == COLUMNS
    force = found(frame, "force RMSE, in domain")
    assert (force["rho"], force["low"], force["high"], force["methods"]) == pytest.approx((1, 1, 1, 8))
    assert force["p_holm"] < 0.05
    noise = found(frame, "physics: locality")
    assert abs(noise["rho"]) < 0.3
    assert noise["low"] < 0 < noise["high"]
    assert noise["p_holm"] > 0.5
    assert found(frame, "force RMSE, test_1200K")["rho"] == pytest.approx(1)
    equal = found(frame, "energy RMSE, in domain")
    assert np.isnan(equal["rho"])
    assert "equal for all methods" in equal["reason"]


def test_md_itself_and_times_are_no_static_scores():
    frame = frame_of(*methods())
    assert not {"md", "speed", "timing"} & set(frame["task"])
    assert not set(frame["quantity"]) & {"nve_drift", "prediction"}


def test_the_partial_correlation_takes_the_force_error_out():
    """Repulsion has the order of the force error, holes that of survival."""
    documents = [
        lived(f"m{i}", force, gone, holes=gone, repulsion=force**2)
        for i, (force, gone) in enumerate(zip(FORCES, [0, 0.3, 0.1, 0.2, 0.6, 0.4, 0.7, 0.5], strict=True))
    ]
    frame = frame_of(*documents)
    assert found(frame, "physics: holes in a pair's wall")["partial"] == pytest.approx(1)
    assert np.isnan(found(frame, "physics: missing repulsion of a pair")["partial"])
    assert np.isnan(found(frame, "force RMSE, in domain")["partial"])


def test_where_all_survive_there_is_a_sentence_and_no_number():
    frame = frame_of(*methods(lost=[0.0] * 8))
    assert set(frame["reason"]) == {"all 8 methods survive to the end"}
    assert frame["rho"].isna().all()
    assert len(frame) == 2


def test_one_method_is_too_few():
    frame = frame_of(methods()[-1])
    assert set(frame["reason"]) == {"survival of 1 methods; a correlation needs 5"}
    assert frame_of().empty


def test_all_that_die_alike_tell_nothing():
    assert "survive equally long" in frame_of(*methods(lost=[0.7] * 8))["reason"].iloc[0]


def test_seeds_are_averaged():
    """Each seed alone has another order; the means are in order."""
    shifts = [0.0, 0.09, 0.0, 0.09, 0.0, 0.09, 0.0, 0.09]
    documents = [
        lived(f"m{i}", force, gone + sign * shift, seed=seed)
        for seed, sign in ((0, 1), (1, -1))
        for i, (force, gone, shift) in enumerate(zip(FORCES, [x + 0.1 for x in LOST], shifts, strict=True))
    ]
    row = found(frame_of(*documents), "force RMSE, in domain")
    assert (row["rho"], row["methods"]) == (pytest.approx(1), 8)
    assert found(frame_of(*documents[:8]), "force RMSE, in domain")["rho"] < 1


def test_problems_are_pooled_by_the_order_within_each():
    """Survival follows the force error in one problem and goes against it in another."""
    frame = frame_of(*methods(), *methods(lost=LOST[::-1], dataset="acac"), *methods([0.0] * 8, dataset="x"))
    assert list(dict.fromkeys(frame["problem"]))[-1] == ALL
    force = found(frame, "force RMSE, in domain", problem=ALL)
    assert force["rho"] == pytest.approx(0)
    assert (force["methods"], force["problems"]) == (8, 2)
    assert found(frame, "force RMSE, in domain", problem="acac · official(train='train_300K')")["rho"] < 0


def test_one_problem_that_tells_methods_apart_is_not_pooled():
    frame = frame_of(*methods(), *methods(lost=[0.0] * 8, dataset="acac"))
    pooled = frame[frame["problem"] == ALL]
    assert set(pooled["reason"]) == {"no score is in two problems that tell methods apart"}
