"""Fixtures of the networks' tests."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from mlffbench.potentials.networks import e3nn_wrapper


@pytest.fixture
def o3() -> Iterator[Any]:
    """e3nn.o3 itself, which warns, and compiles unless it is told not to."""
    e3nn_wrapper.irreps((0, 1), (0, 1))  # imports it without its warnings
    import e3nn

    before = e3nn.get_optimization_defaults()
    e3nn.set_optimization_defaults(jit_script_fx=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield e3nn.o3
    finally:
        e3nn.set_optimization_defaults(**before)
