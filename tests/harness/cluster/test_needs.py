"""Resources of cases in dask's names: one whose times count has a worker for itself."""

from __future__ import annotations

from dataclasses import replace

from example_cases import case

from mlffbench.data import Spec
from mlffbench.harness.cluster.needs import lack, needs, threads_of


def test_a_case_occupies_what_it_says_or_its_share():
    plain = case()
    assert needs(plain, threads=2, most=8) == {"threads": 2.0}
    wide = replace(plain, resources={"threads": 4, "memory": "8 GB", "gpu": 1})
    assert needs(wide, threads=2, most=8) == {"threads": 4.0, "memory": 8e9, "gpu": 1.0}
    assert threads_of(wide, 2) == 4


def test_a_timed_case_occupies_a_worker_and_keeps_its_threads():
    timed = replace(case(), resources={"timed": True, "threads": 2})
    assert needs(timed, threads=1, most=8)["threads"] == 8
    assert threads_of(timed, 1) == 2
    assert needs(case(tasks=[Spec("speed")]), threads=1, most=8)["threads"] == 8
    assert needs(replace(case(), resources={"timed": False}), threads=1, most=8)["threads"] == 1


def test_a_case_that_no_worker_can_hold_is_a_sentence():
    wanted = {"threads": 4.0, "gpu": 1.0}
    assert lack(wanted, []) is None
    assert lack(wanted, [{"threads": 8, "gpu": 1}]) is None
    sentence = "4 threads, 1 GPUs are asked for together, and workers have at most 8 threads, 1 GPUs"
    assert lack(wanted, [{"threads": 8}, {"threads": 2, "gpu": 1}]) == sentence
