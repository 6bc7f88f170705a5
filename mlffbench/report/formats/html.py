"""report.html: one file with every table and figure, which needs no network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import resources

import pandas as pd
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from mlffbench.report.dataframes import leaderboard, provenance
from mlffbench.report.figures.cost import cost_plots
from mlffbench.report.figures.learning_curves import learning_plots
from mlffbench.report.figures.parity import Predictions, parity_plots, shown_groups
from mlffbench.report.figures.style import Look, Plot, palette
from mlffbench.report.figures.tasks import task_plots
from mlffbench.report.figures.transfer import profile_plots, training_plots, transfer_plots
from mlffbench.report.results import Document, Problem
from mlffbench.report.tables.sections import Section, sections
from mlffbench.report.tables.table import Table
from mlffbench.report.wording import HOW_TO_READ

__all__ = ["render"]

ALL_POINTS, PANEL_POINTS = 150_000, 2_000  # keep the file below 8 MB, of which plotly.js has 5


@dataclass(frozen=True)
class Block:
    """A heading, its tables and figures, and a sentence."""

    title: str
    tables: list[Table]
    plots: list[Plot]
    sentence: str = ""


def render(documents: Iterable[Document], predictions: Predictions, title: str) -> str:
    """The report as one HTML page.

    Parameters
    ----------
    documents : iterable of dict
        Outcome documents.
    predictions : callable
        Document id -> arrays of its npz file, or None where there is none.
    title : str
    """
    documents = list(documents)
    found = sections(documents)
    look = palette(m.label for s in found for m in s.problem.methods if m.done)
    frames = {"board": leaderboard.leaderboard(documents), "moved": leaderboard.transfer(documents)}
    learning = learning_plots([s.problem for s in found], frames["board"], look)
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["figure_json"] = _figure_json
    template = environment.from_string(
        resources.files("mlffbench.report.formats").joinpath("template.html").read_text("utf-8")
    )
    return template.render(
        title=title,
        how_to_read=HOW_TO_READ,
        look=look,
        sections=[(s, _blocks(s, frames, predictions, look, _points(found))) for s in found],
        learning=[Block("Learning curves", [], learning)] if learning else [],
        runs=provenance.runs(documents),
        packages=provenance.packages(documents),
        plotly=Markup(get_plotlyjs()),
    )


def _points(found: list[Section]) -> int:
    """The points that a parity panel may have: two groups and two quantities a method."""
    panels = 4 * sum(len(s.problem.methods) for s in found)
    return min(PANEL_POINTS, ALL_POINTS // max(panels, 1))


def _blocks(
    section: Section, frames: dict[str, pd.DataFrame], predictions: Predictions, look: Look, points: int
) -> list[Block]:
    """What a problem's section shows, in order; blocks without content left out."""
    problem = section.problem
    board, moved = (f[f["problem"] == problem.name] for f in (frames["board"], frames["moved"]))
    by_title = {table.title: table for table in section.tables}
    take = lambda *titles: [by_title[t] for t in titles if t in by_title]
    blocks = [
        Block("Leaderboard", take("Leaderboard"), []),
        Block("Accuracy and cost", take("Cost"), cost_plots(problem, board, look)),
        Block("Transfer", [t for t in section.tables if "by test group" in t.title],
              transfer_plots(problem, moved, look)),
        Block("Energy profiles", take("Energy profiles"), profile_plots(problem, look)),
        Block("Tasks", [t for t in section.tables if t.title.startswith("Task")], []),
        Block("Curves of the tasks", [], task_plots(problem, look)),
        Block("Skipped", take("Skipped"), []),
        *_parity(problem, board, moved, predictions, look, points),
        Block("Training curves", [], training_plots(problem, look)),
    ]  # fmt: skip
    return [b for b in blocks if b.tables or b.plots or b.sentence]


def _parity(
    problem: Problem,
    board: pd.DataFrame,
    moved: pd.DataFrame,
    predictions: Predictions,
    look: Look,
    points: int,
) -> list[Block]:
    """Panels by quantity and group, and a sentence on the predictions that are not there."""
    ids = {m.label: str(m.done[0].get("id")) for m in problem.methods if m.done}
    stored = {label: predictions(ids[label]) for label in board["method"] if label in ids}
    there = {label: arrays for label, arrays in stored.items() if arrays is not None}
    found = parity_plots(there, shown_groups(problem, moved), look, points)
    absent = ", ".join(label for label in stored if label not in there)
    sentences = [f"No stored predictions of {absent}: no parity plots."] if absent else []
    if not found:
        return [Block("Parity", [], [], " ".join(sentences))]
    sentences.append(
        f"First seed; at most {points:,} points a panel, the RMSE is of all points. Energies are per atom, "
        "less the group's mean reference energy; the line is perfect agreement."
    )
    blocks = [Block(f"Parity: {name[0].lower()}{name[1:]}", [], plots) for name, plots in found.items()]
    return [replace(blocks[0], sentence=" ".join(sentences)), *blocks[1:]]


def _figure_json(plot: Plot) -> Markup:
    """The figure for plotly.js, safe inside a script element: no < can end it."""
    return Markup(str(plot.figure.to_json()).replace("<", "\\u003c"))
