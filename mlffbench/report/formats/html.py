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
from mlffbench.report.tables.sections import Section, sections
from mlffbench.report.tables.table import Table
from mlffbench.report.wording import HOW_TO_READ

__all__ = ["render"]

ALL_POINTS, PANEL_POINTS = 150_000, 2_000  # keep the file below 8 MB, of which plotly.js has 5


@dataclass(frozen=True)
class Block:
    """A heading, its tables and figures, and a sentence; the id names it within its section."""

    id: str
    title: str
    tables: list[Table] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    sentence: str = ""


def render(results: Results, predictions: Predictions, title: str) -> str:
    """The report as one HTML page.

    Parameters
    ----------
    results : Results
    predictions : callable
        Document id -> arrays of its npz file, or None if there is none.
    title : str
    """
    palette = palette_of(method.label for _, method in results.methods() if method.done)
    content = sections(results)
    return render_page(
        "formats/report.html",
        page_title=title,
        title=title,
        how_to_read=HOW_TO_READ,
        palette=palette,
        sections=[(s, _blocks(s, predictions, palette, _points(results))) for s in content],
        learning=_learning(content, palette),
        runs=provenance.runs(results.documents),
        packages=provenance.packages(results.documents),
    )


def _points(results: Results) -> int:
    """The most points of a parity panel: a method has two groups and two quantities."""
    panels = 4 * sum(1 for _ in results.methods())
    return min(PANEL_POINTS, ALL_POINTS // max(panels, 1))


def _blocks(section: Section, predictions: Predictions, palette: Palette, points: int) -> list[Block]:
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
        *_parity(section, predictions, palette, points),
        Block("training", "Training curves", plots=training_plots(problem, palette)),
    ]
    return [block for block in blocks if block.tables or block.plots or block.sentence]


def _parity(section: Section, predictions: Predictions, palette: Palette, points: int) -> list[Block]:
    """Panels by quantity and group, and a sentence on the predictions that are not stored."""
    problem, frames = section.problem, section.frames
    ids = {m.label: str(m.done[0].get("id")) for m in problem.methods if m.done}
    stored = {label: predictions(ids[label]) for label in frames.leaderboard["method"] if label in ids}
    arrays = {label: own for label, own in stored.items() if own is not None}
    panels = parity_plots(arrays, shown_groups(problem, frames.errors), palette, points)
    absent = ", ".join(label for label in stored if label not in arrays)
    sentences = [f"No stored predictions of {absent}: no parity plots."] if absent else []
    if not panels:
        return [Block("parity", "Parity", sentence=" ".join(sentences))]
    sentences.append(
        f"First seed; at most {points:,} points a panel, the RMSE is of all points. Energies are per atom, "
        "less the group's mean reference energy; the line is perfect agreement."
    )
    blocks = [
        Block(f"parity-{i}", f"Parity: {heading[0].lower()}{heading[1:]}", plots=plots)
        for i, (heading, plots) in enumerate(panels.items(), start=1)
    ]
    return [replace(blocks[0], sentence=" ".join(sentences)), *blocks[1:]]


def _learning(content: list[Section], palette: Palette) -> list[Block]:
    """Learning curves across the problems, the methods of each in the order of its leaderboard."""
    if not content:
        return []
    errors = pd.concat([section.frames.by_rank().errors for section in content])
    plots = learning_plots([section.problem for section in content], errors, palette)
    return [Block("learning", "Learning curves", plots=plots)] if plots else []
