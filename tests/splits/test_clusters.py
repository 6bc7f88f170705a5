"""The split by clusters in SOAP space."""

from __future__ import annotations

import pytest
from example_splits import SOAP, dataset, odd_ones

from mlffbench.splits.clusters import clusters


def test_clusters_are_kinds_of_structures():
    odd, data = odd_ones()
    seen = set()
    for seed in range(6):
        split = clusters(data, seed, n_clusters=4, **SOAP)
        ((name, test),) = [(k, v) for k, v in split.tests.items() if k != "in_domain"]
        seen.add(name)
        assert split.notes["cluster_sizes"] == [21, 1, 1, 1]
        assert len(test) == split.notes["cluster_sizes"][int(name[-1])]
        assert set(test) == set(range(21)) if name == "cluster_0" else set(test) < set(odd)
        assert len(split.train) + sum(map(len, split.tests.values())) == len(data)
    assert len(seen) > 1
    assert clusters(data, 1, 4, n_tests=3, test_fraction=0, **SOAP).in_domain is None


def test_frames_that_are_all_the_same_cannot_be_clustered():
    with pytest.raises(ValueError, match="of 35 frames at 1 places"):
        clusters(dataset(), **SOAP)


@pytest.mark.parametrize(
    ("keywords", "sentence"),
    [
        ({"n_tests": 5}, "n_tests must be from 1 to 4"),
        ({"n_clusters": 30}, "cannot form 30 clusters of 24 frames"),
        ({"groups": "all"}, "no column 'group'"),
    ],
)
def test_splits_in_soap_space_refuse(keywords, sentence):
    with pytest.raises(ValueError, match=sentence):
        clusters(odd_ones()[1], **{**SOAP, **keywords})
