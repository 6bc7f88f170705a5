"""Number of coefficients of a linear ACE before it is built, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ace_jax")

from mlffbench.potentials.ace.basis import basis_of, bond_lengths, columns, largest_degree


@pytest.mark.parametrize(("numbers", "order", "degree"), [([14], 3, 8), ([1, 8], 2, 5), ([1, 6, 8], 3, 4)])
def test_the_number_of_coefficients_is_known_before_the_basis_is_built(numbers, order, degree):
    basis = basis_of(numbers, order, degree, 5.0, most=2000)
    assert basis.meta["len_basis"] == columns(len(numbers), order, degree)


def test_the_largest_degree_keeps_below_the_limit():
    assert largest_degree(1, 3, most=1500) == 12
    degree = largest_degree(3, 3, most=1500)
    assert columns(3, 3, degree) <= 1500 < columns(3, 3, degree + 1)


def test_too_many_coefficients_are_refused_with_their_number_and_the_remedy():
    with pytest.raises(ValueError, match=r"2775 coefficients for H, C, O, more than max_columns=1500: lower"):
        basis_of([1, 6, 8], 3, 8, 5.0, most=1500)


def test_a_cutoff_below_a_bond_is_refused():
    with pytest.raises(ValueError, match=r"above the longest bond, 2\.40 Å; it is 2 Å"):
        basis_of([14], 2, 4, 2.0, most=100)


def test_hydrogen_has_a_bond_length():
    lengths = bond_lengths([1, 6])
    assert 0.5 < lengths[0, 0] < lengths[0, 1] == lengths[1, 0] < lengths[1, 1] == 1.4
    assert np.isfinite(lengths).all()
