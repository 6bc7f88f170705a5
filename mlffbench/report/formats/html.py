"""report.html: one file with every table and figure, which needs no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from mlffbench.report.dataframes import provenance
from mlffbench.report.dataframes.case_sheet import case_sheet
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.families import family
from mlffbench.report.figures.critical_difference import critical_difference_plots
from mlffbench.report.figures.learning_curves import learning_plots
from mlffbench.report.figures.parity import (
    Frames as Structures,
)
from mlffbench.report.figures.parity import (
    Predictions,
    no_frames,
    parity_plots,
    shown_groups,
    structures,
)
from mlffbench.report.figures.style import Palette, palette_of
from mlffbench.report.formats.blocks import Block, section_blocks
from mlffbench.report.formats.measures import MEASURES, Measure, measures, words
from mlffbench.report.formats.pairs import VERDICTS, Pairs, pairs
from mlffbench.report.page.page import render_page
from mlffbench.report.problems import Method
from mlffbench.report.results import Results
from mlffbench.report.tables.over_problems import over_problems_tables
from mlffbench.report.tables.overview import unfinished_sentence, unfinished_table
from mlffbench.report.tables.reproduced import reproduced_tables
from mlffbench.report.tables.sections import Section, sections
from mlffbench.report.tables.table import Table
from mlffbench.report.verdict.board import Board
from mlffbench.report.verdict.over_problems import over_problems
from mlffbench.report.wording import HOW_TO_READ, MISSING

__all__ = ["render"]

# limits over all problems keep the file below 8 MB
ALL_POINTS, PANEL_POINTS, PANELS, ALL_ATOMS = 200_000, 2_000, 400, 80_000
ROWS, METHODS, FAILURES, RUNS = 3_000, 1_250, 200, 1_000  # of tables
SHEETS = 10_000  # of cases
PAIRS = 20_000  # of methods, compared with each other


def render(results: Results, predictions: Predictions, title: str, frames: Structures = no_frames) -> str:
    """The report as one HTML page.

    Parameters
    ----------
    results : Results
    predictions : callable
        Document id -> arrays of its npz file, or None if there is none.
    title : str
    frames : callable, optional
        Document id, test group and numbers of its frames -> these structures, or None if they are not at
        hand.
    """
    n_problems = max(len(results.problems), 1)
    content = _content(results, n_problems)
    methods = _methods(results)
    palette = palette_of(methods, {label: _family(method) for label, method in methods.items()})
    compared = [_parity(s, predictions, frames, palette, n_problems) for s in content]
    parts = [(s, section_blocks(s, palette, c.block)) for s, c in zip(content, compared, strict=True)]
    across = [*_across(results, palette), *_reproduced(results), *_learning(content, palette)]
    whole = Frames.from_results(results)
    boards = [Board(problem, whole.of_problem(problem.name)) for problem in results.problems]
    board = measures(results, boards, list(methods))
    comparisons = pairs(results, boards, list(methods), PAIRS // n_problems)
    packs = {f"figures-{p}": _figures(blocks) for p, (_, blocks) in enumerate(parts)}
    packs |= {f"frames-{p}": c.structures for p, c in enumerate(compared) if c.structures}
    packs |= {"figures-across": _figures(across), **_board(results, board, comparisons, list(methods))}
    return render_page(
        "formats/report.html",
        packs=packs,
        libraries=("plotly", "tables", "structures"),
        page_data={**_page_data(results, methods, palette), "rank": _first_measure(results, board)},
        page_title=title,
        title=title,
        palette=palette,
        sections=parts,
        across=across,
        comparisons=comparisons,
        **_first_screen(results, board, methods),
        **_provenance(results),
    )


def _content(results: Results, n_problems: int) -> list[Section]:
    """The sections, of many methods the best ones."""
    most = max(METHODS // n_problems, 3)
    longest = max((len(problem.methods) for problem in results.problems), default=0)
    chosen = sections(results, most) if longest > most else sections(results)  # the terminal's, made once
    return [_cut(s, n_problems) for s in chosen]


def _first_screen(results: Results, board: Sequence[Measure], methods: dict[str, Method]) -> dict[str, Any]:
    """Variables of the matrix and of its filters."""
    return {
        "unfinished": unfinished_sentence(results),
        "waiting": unfinished_table(results.unfinished[:RUNS]),
        "how_to_read": HOW_TO_READ,
        "measures": board,
        "places": {label: m for m, label in enumerate(methods)},
        "first": _first_matrix(results, board, methods),
        "elements": sorted({e for p in results.problems for e in p.first("dataset", "elements") or ()}),
        "families": list(dict.fromkeys(filter(None, map(_family, methods.values())))),
    }


def _provenance(results: Results) -> dict[str, Any]:
    runs = results.documents[:RUNS]
    return {
        "runs": provenance.runs(runs),
        "n_more_runs": len(results.documents) - len(runs),
        "packages": provenance.packages(results.documents),
    }


def _methods(results: Results) -> dict[str, Method]:
    """The first method of each label, in the order of appearance; last those without a case so far."""
    methods: dict[str, Method] = {}
    for _, method in results.methods():
        methods.setdefault(method.label, method)
    names = {problem.name for problem in results.problems}
    for case in results.unfinished:
        if case.problem in names:
            methods.setdefault(case.method, Method(case.method, (), ()))
    return methods


def _family(method: Method) -> str:
    """Family of a method; '' of one without a case."""
    return family(method) if method.done or method.failed else ""


def _page_data(results: Results, methods: dict[str, Method], palette: Palette) -> dict[str, Any]:
    """Names, families and colours of the methods, names and elements of the problems, for the scripts."""
    return {
        "methods": [
            {"label": label, "family": _family(method), "tuned": method.is_tuned, **palette[label]}
            for label, method in methods.items()
        ],
        "problems": [
            {"name": problem.name, "elements": list(problem.first("dataset", "elements") or ())}
            for problem in results.problems
        ],
    }


def _board(
    results: Results, board: Sequence[Measure], comparisons: Sequence[Pairs | None], labels: list[str]
) -> dict[str, Any]:
    """Numbers of the matrix, the cases behind them, and the paired comparisons."""
    rankings = [own.rankings if own else [] for own in comparisons]
    return {
        "board": {"measures": [m.to_json() for m in board], "words": words(results, labels)},
        "cases": _cases(results, labels),
        "pairs": {"verdicts": VERDICTS, "problems": rankings},
    }


def _first_measure(results: Results, board: Sequence[Measure]) -> str | None:
    """Measure that orders the matrix at first: the one asked for, if any method has it."""
    ids = [measure.id for measure in board]
    wanted = MEASURES.get(results.rank_by)
    return wanted if wanted in ids else next(iter(ids), None)


def _first_matrix(
    results: Results, board: Sequence[Measure], methods: dict[str, Method]
) -> list[tuple[str, list[str]]]:
    """Rows of the matrix as they stand in the file; the scripts fill in the other measures."""
    states = words(results, list(methods))
    rows = []
    for m, label in enumerate(methods):
        entries = [board[0].values[p][m] if board else None for p in range(len(states))]
        rows.append((label, [f"{e[0]:.3g}" if e else states[p][m] or MISSING for p, e in enumerate(entries)]))
    return rows


def _cases(results: Results, labels: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Sheets of the cases by problem and method: ``0.3`` is the fourth method on the first problem."""
    places, sheets = {label: m for m, label in enumerate(labels)}, {}
    n = 0
    for p, problem in enumerate(results.problems):
        for method in problem.methods:
            own = [*method.done, *method.failed]
            n += len(own)
            if n <= SHEETS:
                sheets[f"{p}.{places[method.label]}"] = [
                    {"title": f"seed {d['case'].get('seed')}", "facts": case_sheet(d)} for d in own
                ]
    return sheets


