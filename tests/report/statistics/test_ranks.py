"""Ranges of ranks by hand."""

from __future__ import annotations

import numpy as np

from mlffbench.report.statistics.ranks import better_than, rank_ranges

DIFFERENCE = np.array([[0, -1, -9, -2], [1, 0, -8, -1], [9, 8, 0, 7], [2, 1, -7, 0.0]])


def test_ranks_follow_from_the_pairs_that_are_told_apart():
    p = np.array([[1, 0.3, 1e-4, 0.009], [0.3, 1, 1e-4, 0.5], [1e-4, 1e-4, 1, 1e-4], [0.009, 0.5, 1e-4, 1]])
    # Holm: 3 · 10⁻⁴ first, then 0.009 · 3 = 0.027, then 0.3 · 2
    assert rank_ranges(better_than(DIFFERENCE, p)) == [(1, 2), (1, 3), (4, 4), (2, 3)]


def test_holm_keeps_apart_fewer_than_single_tests():
    p = np.full((4, 4), 0.02)
    assert not better_than(DIFFERENCE, p).any()  # 0.02 · 6
    assert rank_ranges(better_than(DIFFERENCE, p)) == [(1, 4)] * 4


def test_method_that_cannot_be_compared_has_no_certain_rank():
    p = np.array([[1, np.nan, 1e-4], [np.nan, 1, np.nan], [1e-4, np.nan, 1]])
    assert rank_ranges(better_than(DIFFERENCE[:3, :3], p)) == [(1, 2), (1, 3), (2, 3)]
