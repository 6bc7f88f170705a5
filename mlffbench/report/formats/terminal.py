"""The report in a terminal: a table wider than the terminal is split by columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.results import Results
from mlffbench.report.tables.overview import matrix_table, unfinished_sentence, unfinished_table
from mlffbench.report.tables.reproduced import reproduced_tables
from mlffbench.report.tables.sections import Section, sections
from mlffbench.report.tables.table import Row, Table
from mlffbench.report.verdict.matrix import matrix
from mlffbench.report.verdict.over_problems import over_problems
from mlffbench.report.wording import MISSING

__all__ = ["render", "render_tables"]

ROWS = 50  # of a table
PROBLEMS = 10  # with tables of their own
GAP = 2  # one space of padding, one of the box


def render(results: Results, width: int = 80) -> Group:
    """The report as something that a `rich.console.Console` prints.

    Parameters
    ----------
    results : Results
    width : int
        Columns of the terminal; a wider table is continued below with its first column repeated.
    """
    shown, more = sections(results)[:PROBLEMS], sections(results)[PROBLEMS:]
    parts = [part for section in shown for part in _section(section, width)]
    if more:
        parts += [Text(f"and {len(more)} more problems: see leaderboard.md or report.html", "dim"), Text()]
    if again := reproduced_tables(results):
        parts += [Text("Reproduced", style="bold cyan"), *_tables(again, width), Text()]
    parts += _overview(results, width)
    return Group(*(parts or [Text("No case has been run yet.")]))


def _overview(results: Results, width: int) -> Iterator[RenderableType]:
    """Matrix of methods and problems, if there are several, and the cases that run or wait."""
    if len(results.problems) > 1:
        yield from _tables([matrix_table(matrix(results, Frames.from_results(results)))], width)
        yield Text(f"\n{over_problems(results).sentence}")
    if results.unfinished:
        yield from _tables([unfinished_table(results.unfinished)], width)
        yield Text(unfinished_sentence(results), style="bold yellow")


def _section(section: Section, width: int) -> Iterator[RenderableType]:
    yield Text(section.problem.name, style="bold cyan")
    shown = ("training frames", "test groups", "seeds")
    yield Text("\n".join(f"{name}: {text}" for name, text in section.facts if name in shown), style="dim")
    for sentence in section.problem.doubts:
        yield Text(f"Careful: {sentence}", style="yellow")
    shown_tables = [t for t in section.tables if t.id != "models"]  # 'mlffbench model' lists
    yield from _tables(shown_tables, width)
    if details := sum(t.detail and t.id != "merit" for t in section.tables):
        yield Text(f"\n{details} tables of tasks: see leaderboard.md or report.html", style="dim")
    if section.failures:
        yield Text("\nFailures", style="bold red")
    for failure in section.failures:
        first = next(iter(failure["message"].strip().splitlines()), "")
        yield Padding(
            Text(f"{failure['method']}, seed {failure['seed']}: {failure['kind']}. {first}"), (0, 0, 0, 1)
        )
    yield Text("\nVerdict", style="bold")
    yield Text(section.verdict)
    yield Text()


def render_tables(tables: Iterable[Table], width: int = 80) -> Group:
    """Tables, those of details too, as something that a `rich.console.Console` prints."""
    return Group(*_tables([replace(table, detail=False) for table in tables], width))


def _tables(tables: Iterable[Table], width: int) -> Iterator[RenderableType]:
    """Tables with titles and captions, without those of details."""
    for table in (t for t in tables if not t.detail):
        yield Text(f"\n{table.title}", style="bold")
        for part in _parts(replace(table, rows=table.rows[:ROWS]), width):
            yield _rich(part)
        if len(table.rows) > ROWS:
            yield Text(f"and {len(table.rows) - ROWS} more rows: see leaderboard.md or report.html", "dim")
        yield Text(table.caption, style="dim")


def _parts(table: Table, width: int) -> Iterator[Table]:
    """Cut a table into tables that fit the width; the columns of words are repeated in each."""
    sizes = [_size(table, i) + GAP for i in range(len(table.columns))]
    fixed = list(range(table.words))
    chunk: list[int] = []
    for i in range(table.words, len(sizes)):
        if chunk and sum(sizes[j] for j in [*fixed, *chunk, i]) - GAP > width:
            yield _columns(table, [*fixed, *chunk])
            chunk = []
        chunk.append(i)
    yield _columns(table, [*fixed, *chunk])


def _size(table: Table, i: int) -> int:
    """The width of a column."""
    return max(*map(len, table.columns[i][:2]), *(len(_texts(row, table.words)[i]) for row in table.rows))


def _columns(table: Table, picks: list[int]) -> Table:
    """The table with these columns only."""
    rows = [Row([row.cells[i] for i in picks], row.failure) for row in table.rows]
    return replace(table, columns=[table.columns[i] for i in picks], rows=rows)


def _texts(row: Row, words: int) -> list[str]:
    """Texts of the cells; a failed method has "failed" and dashes, its kind and message stand below."""
    texts = [cell.text for cell in row.cells]
    if row.failure is None:
        return texts
    return [*texts[:words], "failed", *[MISSING] * (len(texts) - words - 1)]


def _rich(table: Table) -> RichTable:
    rich_table = RichTable(box=box.SIMPLE_HEAD, padding=(0, GAP - 1, 0, 0), pad_edge=False, show_edge=False)
    for i, (name, unit, *_) in enumerate(table.columns):
        numeric = i >= table.words
        rich_table.add_column(
            Text(f"{name}\n{unit}"), justify="right" if numeric else "left", no_wrap=numeric
        )
    for row in table.rows:
        rich_table.add_row(
            *(Text(text) for text in _texts(row, table.words)), style="red" if row.failure else ""
        )
    return rich_table
