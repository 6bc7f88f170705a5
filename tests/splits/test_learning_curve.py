"""The split for learning curves."""

from __future__ import annotations

import pytest
from example_splits import dataset

from mlffbench.splits.learning_curve import learning_curve
from mlffbench.splits.official import official


@pytest.mark.parametrize(
    "inner", ["official", {"official": {"tests": ["dihedral"]}}, {"random": {"train": 25}}]
)
def test_learning_curves_are_nested_and_keep_the_tests(inner):
    data = dataset(card={"train": "train_300K", "in_domain": "test_600K"})
    splits = [learning_curve(data, 3, n, inner) for n in (2, 5, 11, 1.0 - 1e-12)]
    sets = [set(s.train) for s in splits]
    assert sets[0] < sets[1] < sets[2] < sets[3]
    assert [len(s) for s in sets[:3]] == [2, 5, 11]
    for split in splits:
        assert split.in_domain == splits[0].in_domain
        assert {k: v.tolist() for k, v in split.tests.items()} == {
            k: v.tolist() for k, v in splits[0].tests.items()
        }
    assert set(learning_curve(data, 4, 5, inner).train) != sets[1]


def test_a_learning_curve_of_the_official_split_is_its_own_draw():
    data = dataset(card={"train": "train_300K"})
    assert learning_curve(data, 2, 7).digest == official(data, 2, n_train=7).digest
    draws = [set(official(data, 2, n_train=n).train) for n in (3, 7, 20)]
    assert draws[0] < draws[1] < draws[2]


def test_large_test_groups_can_be_thinned_and_small_ones_stay():
    data = dataset(card={"train": "train_300K"})
    full, thin = learning_curve(data, 1, 5), learning_curve(data, 1, 5, n_test=7)
    assert {len(part) for part in thin.tests.values()} == {min(7, len(part)) for part in full.tests.values()}
    assert all(set(thin.tests[name]) <= set(part) for name, part in full.tests.items())
    assert (
        learning_curve(data, 1, 11, n_test=7).tests["test_600K"].tolist() == thin.tests["test_600K"].tolist()
    )


@pytest.mark.parametrize(
    ("keywords", "error", "sentence"),
    [
        ({"n_train": 21}, ValueError, "n_train .*=21 asks for 21 frames, but there are 20"),
        ({"n_train": 0}, ValueError, "a share between 0 and 1 or a number"),
        ({"split": "oficial"}, LookupError, "no split 'oficial'.* did you mean 'official'"),
        ({"split": {"official": {"trains": "a"}}}, LookupError, "no parameter 'trains'"),
        ({"split": {"official": None, "random": None}}, ValueError, "one name with its keywords"),
    ],
)
def test_learning_curve_refuses(keywords, error, sentence):
    with pytest.raises(error, match=sentence):
        learning_curve(dataset(card={"train": "train_300K"}), **keywords)
