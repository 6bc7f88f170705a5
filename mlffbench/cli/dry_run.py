"""Table of a dry run: state, time and memory of each case."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlffbench.cli.console import print_json, print_table, say

if TYPE_CHECKING:
    from mlffbench.harness.case import Case
    from mlffbench.harness.forecast import CaseForecast

__all__ = ["print_forecast", "print_forecast_json"]

WIDTH = 80
COLUMNS = ("state", "method", "data", "split", "seed", "time", "memory")
SAME, NUMBERS = ("split", "seed"), ("seed", "time", "memory")
OTHERS = {"failed": "failed earlier", "to extend": "lack something", "?": "of data that are not here"}
UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def print_forecast(forecasts: Sequence[CaseForecast]) -> None:
    """Print a row a case, then a sentence for each reason, and the expected time of the cases to run."""
    from mlffbench.harness.forecast import total_seconds

    columns, rows, words = _table(forecasts)
    print_table(columns, rows, words)
    for note in dict.fromkeys(_note(case) for case in forecasts if case.note):
        say(textwrap.fill(note, WIDTH, subsequent_indent="  ", break_long_words=False))
    seconds, unknown = total_seconds(forecasts)
    if seconds:
        others = f", without {unknown} of which nothing is known" if unknown else ""
        say(f"expected time of the cases to run, one after the other: {_time(seconds)}{others}")
    n = Counter(case.status for case in forecasts)
    if more := [f"{n[status]} {words}" for status, words in OTHERS.items() if n[status]]:
        say(", ".join(more))
    say(f"{len(forecasts)} cases, {n['to run']} to run")
    for line in _environments(forecasts):
        say(line)


def print_forecast_json(
    forecasts: Sequence[CaseForecast], suite: str, folder: Path, executor: Sequence[str] = ()
) -> None:
    """Print the same as one JSON document."""
    from mlffbench.harness.forecast import total_seconds

    seconds, unknown = total_seconds(forecasts)
    cases = [case.to_json() for case in forecasts]
    print_json(
        {
            "suite": suite,
            "folder": str(folder),
            "executor": list(executor),
            "counts": dict(Counter(case.status for case in forecasts)),
            "seconds": seconds,
            "of_unknown_time": unknown,
            "environments": _environments(forecasts),
            "cases": cases,
        }
    )


def _environments(forecasts: Sequence[CaseForecast]) -> list[str]:
    """Sentences on the environments of the cases to run and of those that get further tasks."""
    from mlffbench.system.python_environment import environment_sentences

    to_do = (case.state for case in forecasts if case.status in ("to run", "to extend"))
    return environment_sentences(state.case.environment for state in to_do)


def _table(forecasts: Sequence[CaseForecast]) -> tuple[list[str], list[list[str]], int]:
    """Columns, rows and number of columns of words, without the columns in which all cases are equal."""
    rows = [_row(case) for case in forecasts]
    kept = [k for k, name in enumerate(COLUMNS) if name not in SAME or len({row[k] for row in rows}) > 1]
    words = sum(COLUMNS[k] not in NUMBERS for k in kept)
    return [COLUMNS[k] for k in kept], [[row[k] for k in kept] for row in rows], words


def _row(case: CaseForecast) -> list[str]:
    own = case.state.case
    memory = "?" if case.memory_mb is None else f"{case.memory_mb:.0f} MB"
    return [
        case.status,
        own.label,
        data_name(own),
        own.split.name,
        str(own.seed),
        _time(case.seconds),
        memory,
    ]


def data_name(case: Case) -> str:
    """Name of a case's data: of the user's own, the file."""
    path = case.dataset.params.get("path")
    words = [str(value) for value in case.dataset.params.values() if isinstance(value, str)]
    return Path(path).name if isinstance(path, str) else " ".join([case.dataset.name, *words])


def _note(case: CaseForecast) -> str:
    own = case.state.case
    where = data_name(own) if case.status == "?" else f"{own.label} on {data_name(own)}"
    return f"{case.status}: {where}: {case.note}"


def _time(seconds: float | None) -> str:
    """Time in the largest unit of which there is one."""
    if seconds is None:
        return "?"
    for size, unit in UNITS:
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
