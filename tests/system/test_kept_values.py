"""Values kept for models: made once, again for other sources, and gone with the model."""

from __future__ import annotations

import gc
import pickle
import weakref

import numpy as np

from mlffbench.system.kept_values import KeptValues


class Model:
    """Something that values are made for."""


def test_a_value_is_made_once_for_each_model_and_set_of_sources():
    made = []
    sums = KeptValues(lambda x, y: made.append(1) or [x.sum() + y.sum()])
    model, other, x, y = Model(), Model(), np.ones(3), np.ones(2)
    assert sums.of(model, x, y) is sums.of(model, x, y)
    assert len(made) == 1
    assert sums.of(other, x, y) == [5.0]
    assert sums.of(model, x.copy(), y) == [5.0]  # equal sources, but after another fit
    assert len(made) == 3
    assert vars(pickle.loads(pickle.dumps(model))) == {}


def test_nothing_outlives_its_model():
    values = KeptValues(lambda x: Model())
    model = Model()
    kept = weakref.ref(values.of(model, 1))
    del model
    gc.collect()
    assert kept() is None
