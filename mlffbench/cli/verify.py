"""Command ``mlffbench verify``: results of others, computed again as far as no fit is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlffbench.cli.console import print_json, refusals, say, stop
from mlffbench.cli.data.arguments import Json

if TYPE_CHECKING:
    from mlffbench.harness.submissions.refusal import Refusal

__all__ = ["verify"]

N_NAMED = 3  # entries of one reason

Place = Annotated[
    Path,
    typer.Argument(
        metavar="ARCHIVE|FOLDER", help="What 'submit' wrote, or a results folder.", show_default=False
    ),
]
SuiteFile = Annotated[
    Path | None,
    typer.Option(help="The suite that the results must be of.", show_default="the one beside them"),
]
NoFetch = Annotated[bool, typer.Option("--no-fetch", help="Download no public data.")]


def verify(place: Place, suite: SuiteFile = None, no_fetch: NoFetch = False, json_: Json = False) -> None:
    """Check results against their predictions, data, splits and suite; exit code 1 if any is refused."""
    from mlffbench.harness.submissions.verification import verify as verification

    with refusals():
        for given in filter(None, (place, suite)):
            if not given.exists():
                stop(f"there is no {given}")
        result = verification(place, suite, fetch=not no_fetch)
    if json_:
        refused = [vars(refusal) for refusal in result.refusals]
        print_json({**vars(result), "place": str(place), "holds": result.holds, "refusals": refused})
    else:
        for line in _lines(result.refusals):
            say(line)
        for doubt in result.doubts:
            say(f"careful: {doubt}", err=True)
        failed = f", {result.failed} of them failed" if result.failed else ""
        say(f"{place}: {result.cases} cases{failed}; {_verdict(result.refusals)}")
    if not result.holds:
        raise typer.Exit(1)


def _lines(refused: Iterable[Refusal]) -> Iterator[str]:
    """A line for every reason, with the first entries that it is true of."""
    entries: dict[tuple[str, str], list[str]] = {}
    for refusal in refused:
        entries.setdefault((refusal.check, refusal.reason), []).append(refusal.entry)
    for (check, reason), names in entries.items():
        more = f" and {len(names) - N_NAMED} others" if len(names) > N_NAMED else ""
        yield f"refused ({check}): {', '.join(names[:N_NAMED])}{more}: {reason}"


def _verdict(refused: list[Refusal]) -> str:
    if not refused:
        return "all that can be computed again without a fit was, and holds"
    return f"refused: {len({refusal.entry for refusal in refused})} entries for {len(refused)} reasons"
