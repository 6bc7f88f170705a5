"""Published errors in a suite."""

from __future__ import annotations

import pytest
from example_published import entry, published_error, suite
from pydantic import ValidationError

from mlffbench.harness.planning.published import PublishedError


@pytest.mark.parametrize(
    ("value", "number", "rounding"),
    [(6.2, 6.2, 0.05), ("5.90", 5.9, 0.005), (17, 17.0, 0.5), (0.07, 0.07, 0.005), ("2e1", 20.0, 5.0)],
)
def test_the_rounding_is_half_a_unit_of_the_last_printed_digit(value, number, rounding):
    error = PublishedError(**published_error(value))
    assert (error.number, error.rounding) == pytest.approx((number, rounding))


@pytest.mark.parametrize("value", [0, -1.0, "much", "nan", ""])
def test_a_published_error_is_a_positive_number(value):
    with pytest.raises(ValidationError, match="a published error is a positive number"):
        PublishedError(**published_error(value))


def test_the_unit_is_one_of_the_quantity():
    assert PublishedError(**published_error(0.1, unit="kcal/mol/Å")).unit == "kcal/mol/Å"
    with pytest.raises(ValidationError, match="meV/atom is no unit of energy"):
        PublishedError(**published_error(1.0, quantity="energy", unit="meV/atom"))


def test_an_entry_without_a_row_says_why():
    with pytest.raises(ValidationError, match="without a row, 'exempt' says why"):
        suite(entry(published_error(1.0), row=None))
    assert suite(entry(published_error(1.0), row=None, exempt="no such method")).published[0].row is None
