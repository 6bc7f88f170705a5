"""Lines of a run that is not watched: times, counters and a heartbeat."""

from __future__ import annotations

import re
from pathlib import Path

from example_runs import FAILED, OK, Clock, example, screen

from mlffbench.cli.display import Display
from mlffbench.cli.run_state import RunState

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ")


def displayed(cases, now=None, **settings):
    console = screen(200)
    return Display(console, RunState(cases, now=now or Clock(), **settings), Path("out")), console.file


def lines(file):
    """Lines without their times, which all have."""
    written = file.getvalue().splitlines()
    assert all(TIME.match(line) for line in written), written
    return [TIME.sub("", line) for line in written]


def test_every_line_has_a_time_and_finished_ones_a_counter():
    one, two = example(seed=0), example(seed=1)
    with displayed([one, two], n_before=1)[0] as display:
        for case, document in ((one, OK), (two, FAILED)):
            display.started(case)
            display.finished(case, document)
    assert lines(display.console.file) == [
        "started row on lennard_jones, seed 0",
        "2/3: row on lennard_jones, seed 0: fitted in 1.2 s, forces 12.3 meV/Å rmse",
        "started row on lennard_jones, seed 1",
        "3/3, 1 failed: row on lennard_jones, seed 1: failed, internal error: ValueError: [no] "
        "(log: out/logs/x.log)",
    ]


def test_an_error_that_is_no_number_or_of_a_task_is_not_shown():
    case = example()
    no_number, of_a_task = {**OK["scores"][0], "value": None}, {**OK["scores"][0], "task": "learning_curve"}
    display, file = displayed([case])
    display.started(case)
    display.finished(case, {**OK, "scores": [no_number, of_a_task]})
    assert lines(file)[-1] == "1/1: row on lennard_jones, seed 0: fitted in 1.2 s"


def test_a_heartbeat_a_minute_says_how_each_running_case_stands():
    now = Clock()
    one, two = example(max_seconds=600), example(seed=1)
    display, file = displayed([one, two], now)
    display.started(one)
    now.time = 50.0
    display.started(two)
    display.progressed(one, "epoch", 5, 200, {"loss": 0.01234})
    display.beat({one.id: None})
    assert len(lines(file)) == 2
    now.time = 61.0
    display.beat({one.id: 1_234_000_000, two.id: 10})
    display.beat({})
    assert lines(file)[2:] == [
        "row on lennard_jones, seed 0: training, epoch 5 of 200, loss 0.0123; 1.2 GB, 1:01, about 9:49 left"
    ]
    now.time = 122.0
    display.beat({})
    assert len(lines(file)) == 5


def test_a_case_of_another_run_is_waited_for_in_words_once():
    case = example()
    display, file = displayed([case])
    for _ in range(3):
        display.waiting([case])
    assert lines(file) == [
        "row on lennard_jones, seed 0: another run is computing it in this folder; waiting for it"
    ]


def test_an_interrupt_says_what_is_done_and_how_to_go_on_and_to_report(capsys):
    case = example()
    display, _ = displayed([case], n_before=4)
    display.interrupted("SIGTERM", force=False)
    said = capsys.readouterr().err
    assert "interrupted (SIGTERM); 4 of 5 cases done; what has finished is kept, the same command" in said
    assert said.endswith("; report: mlffbench report out\n")
    display, _ = displayed([case])
    display.interrupted("SIGTERM", force=True)
    assert "report" not in capsys.readouterr().err
