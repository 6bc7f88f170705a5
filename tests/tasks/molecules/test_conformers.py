"""Conformers in a wrong order, and conformers that collapse."""

from __future__ import annotations

from example_molecule import Toy, dataset, rows, scores


def test_a_wrong_order_and_a_lost_conformer_show() -> None:
    data, split = dataset()
    turned = scores(rows(Toy({"v1": 0.2}), data, split, include=["conformers"]))
    assert turned["conformers", "relative energy", "rank_error"].value == 1
    flat = scores(rows(Toy({"v1": -0.8, "v3": 0.0}), data, split, include=["conformers"]))
    assert flat["conformers", "structures", "collapsed"].value == 1  # the only minimum is at 0
