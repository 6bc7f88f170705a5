"""Texts of users and files on the terminal: never markup."""

from __future__ import annotations

import io

from mlffbench.cli import console as cli_console
from mlffbench.cli.display import Display
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


def test_the_display_of_a_run_keeps_brackets():
    console = screen()
    failure = {"kind": "error", "message": "ValueError: [/no] such [key]"}
    with Display(console, len(NAMES)) as display:
        for name in NAMES:
            case = Case(
                "s", name, Spec("path", {"path": "a/[x].xyz"}), Spec("random"), Spec("morse"), 0, name
            )
            display.started(case)
            display.progressed(case, "[/fit]", 1, 2, {"[/loss]": 1.0})
            display.finished(case, {"failure": failure})
    text = console.file.getvalue()
    for name in NAMES:
        assert f"{name} on [x].xyz, seed 0: failed, error: ValueError: [/no] such [key]" in text