def _figures(blocks: Sequence[Block]) -> dict[str, Any]:
    return {plot.id: plot.figure.plain() for block in blocks for plot in block.plots}


def _cut(section: Section, n_problems: int) -> Section:
    """The section as the page has room for: some failures, the best rows of a long leaderboard."""
    rows, failures = max(ROWS // n_problems, 3), max(FAILURES // n_problems, 3)
    if section.n_left_out:
        boards = [
            _first(board, rows, len(section.problem.methods)) for board in section.blocks["leaderboard"]
        ]
        orders = [replace(t, rows=t.rows[:rows]) for t in section.blocks.get("merit", [])]
        blocks = {**section.blocks, "leaderboard": boards, "merit": orders}
        section = replace(section, blocks=blocks)
    n_more = max(0, len(section.failures) - failures)
    return replace(section, failures=section.failures[:failures], n_more_failures=n_more)


def _first(board: Table, rows: int, n_methods: int) -> Table:
    """The first rows of a leaderboard; `n_methods` have rows in the other tables."""
    caption = (
        f"{board.caption} {min(rows, len(board.rows))} of {len(board.rows)} rows; the other tables and "
        f"figures show the first {n_methods} methods. All are in leaderboard.csv."
    )
    return replace(board, rows=board.rows[:rows], caption=caption)


@dataclass(frozen=True)
class _Compared:
    """Stored predictions of a problem: the panels, and the structures behind their points."""

    block: Block
    structures: dict[str, dict[str, Any]]


def _parity(
    section: Section, predictions: Predictions, frames: Structures, palette: Palette, n_problems: int
) -> _Compared:
    """Panels by quantity and group, and a sentence on the predictions that are not stored."""
    problem = section.problem
    ids = {m.label: str(m.done[0].get("id")) for m in problem.methods if m.done}
    most = max(PANELS // (4 * n_problems), 1)  # a method has two groups and two quantities
    labels = [label for label in section.frames.leaderboard["method"] if label in ids][:most]
    stored = {label: predictions(ids[label]) for label in labels}
    arrays = {label: own for label, own in stored.items() if own is not None}
    points = min(PANEL_POINTS, ALL_POINTS // (4 * n_problems * max(len(labels), 1)))
    groups, atoms = shown_groups(problem, section.frames.errors), ALL_ATOMS // (2 * n_problems)
    panels = parity_plots(arrays, groups, palette, points, atoms)
    sentence = " ".join(_sentences(stored, len(panels), len(ids), points))
    shown = structures([ids[label] for label in arrays], arrays, groups, frames, atoms)
    return _Compared(Block("parity", "Parity", plots=panels, sentence=sentence), shown)


def _sentences(stored: Mapping[str, Any], n_panels: int, n_methods: int, points: int) -> Iterator[str]:
    absent = ", ".join(label for label, own in stored.items() if own is None)
    if absent:
        yield f"No stored predictions of {absent}: no parity plots."
    if n_panels and len(stored) < n_methods:
        yield f"The first {len(stored)} of {n_methods} methods."
    if n_panels:
        yield (
            f"First seed; at most {points:,} points a panel, the RMSE is of all points. Energies are per "
            "atom, less the group's mean reference energy; the line is perfect agreement. A click on a point "
            "opens its frame."
        )


def _across(results: Results, palette: Palette) -> list[Block]:
    """Mean ranks over the problems, their test and the robustness of the order, or why there are none."""
    if not results.problems:
        return []
    found = over_problems(results)
    plots = critical_difference_plots(found.ranking, palette)
    return [Block("across", "Across problems", over_problems_tables(found), plots, found.sentence)]


def _reproduced(results: Results) -> list[Block]:
    """Published errors beside those measured, of all problems."""
    tables = reproduced_tables(results)
    return [Block("reproduced", "Reproduced", tables)] if tables else []


def _learning(content: list[Section], palette: Palette) -> list[Block]:
    """Learning curves across the problems, the methods of each in the order of its leaderboard."""
    if not content:
        return []
    errors = pd.concat([section.frames.by_rank().errors for section in content])
    plots = learning_plots([section.problem for section in content], errors, palette)
    return [Block("learning", "Learning curves", plots=plots)] if plots else []
