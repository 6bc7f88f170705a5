"""Sections of a report, one a problem: the tables that the terminal, markdown and HTML show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any

from mlffbench.report.conditions import timed_apart
from mlffbench.report.dataframes import provenance
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.problems import Problem
from mlffbench.report.results import Results
from mlffbench.report.tables.kept_models import kept_models_table, usage
from mlffbench.report.tables.leaderboard import leaderboard_tables, with_places
from mlffbench.report.tables.overview import merit_table, summary_table
from mlffbench.report.tables.profiles_and_costs import circumstances_table, cost_table, profile_table
from mlffbench.report.tables.speed import other_tasks, speed_tables
from mlffbench.report.tables.table import Table, records
from mlffbench.report.tables.tasks import skipped_table, task_tables
from mlffbench.report.tables.transfer import transfer_tables
from mlffbench.report.verdict.merit import Merit, summary_and_orders
from mlffbench.report.verdict.orders import DEFAULT
from mlffbench.report.verdict.sentences import divided, verdict

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
    n_left_out : int
        Methods of the problem that have no row in any table but the leaderboard.
    n_more_failures : int
        Failures that are not among `failures`.
    usage : tuple of str
        Lines of Python that use the best kept model; none where no model was kept.
    verdict : str
        Paragraph on the method to use, see `mlffbench.report.verdict`.
    """

    problem: Problem
    frames: Frames
    facts: list[tuple[str, str]]
    blocks: dict[str, list[Table]]
    failures: list[dict[str, Any]] = field(default_factory=list)
    n_left_out: int = 0
    n_more_failures: int = 0
    usage: tuple[str, ...] = ()
    verdict: str = ""

    @property
    def verdict_parts(self) -> tuple[str, str]:
        """The first sentence of the verdict, and the rest."""
        return divided(self.verdict)

    @property
    def tables(self) -> list[Table]:
        """The tables of all blocks."""
        return [table for tables in self.blocks.values() for table in tables]


@lru_cache(maxsize=1)
def sections(results: Results, most: int | None = None) -> list[Section]:
    """One section a problem; `most` methods of each beside the leaderboard, the best ones, if it is given."""
    frames = Frames.from_results(results)
    chosen = partial(_section, most=most, rank_by=results.rank_by)
    return [chosen(problem, frames.of_problem(problem.name)) for problem in results.problems]


def _section(problem: Problem, frames: Frames, most: int | None, rank_by: str) -> Section:
    words, facts = verdict(problem, frames), provenance.problem_facts(problem)
    summary, orders = summary_and_orders(problem, frames)
    leaderboards, frames = _chosen_order(leaderboard_tables(problem, frames), frames, orders, rank_by)
    best = list(frames.leaderboard["method"][:most])
    n_left_out = len(problem.methods) - len(best)
    if n_left_out:
        frames = frames.of_methods(best)
        problem = replace(problem, methods=tuple(m for m in problem.methods if m.label in best))
    by_rank, apart = frames.by_rank(), timed_apart(problem)
    of_tasks = task_tables(other_tasks(by_rank.tasks), problem.other_level is not None)
    blocks = {
        "leaderboard": leaderboards,
        "merit": [merit_table(orders)],
        "transfer": transfer_tables(problem, by_rank.errors, by_rank.training),
        "profiles": [profile_table(by_rank.profiles)],
        "cost": [cost_table(by_rank.costs, apart), circumstances_table(by_rank.costs)],
        "tasks": [summary_table(summary), *speed_tables(by_rank.tasks, apart), *of_tasks],
        "models": [kept_models_table(problem, list(frames.leaderboard["method"]))],
        "skipped": [skipped_table(by_rank.skipped, len(problem.methods))],
    }
    filled = {id: [table for table in tables if table.rows] for id, tables in blocks.items()}
    lines, failed = usage(filled["models"]), records(frames.failures)
    return Section(problem, frames, facts, filled, failed, n_left_out, usage=lines, verdict=words)


def _chosen_order(
    leaderboards: list[Table], frames: Frames, orders: Mapping[str, Sequence[Merit]], rank_by: str
) -> tuple[list[Table], Frames]:
    """Leaderboards and frames, rows in the order that was asked for, with the places in it."""
    if rank_by in ("", DEFAULT):
        return leaderboards, frames
    order = orders.get(rank_by, ())
    tables = [with_places(table, rank_by, order) for table in leaderboards]
    return tables, frames.in_order([merit.method for merit in order])
