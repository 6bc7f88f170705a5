"""States of the process that stay as they were."""

from __future__ import annotations

import random
import warnings
from typing import Any

import torch
from numpy.random import mtrand

from mlffbench.potentials.networks.seeding import undisturbed


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
