"""Comparisons over problems: examples of autorank, scikit-posthocs and Demšar; missing cells."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, rankdata, sem, wilcoxon
from scipy.stats import t as student

from mlffbench.report.statistics.across_problems import (
    across_problems,
    critical_difference,
    mean_rank_bounds,
)

PROBLEMS = [f"problem {i}" for i in range(50)]


@pytest.fixture(scope="module")
def populations():
    """Data of the example in autorank's README (its version 1.3.0), of which more is better."""
    rng, means = np.random.RandomState(42), (0.2, 0.3, 0.5, 0.8, 0.85, 0.9)
    return -np.column_stack([rng.normal(mean, 0.3, 50).clip(0, 1) for mean in means])


def test_example_of_autorank(populations):
    """``autorank(data, alpha=0.05)``: Friedman and Nemenyi, critical difference 1.066, these mean ranks."""
    found = across_problems(populations, [f"pop_{i}" for i in range(6)], PROBLEMS)
    assert dict(zip(found.methods, found.mean_ranks, strict=True)) == pytest.approx(
        {"pop_5": 2.18, "pop_4": 2.29, "pop_3": 2.47, "pop_2": 3.95, "pop_1": 4.71, "pop_0": 5.40}
    )
    assert found.p_value == pytest.approx(2.3412212612346733e-28, rel=1e-6)
    assert found.critical_difference == pytest.approx(1.0662484349869374, rel=1e-3)
    assert found.cliques == ((0, 1, 2), (3, 4), (4, 5))  # 2.18, 2.29, 2.47; 3.95, 4.71; 4.71, 5.40
    assert found.p_best.sum() == pytest.approx(1)


def test_example_of_scikit_posthocs():
    """``posthoc_nemenyi_friedman`` (0.17.1) of its documentation's blocks of three groups."""
    x = np.array([[31, 27, 24], [31, 28, 31], [45, 29, 46], [21, 18, 48], [42, 36, 46], [32, 17, 40]])
    found = across_problems(x, ["a", "b", "c"], PROBLEMS[:6])
    assert found.methods == ("b", "a", "c")
    p = {(0, 1): 0.14553486869064602, (1, 2): 0.8322292181161419, (0, 2): 0.03760991481961706}
    assert {pair: found.p_pairs[pair] for pair in p} == pytest.approx(p, rel=1e-3)


@pytest.mark.parametrize(("m", "q"), [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)])
def test_critical_values_of_demsar(m, q):
    """Table 5a of Demšar, J. Mach. Learn. Res. 7, 1 (2006): q at 0.05."""
    n = 30
    assert critical_difference(m, n) == pytest.approx(q * np.sqrt(m * (m + 1) / (6 * n)), rel=5e-4)


def test_wilcoxon_with_holm(populations):
    names = [f"pop_{i}" for i in range(6)]
    found = across_problems(np.exp(populations), names, PROBLEMS, posthoc="wilcoxon")
    assert found.p_pairs[0, -1] < 1e-6
    assert found.p_pairs[0, 1] > 0.05


