"""The validation split, and states of the process that stay as they were."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from numpy.random import mtrand

from mlffbench.potentials.networks.seeding import holdout, undisturbed


@pytest.mark.parametrize(
    ("n", "fraction", "held"), [(10, 0.1, 1), (3, 0.1, 1), (1, 0.1, 0), (9, 0.0, 0), (2, 0.9, 1)]
)
def test_holdout(n: int, fraction: float, held: int) -> None:
    training, validation = holdout(n, fraction, seed=3)
    assert len(validation) == held
    np.testing.assert_array_equal(np.sort(np.concatenate([training, validation])), np.arange(n))
    np.testing.assert_array_equal(holdout(n, fraction, seed=3)[0], training)


def test_holdout_refuses_everything() -> None:
    with pytest.raises(ValueError, match="validation_fraction"):
        holdout(5, 1.0, 0)


def test_a_package_that_seeds_and_warns_leaves_no_trace() -> None:
    def states() -> Any:
        return random.getstate(), mtrand.get_state()[1].tolist(), torch.get_rng_state().tolist()

    before = states(), torch.get_default_dtype(), list(warnings.filters)
    with undisturbed():
        random.seed(5)
        mtrand.seed(5)
        torch.manual_seed(5)
        torch.set_default_dtype(torch.float64)
        warnings.warn("deprecated", UserWarning, stacklevel=1)
    assert (states(), torch.get_default_dtype(), list(warnings.filters)) == before
