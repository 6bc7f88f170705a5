"""leaderboard.md: the report as text that a repository's web page shows well."""

from __future__ import annotations

import re

from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.results import Results
from mlffbench.report.tables.over_problems import over_problems_tables
from mlffbench.report.tables.overview import matrix_table, unfinished_sentence, unfinished_table
from mlffbench.report.tables.reproduced import reproduced_tables
from mlffbench.report.tables.sections import Section, sections
from mlffbench.report.tables.table import Row, Table
from mlffbench.report.verdict.matrix import matrix
from mlffbench.report.verdict.over_problems import over_problems
from mlffbench.report.wording import HOW_TO_READ, MISSING

__all__ = ["render", "safe", "table_text"]

MARKS = re.compile(  # characters of Markdown; an underscore inside a word and a lone colon are none
    r"[\\`*~$|\[]|(?<![^\W_])_|_(?![^\W_])|:(?=[\w+-]+:)|#+$"
)


def render(results: Results, title: str) -> str:
    """The report as markdown."""
    body = [part for section in sections(results) for part in _section(section)]
    body = [*_overview(results), *body, *_across(results)]
    if again := reproduced_tables(results):
        body += ["## Reproduced", *map(table_text, again)]
    how_to_read = f"## How to read this\n\n{' '.join(HOW_TO_READ)}"
    return "\n\n".join([f"# {safe(title)}", *(body or ["No case has been run yet."]), how_to_read]) + "\n"


def _overview(results: Results) -> list[str]:
    """Matrix of methods and problems, if there are several, and the cases that run or wait."""
    parts = []
    if results.unfinished:
        parts += [
            f"**{safe(unfinished_sentence(results))}**",
            table_text(unfinished_table(results.unfinished)),
        ]
    if len(results.problems) > 1:
        parts.append(table_text(matrix_table(matrix(results, Frames.from_results(results)))))
    return parts


def _across(results: Results) -> list[str]:
    """Mean ranks over the problems, or why there are none."""
    if not results.problems:
        return []
    found = over_problems(results)
    return ["## Across problems", safe(found.sentence), *map(table_text, over_problems_tables(found))]


def _section(section: Section) -> list[str]:
    rows = "\n".join(f"* {name}: {safe(text)}" for name, text in section.facts)
    doubts = [f"**Careful:** {safe(sentence)}" for sentence in section.problem.doubts]
    parts = [
        f"## {safe(section.problem.name)}",
        f"**Verdict.** {safe(section.verdict)}",
        f"### What was run\n\n{rows}",
        *doubts,
        *map(table_text, section.tables),
    ]
    if section.usage:
        code = "\n".join(section.usage)
        parts.append(f"In the results folder, with the best of them:\n\n```python\n{code}\n```")
    if section.failures:
        parts.append("### Failures\n\n" + "\n".join(_failure(**row) for row in section.failures))
    return parts


def table_text(table: Table) -> str:
    """A table under its title, with its caption."""
    head = [safe(f"{name} ({unit})" if unit else name) for name, unit, *_ in table.columns]
    rule = ["---" if i < table.words else "---:" for i in range(len(head))]
    rows = [head, rule, *(_texts(row, table.words) for row in table.rows)]
    lines = "\n".join("| " + " | ".join(cells) + " |" for cells in rows)
    return f"### {safe(table.title)}\n\n{lines}" + (f"\n\n{safe(table.caption)}" if table.caption else "")


def _texts(row: Row, words: int) -> list[str]:
    """Texts of the cells; a failed method has its failure in the first column of numbers, else dashes."""
    texts = [safe(cell.text) for cell in row.cells]
    if row.failure is None:
        return texts
    kind, message = row.failure
    failure = f"**{safe(kind)}**: {safe(_first_line(message))}"
    return [*texts[:words], failure, *[MISSING] * (len(texts) - words - 1)]


def _failure(method: str, seed: object, kind: str, message: str, **_: object) -> str:
    return f"* {safe(method)}, seed {seed}: **{safe(kind)}**. {safe(_first_line(message))}"


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")


def safe(text: str) -> str:
    """Escape text, so that it is shown as it is: no table is broken, nothing is HTML, emphasis or formula."""
    plain = MARKS.sub(r"\\\g<0>", " ".join(text.split()))
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
