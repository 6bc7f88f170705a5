"""Test groups that are no sample of frames, or may be none for all that a document says."""

from __future__ import annotations

import numpy as np
import pytest
from example_documents import error, outcome

from mlffbench.report.frame_errors import no_sample
from mlffbench.report.grouping import group_documents
from mlffbench.report.results import Results


def older(n_frames, in_domain="test_300K", test="test_1200K"):
    """A document without clusters whose test group has so many frames."""
    document = outcome("soap")
    tests = {**document["split"]["tests"], test: n_frames}
    return {**document, "split": {**document["split"], "tests": tests, "in_domain": in_domain}}


def reason(document, test="test_1200K"):
    (problem,) = group_documents([document])
    return no_sample(problem.methods[0], test)


UNKNOWN = "not known whether the 45 frames of test_1200K are a sample or a path"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (older(45), UNKNOWN),
        (older(50), ""),
        (older(None), ""),
        (older(45, in_domain="test_1200K"), ""),  # drawn like the training frames
        (older(45, in_domain=None), UNKNOWN),
        (older(45) | {"clusters": {"test_1200K": {"unit": "test frames", "n": 45}}}, ""),
        (older(45) | {"clusters": {"test_1200K": {"reason": "a scan"}}}, "a scan"),
        (older(45) | {"profiles": {"test_1200K": {"coordinate": []}}}, "test_1200K is a path, no sample"),
    ],
)
def test_a_small_group_of_an_older_document_may_be_a_path(document, words):
    assert reason(document) == words


def test_what_may_be_a_path_has_no_interval():
    scores = Results.from_documents([older(45)]).scores
    on_scan, inside = error(scores, "soap", "test_1200K"), error(scores, "soap", "test_300K")
    assert on_scan["value"] == pytest.approx(60.0)
    assert np.isnan([on_scan["low"], on_scan["high"]]).all()
    assert (on_scan["interval"], on_scan["reason"]) == ("none", UNKNOWN)
    assert (inside["low"], inside["high"]) == pytest.approx((18.0, 22.0))
