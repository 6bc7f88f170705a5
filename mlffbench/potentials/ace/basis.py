"""Polynomial basis of a linear ACE and its number of coefficients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ace_jax.basis.model import Basis, build_model
from ace_jax.basis.radial_init import BOND_LEN
from ace_jax.basis.spec import build_spec
from ase.data import chemical_symbols, covalent_radii

from mlffbench.potentials.ace.jax_session import double_precision

__all__ = ["MOST_DEGREE", "basis_of", "columns", "largest_degree"]

LEAST_DEGREE, MOST_DEGREE = 4, 12
ANGULAR = 1.5  # weight of the angular in the total degree, n + 1.5 l


def basis_of(numbers: Sequence[int], order: int, degree: int, cutoff: float, most: int) -> Basis:
    """The basis of these elements.

    Raises
    ------
    ValueError
        It has more than `most` coefficients, or an element's bond length exceeds the cutoff.
    """
    if (least := columns(len(numbers), order, degree)) > most:
        raise ValueError(_too_many(numbers, order, degree, least, most))
    lengths = bond_lengths(numbers)
    if lengths.max() >= cutoff:
        raise ValueError(
            f"ACE needs a cutoff above the longest bond, {lengths.max():.2f} Å; it is {cutoff:g} Å"
        )
    with double_precision():
        basis = build_model(
            list(numbers), order, degree, wL=ANGULAR, rcut=cutoff, r0=lengths, coupling_cache=False
        )
    if basis.meta["len_basis"] > most:  # several couplings of the same functions
        raise ValueError(_too_many(numbers, order, degree, basis.meta["len_basis"], most))
    return basis


def _too_many(numbers: Sequence[int], order: int, degree: int, n: int, most: int) -> str:
    symbols = ", ".join(chemical_symbols[z] for z in numbers)
    return (
        f"ACE of order {order} and degree {degree} has {n} coefficients for {symbols}, more than "
        f"max_columns={most}: lower the degree (or leave it out) or the order, or raise max_columns, which "
        "costs time and memory by its square"
    )


def columns(n_elements: int, order: int, degree: int) -> int:
    """Number of coefficients, but for functions of order four and more that couple in several ways."""
    functions, *_ = build_spec(n_elements, order, degree, ANGULAR)
    return n_elements * (len(functions) + degree)


def largest_degree(n_elements: int, order: int, most: int) -> int:
    """The largest degree up to 12 with at most `most` coefficients, at least 4."""
    degree = LEAST_DEGREE
    while degree < MOST_DEGREE and columns(n_elements, order, degree + 1) <= most:
        degree += 1
    return degree


def bond_lengths(numbers: Sequence[int]) -> np.ndarray:
    """Lengths that shape the radial functions, (n, n) Å: the package's, else twice the covalent radius."""
    own = np.array([BOND_LEN.get(z, 2 * covalent_radii[z]) for z in numbers])
    return (own[:, None] + own[None, :]) / 2
