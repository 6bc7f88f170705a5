"""Resources that cases declare, and sentences on what a machine lacks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from example_cases import case

from mlffbench.data import Spec
from mlffbench.harness.execution.resources import Resources, is_timed, lack, resources_of
from mlffbench.system.machine import Machine


def test_what_a_case_declares():
    needed = resources_of(replace(case(), resources={"threads": 2, "memory": "1.5 GB", "gpu": 2}))
    assert needed == Resources(threads=2, memory=1_500_000_000, gpus=2)
    assert resources_of(case()) == Resources()


@pytest.mark.parametrize(
    ("params", "gpus", "gpu"),
    [
        ({"device": "cuda"}, 1, None),
        ({"device": "cuda:1"}, 1, 1),
        ({"model": {"mace": {"device": "cuda"}}}, 1, None),
        ({"device": "cpu"}, 0, None),
    ],
)
def test_a_gpu_is_needed_where_an_estimator_says_so(params, gpus, gpu):
    needed = resources_of(replace(case(), estimator=Spec("committee", params)))
    assert (needed.gpus, needed.gpu) == (gpus, gpu)


@pytest.mark.parametrize(
    ("change", "timed"),
    [
        ({}, False),
        ({"tasks": (Spec("speed"),)}, True),
        ({"tasks": (Spec("physics"),)}, False),
        ({"budget": {"fit_seconds": 5.0}}, True),
        ({"budget": {"epochs": 5}}, False),
        ({"estimator": Spec("committee", {"model": {"mace": {"max_seconds": 5}}})}, True),
        ({"estimator": Spec("mace", {"max_seconds": None})}, False),
        ({"estimator": Spec("tuned", {"model": "morse", "seconds": 60})}, True),
        ({"estimator": Spec("tuned", {"model": "morse", "trials": 60})}, False),
        ({"resources": {"timed": True}}, True),
        ({"budget": {"fit_seconds": 5.0}, "resources": {"timed": False}}, False),
    ],
)
def test_times_count_where_something_is_bounded_or_measured_in_seconds(change, timed):
    assert is_timed(replace(case(), **change)) is timed


@pytest.mark.parametrize(
    ("needed", "words"),
    [
        (Resources(threads=3), "3 threads are asked for, and this machine has 2 cores"),
        (Resources(memory=2 * 10**9), "2 GB of memory are asked for, and this machine has 1 GB"),
        (Resources(gpus=1), "GPUs are asked for (1), and this machine has none"),
        (Resources(gpus=1, gpu=1), "has none"),
    ],
)
def test_what_never_fits_has_a_sentence(needed, words):
    assert words in lack(needed, Machine(2, 10**9, ()))
    assert lack(replace(needed, threads=1), Machine(2, 10**10, ("0", "1"))) is None