def test_ranks_on_one_dataset_are_averaged():
    """Si 4/3, 5/3, 3 and Ge 3, 2, 1: mean ranks 13/6, 11/6, 2."""
    errors = np.array([[1.0, 2.0, 3.0], [2.0, 1.0, 3.0], [1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    found = across_problems(errors, ["a", "b", "c"], PROBLEMS[:4], ["Si", "Si", "Si", "Ge"])
    assert found.methods == ("b", "c", "a")
    assert found.mean_ranks == pytest.approx([11 / 6, 2, 13 / 6])
    assert found.n_datasets == 2
    assert found.win_rates.tolist() == [[0.5, 0.5, 0.5]] * 3, "each is better on one of two datasets"


@pytest.mark.parametrize("m", [2, 4])
def test_a_problem_that_is_repeated_on_the_same_data_changes_nothing(m):
    errors = np.random.default_rng(0).lognormal([0.0, 1.0, 0.5, 2.0][:m], 0.5, (7, m))
    names = list("abcd")[:m]
    once = across_problems(errors, names, PROBLEMS[:7])
    repeats = [1, 4, 2, 1, 3, 1, 1]
    again = across_problems(
        np.repeat(errors, repeats, axis=0), names, PROBLEMS[:13], np.repeat(PROBLEMS[:7], repeats).tolist()
    )
    for name in ("mean_ranks", "bounds", "p_best", "win_rates", "statistic", "p_value", "p_pairs"):
        assert getattr(again, name) == pytest.approx(getattr(once, name), nan_ok=True), name
    assert (again.n_datasets, again.cliques) == (7, once.cliques)


def test_two_methods_are_compared_by_the_ratios_of_their_errors():
    """``wilcoxon`` of ln(a/b), whatever the size of the errors on a dataset."""
    a, b = np.random.default_rng(1).lognormal(0.0, 1.0, (2, 12))
    b *= 2
    found = across_problems(np.column_stack([a, b]), ["a", "b"], PROBLEMS[:12])
    expected = wilcoxon(np.log(a / b)).pvalue
    assert 0.01 < expected < 0.5
    assert found.p_value == found.p_pairs[0, 1] == pytest.approx(expected)
    scaled = across_problems(np.column_stack([a, b]) * np.arange(1, 13)[:, None], ["a", "b"], PROBLEMS[:12])
    assert scaled.p_value == pytest.approx(expected)


@pytest.mark.parametrize(("n", "cliques"), [(5, ((0, 1),)), (6, ())])
def test_of_two_methods_the_p_value_decides(n, cliques):
    """One is always better: p = 2/2ⁿ, 0.0625 and 0.03125; a perfect one's ratio is the largest."""
    errors = np.column_stack([np.linspace(0, 1, n), np.linspace(0.5, 3, n)])
    found = across_problems(errors, ["a", "b"], PROBLEMS[:n])
    assert found.p_value == pytest.approx(2 / 2**n)
    assert found.cliques == cliques
    assert np.isnan(found.critical_difference)


def test_no_pair_differs_where_friedman_s_test_finds_nothing():
    """Mean ranks 1.4, 2.4, 2.6, 3.6: χ² = 12·5/20 · 2.44 = 7.32; Nemenyi alone would tell a from d."""
    ranks = np.array([[1, 2, 3, 4], [1, 2, 3, 4], [1, 3, 2, 4], [2, 1, 4, 3], [2, 4, 1, 3]])
    found = across_problems(ranks, list("abcd"), PROBLEMS[:5])
    assert found.p_value == pytest.approx(chi2.sf(7.32, 3))
    assert found.mean_ranks[-1] - found.mean_ranks[0] > critical_difference(4, 5)
    assert found.cliques == ((0, 1, 2, 3),)
    assert np.isnan(found.p_pairs).all()
    assert np.isnan(found.critical_difference)
    equal = across_problems(np.ones((5, 3)), list("abc"), PROBLEMS[:5])
    assert (equal.p_value, equal.cliques) == (1.0, ((0, 1, 2),))


def test_win_rates_and_probability_of_being_best_by_hand():
    errors = np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 2.0], [1.0, 1.0], [1.0, 5.0]])
    found = across_problems(errors, ["a", "b"], PROBLEMS[:5])
    assert found.win_rates.tolist() == [[0.5, 0.7], [0.3, 0.5]]
    assert found.mean_ranks == pytest.approx([1.3, 1.7])
    assert 0.7 < found.p_best[0] < 0.95


def test_missing_cells_are_named_never_ranked_and_no_problem_is_dropped():
    errors = np.array([[1.0, 2.0, 3.0]] * 5)
    errors[4, 0] = np.nan
    found = across_problems(errors, ["a", "b", "c"], PROBLEMS[:5])
    assert found.methods == ("b", "c")
    assert found.missing == {"a": ("problem 4",)}
    assert found.n_datasets == 5
    assert found.mean_ranks.tolist() == [1, 2]


def test_few_problems_make_no_test():
    found = across_problems(np.array([[1.0, 2.0], [2.0, 3.0]]), ["a", "b"], ["A", "B"])
    assert found.reason == "2 datasets, fewer than 5: no test over datasets and no interval"
    assert np.isnan(found.bounds).all()
    assert np.isnan(found.p_value)
    assert not found.cliques
    nobody = across_problems(np.full((2, 1), np.nan), ["a"], ["A", "B"])
    assert nobody.reason == "fewer than two methods have an error on every problem"


def test_interval_of_a_mean_rank_is_student_s_and_stays_within_the_ranks():
    ranks = rankdata(np.random.default_rng(3).random((8, 4)), axis=1)
    low, high = student.interval(0.95, 7, ranks.mean(axis=0), sem(ranks))
    expected = np.clip(np.column_stack([low, high]), 1, 4)
    assert mean_rank_bounds(ranks) == pytest.approx(expected)
    always = mean_rank_bounds(np.array([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]] * 3))
    assert np.isnan(always[0]).all(), "the same rank on all problems has no spread"
    assert np.isfinite(always[1:]).all()


def test_intervals_of_mean_ranks_cover_the_truth():
    """Of equal methods the true mean rank is (m + 1)/2."""
    rng = np.random.default_rng(0)
    ranks = (rankdata(rng.random((12, 6)), axis=1) for _ in range(500))
    covered = np.mean([(b[:, 0] <= 3.5) & (b[:, 1] >= 3.5) for b in map(mean_rank_bounds, ranks)])
    assert 0.93 < covered < 0.97
