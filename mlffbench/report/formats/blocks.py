"""Parts of a problem's section of the page: a heading, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlffbench.report.figures.cost import cost_plots
from mlffbench.report.figures.style import Palette, Plot
from mlffbench.report.figures.tasks import task_plots
from mlffbench.report.figures.transfer import profile_plots, training_plots, transfer_plots
from mlffbench.report.tables.sections import Section
from mlffbench.report.tables.table import Table

__all__ = ["Block", "section_blocks"]


SUMMARY = "summary"


@dataclass(frozen=True)
class Block:
    """A heading, its tables and figures, a sentence and lines of code; the id names it in its section."""

    id: str
    title: str
    tables: list[Table] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    sentence: str = ""
    code: str = ""

    @property
    def filled(self) -> bool:
        """True if there is anything to show."""
        return bool(self.tables or self.plots or self.sentence)


def section_blocks(section: Section, palette: Palette, parity: Block) -> list[Block]:
    """The blocks of a problem's section in reading order; blocks without content are left out.

    Parameters
    ----------
    parity : Block
        Comparison of predictions with labels.
    """
    problem, frames, tables = section.problem, section.frames, section.blocks
    blocks = [
        Block("leaderboard", "Leaderboard", tables["leaderboard"]),
        Block("merit", "Orders of merit", tables.get("merit", [])),
        Block("cost", "Accuracy and cost", tables["cost"], cost_plots(problem, frames, palette)),
        Block("transfer", "Transfer", tables["transfer"], transfer_plots(problem, frames.errors, palette)),
        Block("profiles", "Energy profiles", tables["profiles"], profile_plots(problem, palette)),
        *_tasks(tables["tasks"], task_plots(problem, palette)),
        Block("skipped", "Skipped", tables["skipped"]),
        parity,
        Block("training", "Training curves", plots=training_plots(problem, palette)),
        Block("models", "Use a model", tables["models"], code="\n".join(section.usage)),
    ]
    return [block for block in blocks if block.filled]


def _tasks(tables: list[Table], plots: list[Plot]) -> list[Block]:
    """A block for each task, with its tables and its curves."""
    own_tables: dict[str, list[Table]] = {}
    own_plots: dict[str, list[Plot]] = {}
    for table in tables:
        own_tables.setdefault(_task(table.id), []).append(table)
    for plot in plots:
        own_plots.setdefault(_task(plot.id), []).append(plot)
    names = dict.fromkeys([*own_tables, *own_plots])
    return [Block(*_named(name), own_tables.get(name, []), own_plots.get(name, [])) for name in names]


def _named(task: str) -> tuple[str, str]:
    """Id and title of a task's block; the summary of all tasks looks like one."""
    if task == SUMMARY:
        return "passed", "Tasks passed"
    return (f"task-{task}", f"Task {task}".replace("_", " ")) if task else ("tasks", "Other numbers")


def _task(id: str) -> str:
    """The task's name in an id such as ``tasks/md(temperatures=[300])/survival``, without keywords."""
    return id.split("/")[1].partition("(")[0]
