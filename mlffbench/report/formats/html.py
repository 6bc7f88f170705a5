"""report.html: one file with every table and figure, which needs no network."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pandas as pd

from mlffbench.report.dataframes import provenance
from mlffbench.report.figures.cost import cost_plots
from mlffbench.report.figures.learning_curves import learning_plots
from mlffbench.report.figures.parity import Predictions, parity_plots, shown_groups
from mlffbench.report.figures.style import Palette, Plot, palette_of
from mlffbench.report.figures.tasks import task_plots
from mlffbench.report.figures.transfer import profile_plots, training_plots, transfer_plots
from mlffbench.report.page.page import render_page
from mlffbench.report.results import Results
from mlffbench.report.tables.reproduced import reproduced_tables
from mlffbench.report.tables.sections import Section, sections
from mlffbench.report.tables.table import Table
from mlffbench.report.wording import HOW_TO_READ

__all__ = ["render"]

# limits over all problems keep the file below 8 MB, of which plotly.js has 5
ALL_POINTS, PANEL_POINTS, PANELS = 100_000, 2_000, 400
ROWS, METHODS, FAILURES, RUNS = 3_000, 250, 200, 2_000  # of tables


@dataclass(frozen=True)
class Block:
    """A heading, its tables and figures, a sentence and lines of code; the id names it in its section."""

    id: str
    title: str
    tables: list[Table] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    sentence: str = ""
    code: str = ""


def render(results: Results, predictions: Predictions, title: str) -> str:
    """The report as one HTML page.

    Parameters
    ----------
    results : Results
    predictions : callable
        Document id -> arrays of its npz file, or None if there is none.
    title : str
    """
    n_problems = max(len(results.problems), 1)
    most = max(METHODS // n_problems, 3)
    longest = max((len(problem.methods) for problem in results.problems), default=0)
    content = [_cut(s, n_problems) for s in sections(results, most if longest > most else None)]
    palette = palette_of(method.label for _, method in results.methods() if method.done)
    runs = results.documents[:RUNS]
    return render_page(
        "formats/report.html",
        page_title=title,
        title=title,
        how_to_read=HOW_TO_READ,
        palette=palette,
        sections=[(s, _blocks(s, predictions, palette, n_problems)) for s in content],
        learning=[*_learning(content, palette), *_reproduced(results)],
        runs=provenance.runs(runs),
        n_more_runs=len(results.documents) - len(runs),
        packages=provenance.packages(results.documents),
    )


def _cut(section: Section, n_problems: int) -> Section:
    """The section as the page has room for: some failures, the best rows of a long leaderboard."""
    rows, failures = max(ROWS // n_problems, 3), max(FAILURES // n_problems, 3)
    if section.n_left_out:
        boards = [
            _first(board, rows, len(section.problem.methods)) for board in section.blocks["leaderboard"]
        ]
        section = replace(section, blocks={**section.blocks, "leaderboard": boards})
    n_more = max(0, len(section.failures) - failures)
    return replace(section, failures=section.failures[:failures], n_more_failures=n_more)


def _first(board: Table, rows: int, n_methods: int) -> Table:
    """The first rows of a leaderboard; `n_methods` have rows in the other tables."""
    caption = (
        f"{board.caption} {min(rows, len(board.rows))} of {len(board.rows)} rows; the other tables and "
        f"figures show the first {n_methods} methods. All are in leaderboard.csv."
    )
    return replace(board, rows=board.rows[:rows], caption=caption)


def _blocks(section: Section, predictions: Predictions, palette: Palette, n_problems: int) -> list[Block]:
    """The blocks of a problem's section in reading order; blocks without content are left out."""
    problem, frames, tables = section.problem, section.frames, section.blocks
    blocks = [
        Block("leaderboard", "Leaderboard", tables["leaderboard"]),
        Block("cost", "Accuracy and cost", tables["cost"], cost_plots(problem, frames, palette)),
        Block("transfer", "Transfer", tables["transfer"], transfer_plots(problem, frames.errors, palette)),
        Block("profiles", "Energy profiles", tables["profiles"], profile_plots(problem, palette)),
        Block("tasks", "Tasks", tables["tasks"]),
        Block("curves", "Curves of the tasks", plots=task_plots(problem, palette)),
        Block("skipped", "Skipped", tables["skipped"]),
        Block("models", "Use a model", tables["models"], code="\n".join(section.usage)),
        *_parity(section, predictions, palette, n_problems),
        Block("training", "Training curves", plots=training_plots(problem, palette)),
    ]
    return [block for block in blocks if block.tables or block.plots or block.sentence]


def _parity(section: Section, predictions: Predictions, palette: Palette, n_problems: int) -> list[Block]:
    """Panels by quantity and group, and a sentence on the predictions that are not stored."""
    problem, frames = section.problem, section.frames
    ids = {m.label: str(m.done[0].get("id")) for m in problem.methods if m.done}
    most = max(PANELS // (4 * n_problems), 1)  # a method has two groups and two quantities
    labels = [label for label in frames.leaderboard["method"] if label in ids][:most]
    stored = {label: predictions(ids[label]) for label in labels}
    arrays = {label: own for label, own in stored.items() if own is not None}
    points = min(PANEL_POINTS, ALL_POINTS // (4 * n_problems * max(len(labels), 1)))
    panels = parity_plots(arrays, shown_groups(problem, frames.errors), palette, points)
    absent = ", ".join(label for label in stored if label not in arrays)
    sentences = [f"No stored predictions of {absent}: no parity plots."] if absent else []
    if not panels:
        return [Block("parity", "Parity", sentence=" ".join(sentences))]
    if len(labels) < len(ids):
        sentences.append(f"The first {len(labels)} of {len(ids)} methods.")
    sentences.append(
        f"First seed; at most {points:,} points a panel, the RMSE is of all points. Energies are per atom, "
        "less the group's mean reference energy; the line is perfect agreement."
    )
    blocks = [
        Block(f"parity-{i}", f"Parity: {heading[0].lower()}{heading[1:]}", plots=plots)
        for i, (heading, plots) in enumerate(panels.items(), start=1)
    ]
    return [replace(blocks[0], sentence=" ".join(sentences)), *blocks[1:]]


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
