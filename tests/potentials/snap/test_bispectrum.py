"""Numbers of bispectrum components, and which of LAMMPS's are the same."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.potentials.snap.bispectrum import Bispectrum, default_weights


def bispectrum(elements="Si", two_j_max=6, form="linear"):
    names = tuple(elements.split())
    return Bispectrum(
        names, (2.5,) * len(names), two_j_max, form, tuple(default_weights(names, form).values())
    )


@pytest.mark.parametrize(("two_j_max", "expected"), [(0, 1), (2, 5), (4, 14), (6, 30), (8, 55)])
def test_numbers_of_components_are_the_papers(two_j_max, expected):
    """(J + 1)(J + 2)(J + 3/2)/3 for a whole J = two_j_max/2."""
    assert bispectrum(two_j_max=two_j_max).n_components == expected


def test_numbers_of_coefficients():
    assert bispectrum().n_columns == 31
    assert bispectrum("H C O").n_columns == 93
    assert bispectrum(form="quadratic").n_columns == 1 + 30 + 465
    assert bispectrum(form="explicit").n_columns == 31
    explicit = bispectrum("H C O", form="explicit")
    assert len(explicit.distinct[1]) == 27 * 30
    assert explicit.n_columns == 3 * (1 + explicit.n_components) < 3 * (1 + 27 * 30)


def test_equal_components_share_what_their_sum_has():
    explicit = bispectrum("H O", 3, "explicit")
    given = np.random.default_rng(0).normal(size=(2, explicit.n_features))
    lammps = explicit.to_lammps(given)
    first, places = explicit.distinct
    assert lammps.shape == (2, 1 + len(places))
    summed = np.array([np.bincount(places, row[1:]) for row in lammps])
    np.testing.assert_allclose(summed, given[:, 1:])
    np.testing.assert_array_equal(places[first], np.arange(len(first)))


def test_nothing_but_elements_and_numbers_reaches_lammps():
    with pytest.raises(ValueError, match="no chemical elements"):
        Bispectrum(("H\nshell rm x",), (2.5,), 6, "linear", (1.0,))
    with pytest.raises(ValueError, match="no form 'cubic' of SNAP"):
        Bispectrum(("H",), (2.5,), 6, "cubic", (1.0,))
    with pytest.raises(ValueError, match="a finite radius"):
        Bispectrum(("H",), (float("nan"),), 6, "linear", (1.0,))
    assert set(bispectrum("H C O", form="explicit").arguments().split()) <= {
        *("2.5", "0.99363", "6", "rmin0", "0.0", "bzeroflag", "switchflag", "bnormflag", "chem"),
        *("quadraticflag", "0", "1", "2", "3", "1.0"),
    }
