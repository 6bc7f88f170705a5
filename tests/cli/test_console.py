"""Texts of users and files on the terminal: never markup."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from mlffbench.cli import console as cli_console
from mlffbench.cli.display import Display
from mlffbench.cli.live_display import LiveDisplay
from mlffbench.cli.run_state import RunState
from mlffbench.data import Spec
from mlffbench.harness.case import Case

NAMES = ["floor [no fit]", "LJ [w/o] [/fast]", ":fire: [bold]x"]


def screen():
    console = cli_console.console()
    console.file, console.width = io.StringIO(), 200
    return console


def test_names_and_paths_are_printed_as_they_are():
    console = screen()
    for name in NAMES:
        console.print(name)
    console.print(cli_console.table(["[a]", "n [/b]"], [["[/x]", "[red]1"]]))
    text = console.file.getvalue()
    for word in [*NAMES, "[a]", "n [/b]", "[/x]", "[red]1"]:
        assert word in text


@pytest.mark.parametrize("observed", [Display, LiveDisplay])
def test_the_display_of_a_run_keeps_brackets(observed):
    console = screen()
    failure = {"kind": "internal error", "message": "ValueError: [/no] such [key]"}
    data, cases = Spec("path", {"path": "a/[x].xyz"}), []
    for name in NAMES:
        cases.append(Case("s", name, data, Spec("random"), Spec("morse"), 0, name))
    with observed(console, RunState(cases), Path("out")) as display:
        for case in cases:
            display.started(case)
            display.progressed(case, "[/fit]", 1, 2, {"[/loss]": 1.0})
            display.finished(case, {"failure": failure})
    text = console.file.getvalue()
    for name in NAMES:
        assert f"{name} on [x].xyz, seed 0: failed, internal error: ValueError: [/no] such [key]" in text
