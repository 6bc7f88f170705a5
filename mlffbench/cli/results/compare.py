"""Command ``mlffbench compare``: what changed between two folders, revisions or methods."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlffbench.cli.console import print_json, refusals, say
from mlffbench.cli.data.arguments import Json
from mlffbench.cli.results.filters import Method, Problem

if TYPE_CHECKING:
    from mlffbench.report.comparison.comparison import Comparison
    from mlffbench.report.comparison.pairs import Side

__all__ = ["compare"]

First = Annotated[
    str,
    typer.Argument(
        metavar="A", help="Results folder, REVISION:FOLDER of git; with --in a method, or a revision.",
        show_default=False,
    ),
]  # fmt: skip
Second = Annotated[str, typer.Argument(metavar="B", help="What is compared with it.", show_default=False)]
In = Annotated[
    list[Path] | None,
    typer.Option("--in", metavar="FOLDER", help="Results folder of methods or revisions; may be repeated."),
]
FailIfWorse = Annotated[
    str | None,
    typer.Option(
        "--fail-if-worse", metavar="5%",
        help="Exit with code 1 if B is significantly worse by more than this, lost a number that it was "
        "asked for, or a row failed or is missing.",
    ),
]  # fmt: skip
RopeForces = Annotated[
    float, typer.Option(metavar="X", min=0.0, help="Differences up to this are equivalent, meV/Å.")
]
RopeEnergy = Annotated[
    float, typer.Option(metavar="X", min=0.0, help="Differences up to this are equivalent, meV/atom.")
]
Out = Annotated[Path | None, typer.Option(help="File of markdown, instead of the terminal.")]
Everything = Annotated[bool, typer.Option("--all", help="Print all rows, also those that did not change.")]


def compare(
    a: First, b: Second, in_: In = None, fail_if_worse: FailIfWorse = None, method: Method = None,
    problem: Problem = None, rope_forces: RopeForces = 5.0, rope_energy: RopeEnergy = 1.0,
    everything: Everything = False, out: Out = None, json_: Json = False,
) -> None:  # fmt: skip
    """Say what changed from A to B, and what of it is significant, from the same test frames."""
    from mlffbench.cli.results.comparison_text import comparison_json, print_comparison
    from mlffbench.report.comparison.comparison import compare_sides
    from mlffbench.report.comparison.sides import choose_rows, read_sides

    with refusals():
        limit = None if fail_if_worse is None else _share(fail_if_worse)
        sides = choose_rows(read_sides(a, b, in_ or ()), method or (), problem or ())
        _say_doubts(sides)
        rope = {"forces": rope_forces / 1000.0, "energy_per_atom": rope_energy / 1000.0}
        comparison = compare_sides(*sides, rope)
        worse = [] if limit is None else comparison.worse(limit)
        if out is not None:
            _write(out, sides, comparison, worse)
        if json_:
            print_json(comparison_json(sides, comparison, worse))
        elif out is None:
            print_comparison(sides, comparison, everything)
    if worse:
        for sentence in worse:
            say(f"worse: {sentence}", err=True)
        raise typer.Exit(1)


def _write(file: Path, sides: tuple[Side, Side], comparison: Comparison, worse: Sequence[str]) -> None:
    from mlffbench.report.comparison.markdown import render
    from mlffbench.system.atomic_write import atomic_write

    if file.suffix != ".md":
        raise ValueError(f"{file}: --out writes markdown, .md; --json prints numbers")
    with atomic_write(file) as stream:
        stream.write(render([side.name for side in sides], comparison, worse).encode())
    say(f"wrote {file}", err=True)


def _share(text: str) -> float:
    """Limit as a number: ``5%`` and ``0.05`` are the same.

    Raises
    ------
    ValueError
        It is neither, or 100 % and more without a percent sign, which somebody means as percents.
    """
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*(%?)", text.strip())
    number = float(match[1]) if match else -1.0
    if match is None or (not match[2] and number >= 1.0):
        raise ValueError(f"--fail-if-worse takes a share such as 5% or 0.05, not {text!r}")
    return number / 100.0 if match[2] else number


def _say_doubts(sides: tuple[Side, Side]) -> None:
    """Name files that cannot be used, and runs that have not ended."""
    from mlffbench.cli.unfinished import say_unfinished

    for side in dict.fromkeys(sides):
        for path, reason in list(side.set_aside.items())[:10]:
            say(f"set aside: {path}: {reason}; the others count", err=True)
        if side.method is None and Path(side.name).is_dir():
            say_unfinished(Path(side.name), side.results.documents)
