"""Cross-validation."""

from __future__ import annotations

import numpy as np
import pytest
from example_splits import dataset

from mlffbench.splits.kfold import kfold


@pytest.mark.parametrize("column", [None, "temperature"])
def test_folds_test_every_frame_once(column):
    folds = [kfold(dataset(), 1, k=3, fold=f, column=column) for f in range(3)]
    assert sorted(np.concatenate([s.tests["test"] for s in folds])) == list(range(35))
    assert all(len(s.train) + len(s.tests["test"]) == 35 for s in folds)
    if column is None:
        assert {len(s.tests["test"]) for s in folds} == {11, 12}
        assert kfold(dataset(), 2, k=3).digest != folds[0].digest
    else:
        assert all(not set(s.train % 3) & set(s.tests["test"] % 3) for s in folds)
        assert folds[0].in_domain is None


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"k": 36}, "k must be from 2 to 35, the number of frames"),
        ({"k": 4, "column": "temperature"}, "k must be from 2 to 3, the number of values of 'temperature'"),
        ({"k": 1}, "k must be from 2"),
        ({"fold": 5}, "fold must be from 0 to 4; got 5"),
    ],
)
def test_kfold_refuses(keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        kfold(dataset(), **keywords)
