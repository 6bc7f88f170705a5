"""Entry into an environment: only the mlffbench of the run computes there."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from mlffbench.harness.execution.entry import check_entered, environment_record, lock_text
from mlffbench.system.own_package import own_identity
from mlffbench.system.provenance import provenance


def test_another_mlffbench_is_refused():
    own = {**own_identity(), "revision": provenance()["revision"]}
    check_entered(own)
    for name in own:
        with pytest.raises(ImportError, match="the environment runs another mlffbench"):
            check_entered({**own, name: "other"})


def test_the_lock_has_all_packages_but_this_one():
    lines = lock_text().splitlines()
    assert f"numpy=={version('numpy')}" in lines
    assert not [line for line in lines if line.startswith("mlffbench")]
    assert lines == sorted(lines, key=str.lower)
    record = environment_record({"name": "x", "requirements": ["a"]}, lock_text())
    assert record["made"]
    assert record["requirements"] == ["a"]
