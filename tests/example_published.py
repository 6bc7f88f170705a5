"""Suite with published errors of the problem that `example_documents.outcome` makes documents of."""

from __future__ import annotations

from mlffbench.harness.planning.plan import Suite

PROBLEM = {"dataset": "malonaldehyde", "split": {"official": {"train": "train_300K"}}}


def published_error(value, **changes):
    """A published force RMSE in meV/Å on test_300K."""
    usual = {"test": "test_300K", "quantity": "forces", "metric": "rmse", "unit": "meV/Å"}
    return {**usual, "value": value, **changes}


def entry(*errors, row="mace", method="MACE", **changes):
    """Published errors of a method, within 10 % by default."""
    return {
        "method": method,
        "row": row,
        "source": "Journal 1, 2 (2020), Table 3",
        "errors": list(errors),
        **changes,
    }


def suite(*entries, problems=(PROBLEM,)):
    """A suite of two methods with these published entries."""
    content = {"name": "again", "problems": list(problems), "estimators": ["mace", "sgdml"]}
    return Suite.model_validate({**content, "published": list(entries)})
