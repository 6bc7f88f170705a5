"""Power laws of known exponent, with launches at small sizes and with noise."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.tasks.timings.power_law import fit_power_law

ATOMS = [9 * 4**k for k in range(7)]
EXACT = [0.0] * len(ATOMS)


def test_an_exact_law_is_found_over_all_sizes():
    law = fit_power_law(ATOMS, [3e-6 * n**1.5 for n in ATOMS], EXACT)
    assert (law.prefactor, law.exponent) == pytest.approx((3e-6, 1.5))
    assert (law.least, law.most) == (ATOMS[0], ATOMS[-1])


def test_sizes_that_launches_take_are_left_out():
    law = fit_power_law(ATOMS, [5e-3 + 1e-5 * n for n in ATOMS], EXACT)
    assert law.least > ATOMS[2]
    assert law.exponent == pytest.approx(1.0, abs=0.1)


def test_an_uncertain_time_counts_less():
    seconds = [1e-5 * n for n in ATOMS]
    seconds[2] *= 1.25
    spreads = [0.01] * len(ATOMS)
    spreads[2] = 0.15
    law = fit_power_law(ATOMS, seconds, spreads)
    assert law.least == ATOMS[0], "it lies within 2σ of its own"
    assert law.exponent == pytest.approx(1.0, abs=0.01)
    assert fit_power_law(ATOMS, seconds, [0.01] * len(ATOMS)).exponent < 0.98, "where it counts as much"


def test_no_law_without_three_sizes_on_it():
    assert fit_power_law(ATOMS[:2], [1.0, 2.0], EXACT[:2]) is None
    assert fit_power_law(ATOMS[:4], [1.0, 1.0, 1.0, 50.0], EXACT[:4]) is None


def test_the_error_of_the_exponent_is_that_of_repeated_fits():
    rng = np.random.default_rng(0)
    sigma = 0.05
    laws = [
        fit_power_law(ATOMS, 1e-5 * np.array(ATOMS) * np.exp(sigma * rng.normal(size=7)), [sigma] * 7)
        for _ in range(300)
    ]
    whole = [law for law in laws if law is not None and law.least == ATOMS[0]]
    spread = np.std([law.exponent for law in whole])
    assert np.mean([law.exponent_error for law in whole]) == pytest.approx(spread, rel=0.25)
