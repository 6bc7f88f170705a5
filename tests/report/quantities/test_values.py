"""Numbers of quantities as text, and words for those that mean nothing."""

from __future__ import annotations

import math

from mlffbench.report.quantities.catalogue import find_quantity
from mlffbench.report.quantities.values import broken_word, value_text

CONFORMER = find_quantity("properties", "relative energy", "error")


def test_a_collapsed_molecule_is_a_word():
    assert value_text(CONFORMER, 193309.0, predicted=-192580.0, reference=729.0) == "collapsed"
    assert value_text(CONFORMER, 193309.0, predicted=194038.0, reference=729.0) == "exploded"
    assert value_text(CONFORMER, math.inf) == "exploded"


def test_other_numbers_have_three_digits():
    assert value_text(CONFORMER, 48.142) == "48.1"
    assert value_text(CONFORMER, 48.142, 40.0, 56.0) == "48.1 ±8.1"
    assert value_text(CONFORMER, math.nan) == "–"
    assert value_text(None, 0.048142) == "0.0481"


def test_quantities_without_a_bound_are_never_broken():
    assert broken_word(find_quantity("speed", "evaluate", "prefactor"), 1e12) == ""
    assert broken_word(None, 1e300) == ""
    assert broken_word(CONFORMER, math.nan) == ""
