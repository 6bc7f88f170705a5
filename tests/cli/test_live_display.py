"""Lines drawn at the foot of a terminal: no wider than it, with all that matters."""

from __future__ import annotations

from pathlib import Path

import pytest
from example_runs import OK, Clock, example, screen

from mlffbench.cli.live_display import LiveDisplay
from mlffbench.cli.run_state import RunState


def running(width=80, label="soap_kernel_ridge-1000", terminal=False):
    """Ten cases after one hour: four done, two running."""
    now = Clock()
    cases = [example("mace", label, seed=k, max_seconds=7200) for k in range(6)]
    state = RunState(cases, 4, now=now, jobs=2, n_failed=1)
    display = LiveDisplay(screen(width, terminal), state, Path("out"))
    display.started(cases[0])
    display.started(cases[1])
    now.time = 3675.0
    display.progressed(cases[0], "epoch", 112, 1000, {"loss": 0.01234, "validation": 0.02345})
    display.progressed(cases[1], "near-duplicates", 18, 18, {})
    display.beat({cases[0].id: 1_234_000_000, cases[1].id: 345_600_000})
    return display, cases


def drawn(display):
    display.console.print(display.drawn())
    return display.console.file.getvalue().splitlines()


def test_at_80_columns_nothing_that_matters_is_cut():
    lines = drawn(running()[0])
    assert lines == [
        "━━━━━━━───────────  4 of 10 cases done, 1 failed  1:01:15  about 6:00:00 left",
        "  soap_kernel_ridge-1000 on lennar…, seed 0  1.2 GB  1:01:15  about 2:00:00 left",
        "    training, epoch 112 of 1,000, loss 0.0123, validation loss 0.0234",
        "  soap_kernel_ridge-1000 on lennar…, seed 1  0.3 GB  1:01:15  about 2:00:00 left",
        "    checking the split for near copies, frame 18 of 18",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_counts_and_clocks_are_whole_at_every_width(width):
    lines = drawn(running(width, label="a method with a long name, " * 5)[0])
    assert all(len(line) <= width for line in lines), lines
    text = "\n".join(lines)
    for word in ("4 of 10 cases", "1:01:15", "112 of 1,000"):
        assert word in text
    assert ("━" in text) == (width >= 80), "the bar goes first"


def test_finished_cases_stay_above_what_is_drawn():
    display, cases = running(terminal=True)
    with display:
        display.finished(cases[0], OK)
        assert "5 of 10 cases done, 1 failed" in display.drawn().plain
    text = display.console.file.getvalue()
    assert "soap_kernel_ridge-1000 on lennard_jones, seed 0: fitted in 1.2 s" in text
