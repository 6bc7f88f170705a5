"""Ranking against numbers counted by hand, SciPy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr
from sklearn.metrics import f1_score, precision_score, recall_score

from mlffbench.properties.ranking import ranking


def test_ranking_by_hand() -> None:
    """Ten candidates, four of them stable; the prediction has two of these among its three choices."""
    reference = [0.0, 0.1, 0.2, 0.3, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5]
    predicted = [0.1, 1.0, 0.2, 0.9, 0.3, 1.1, 1.2, 1.3, 1.4, 1.5]
    found = ranking(reference, predicted, threshold=0.5, k=3)
    assert (found.k, found.n_predicted, found.n_stable) == (3, 3, 4)
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 4)
    assert found.f1 == pytest.approx(4 / 7)
    assert found.prevalence == pytest.approx(0.4)
    assert found.daf == pytest.approx(2 / 3 / 0.4)
    assert found.top_k_recall == pytest.approx(2 / 3)
    assert found.enrichment == pytest.approx((3 / 4) / 0.4)  # of the four lowest, three are stable
    assert found.max_enrichment == pytest.approx(1 / 0.4)
    pairs = 45
    wrong = 4  # order predicted 0 2 4 3 1 5...: 2<1, 4<3, 4<1, 3<1
    assert found.kendall == pytest.approx((pairs - 2 * wrong) / pairs)
    half = ranking(reference, predicted, threshold=0.5, k=3, fraction=0.2)
    assert half.enrichment == half.max_enrichment == pytest.approx(2.5)


def test_ranking_is_that_of_scipy_and_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=60).round(1)  # with ties
    guess = (true + rng.normal(size=60)).round(1)
    found = ranking(true, guess, threshold=-0.5)
    assert found.kendall == pytest.approx(kendalltau(true, guess).statistic)
    assert found.spearman == pytest.approx(spearmanr(true, guess).statistic)
    stable, chosen = true <= -0.5, guess <= -0.5
    assert found.precision == pytest.approx(precision_score(stable, chosen))
    assert found.recall == pytest.approx(recall_score(stable, chosen))
    assert found.f1 == pytest.approx(f1_score(stable, chosen))


def test_what_is_undefined_is_none() -> None:
    flat = ranking([0.0, 1.0, 2.0], [5.0, 5.0, 5.0], threshold=1.0, k=1)
    assert flat.kendall is flat.spearman is flat.precision is flat.f1 is flat.daf is None
    assert flat.recall == 0.0
    none = ranking([1.0, 2.0], [0.0, np.inf], threshold=0.5, k=1)
    assert none.recall is none.enrichment is none.daf is None
    assert none.spearman == pytest.approx(1.0)
    with pytest.raises(ValueError, match="k is between 1 and the 2 candidates"):
        ranking([1.0, 2.0], [1.0, 2.0], 0.0, k=3)
    with pytest.raises(ValueError, match="same two or more"):
        ranking([1.0, 2.0], [1.0], 0.0)
