"""Learning curves."""

from __future__ import annotations

from example_documents import outcome, predictions

from mlffbench.report.formats import html
from mlffbench.report.results import Results


def test_learning_curve_across_problems():
    large, small = outcome("soap", 0.02), outcome("soap", 0.04)
    for document, size in ((small, 100), (large, 400)):
        document["case"]["split"] = {"name": "learning_curve", "params": {"n": size}}
        document["split"] = {**document["split"], "n_train": size}
    assert "Learning curves" in html.render(Results.from_documents([small, large]), predictions, "suite")
