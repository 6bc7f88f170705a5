"""Sections of a report, one a problem: the tables that the terminal, markdown and HTML show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mlffbench.report.dataframes import provenance
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.problems import Problem
from mlffbench.report.results import Results
from mlffbench.report.tables.leaderboard import leaderboard_table
from mlffbench.report.tables.profiles_and_costs import cost_table, profile_table
from mlffbench.report.tables.table import Table, records
from mlffbench.report.tables.tasks import skipped_table, task_tables
from mlffbench.report.tables.transfer import transfer_tables

__all__ = ["Section", "sections"]


@dataclass(frozen=True)
class Section:
    """Facts, tables and failures of one problem, and the data frames behind them.

    Attributes
    ----------
    problem : Problem
    frames : Frames
        Of this problem.
    facts : list of (name, text)
    blocks : dict of str to list of Table
        The tables by the id of the block that they belong to, in reading order; none is without rows.
    failures : list of dict
    """

    problem: Problem
    frames: Frames
    facts: list[tuple[str, str]]
    blocks: dict[str, list[Table]]
    failures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def tables(self) -> list[Table]:
        """The tables of all blocks."""
        return [table for tables in self.blocks.values() for table in tables]


def sections(results: Results) -> list[Section]:
    """One section a problem."""
    frames = Frames.from_results(results)
    return [_section(problem, frames.of_problem(problem.name)) for problem in results.problems]


def _section(problem: Problem, frames: Frames) -> Section:
    by_rank = frames.by_rank()
    blocks = {
        "leaderboard": [leaderboard_table(problem, frames)],
        "transfer": transfer_tables(problem, by_rank.errors),
        "profiles": [profile_table(by_rank.profiles)],
        "cost": [cost_table(by_rank.costs)],
        "tasks": task_tables(by_rank.tasks),
        "skipped": [skipped_table(by_rank.skipped, len(problem.methods))],
    }
    filled = {id: [table for table in tables if table.rows] for id, tables in blocks.items()}
    facts = provenance.problem_facts(problem)
    return Section(problem, frames, facts, filled, records(frames.failures))
