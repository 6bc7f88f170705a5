"""Frames held out of a training: how many, and the same ones again."""

from __future__ import annotations

import numpy as np
import pytest

from mlffbench.potentials.validation_split import holdout


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
