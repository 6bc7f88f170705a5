"""Events of a run as lines of JSON."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from example_runs import FAILED, OK, Clock, example, screen

from mlffbench.cli.run_events import RunEvents
from mlffbench.cli.run_state import RunState


def events(file):
    return [json.loads(line) for line in file.getvalue().splitlines()]


def test_every_line_is_an_event_with_its_facts():
    now = Clock()
    one, two, three = example(max_seconds=60), example(seed=1), example(seed=2)
    cases, file = [one, two, three], io.StringIO()
    with RunEvents(file, screen(), RunState(cases, now=now), Path("out"), cases, "http://head:8787") as run:
        run.started(one)
        for step in range(50):
            now.time += 0.1
            run.progressed(one, "epoch", step, 100, {"loss": float("nan")})
        run.finished(one, OK)
        run.started(two)
        run.finished(two, FAILED)
        run.waiting([three])
        run.waiting([three])
    heard = events(file)
    kinds = [event["event"] for event in heard]
    progress = [event for event in heard if event["event"] == "progress"]
    assert [kind for kind in kinds if kind != "progress"] == [
        "planned", "started", "finished", "started", "failed", "waiting", "done",
    ]  # fmt: skip
    assert 4 <= len(progress) <= 6, "one a second"
    assert all(event["time"] for event in heard)
    by_kind = dict(zip(kinds, heard, strict=True))
    assert [case["id"] for case in by_kind["planned"]["cases"]] == [one.id, two.id, three.id]
    assert by_kind["planned"]["cases"][0]["expected_seconds"] == 60.0
    assert by_kind["planned"]["dashboard"] == "http://head:8787"
    assert progress[0]["values"] == {"loss": None}
    assert (progress[0]["stage"], progress[0]["total"]) == ("epoch", 100)
    assert by_kind["finished"]["fit_seconds"] == 1.25
    assert by_kind["failed"]["log"] == "out/logs/x.log"
    assert by_kind["failed"]["message"].startswith("ValueError: [no]")
    assert by_kind["waiting"]["ids"] == [three.id]
    done = {key: by_kind["done"][key] for key in ("cases_done", "cases_total", "cases_failed", "ended_by")}
    assert done == {"cases_done": 2, "cases_total": 3, "cases_failed": 1, "ended_by": None}


def test_the_last_event_says_what_ended_a_run():
    file = io.StringIO()
    run = RunEvents(file, screen(), RunState([]), Path("out"), [])
    with pytest.raises(KeyboardInterrupt), run:
        raise KeyboardInterrupt("SIGTERM")
    assert events(file)[-1]["ended_by"] == "SIGTERM"
