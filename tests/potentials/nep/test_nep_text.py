"""Text of a network: its header, sizes, and the neurons that hold atomic energies."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.potentials.nep.nep_text import NEPText

HEADER = ["nep4 2 Si O", "cutoff 6.0 4.0 30 12", "n_max 1 0", "basis_size 2 2", "l_max 2 2 0", "ANN 3 0"]
DESCRIPTORS = 2 + 1 * (2 + 1)


def text(n_numbers=None):
    coefficients = 4 * (2 * 3 + 1 * 3)
    n = 2 * 3 * (DESCRIPTORS + 2) + 1 + coefficients + DESCRIPTORS
    numbers = np.random.default_rng(0).normal(size=n)[:n_numbers]
    return "\n".join([*HEADER, *map(repr, numbers.tolist()), ""])


def energy(known, element, q):
    """Σ w1 tanh(w0 q − b0) of an element."""
    n, d = known.n_neurons, known.n_descriptors
    values = np.array(known.numbers, dtype=float)[element * n * (d + 2) :]
    w0, b0, w1 = values[: n * d].reshape(n, d), values[n * d : n * (d + 1)], values[n * (d + 1) : n * (d + 2)]
    return w1 @ np.tanh(w0 @ q - b0)


def test_sizes_follow_from_the_header():
    known = NEPText.parse(text())
    assert known.elements == ["Si", "O"]
    assert known.cutoff == 6.0
    assert known.n_descriptors == DESCRIPTORS
    assert known.n_parameters == len(known.numbers) - DESCRIPTORS


def test_atomic_energies_are_added_to_each_element():
    before = NEPText.parse(text())
    after = NEPText.parse(before.with_atomic_energies({"Si": -158.0, "O": -75.5}))
    q = np.random.default_rng(1).normal(size=DESCRIPTORS)
    for element, shift in enumerate((-158.0, -75.5)):
        assert energy(after, element, q) - energy(before, element, q) == pytest.approx(shift, abs=1e-12)
    assert after.numbers[after.n_weights :] == before.numbers[before.n_weights :]


@pytest.mark.parametrize("damaged", ["", "nep3 1 Si\nANN 3 0\n", text(20), "\n".join(HEADER[2:])])
def test_another_text_is_refused(damaged):
    with pytest.raises(ValueError, match="no NEP4 network"):
        NEPText.parse(damaged)
