"""Double precision inside a block only, and an environment as it was."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("ace_jax")

import jax

from mlffbench.potentials.ace.jax_session import double_precision


def test_other_users_of_jax_keep_their_precision():
    before = dict(os.environ)
    with double_precision():
        assert jax.numpy.ones(1).dtype == "float64"
    assert jax.numpy.ones(1).dtype == "float32"
    assert not jax.config.jax_enable_x64
    assert dict(os.environ) == before


def test_the_precision_is_given_back_after_an_error():
    with pytest.raises(RuntimeError, match="stop"), double_precision():
        raise RuntimeError("stop")
    assert not jax.config.jax_enable_x64
