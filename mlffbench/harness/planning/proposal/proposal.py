"""Proposal of a suite for a dataset: split, methods and tasks that fit the problem and the budget."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mlffbench.data import Dataset, Spec
from mlffbench.harness.planning.plan import Suite
from mlffbench.harness.planning.proposal.budget import minutes, seconds
from mlffbench.harness.planning.proposal.candidates import Candidate
from mlffbench.harness.planning.proposal.cost import START, Workload
from mlffbench.harness.planning.proposal.data_limits import data_limits
from mlffbench.harness.planning.proposal.method_choice import (
    Methods,
    choose_methods,
    named_candidates,
    usable_candidates,
)
from mlffbench.harness.planning.proposal.problem_kind import ProblemKind, problem_kind
from mlffbench.harness.planning.proposal.split_choice import SplitChoice, choose_split
from mlffbench.harness.planning.proposal.suite_text import suite_text
from mlffbench.harness.planning.proposal.task_choice import ProposedTask, choose_tasks
from mlffbench.system.yaml_text import read_yaml

__all__ = ["Proposal", "propose", "suite_name"]

DEFAULT, QUICK = "30m", "90s"
LEAST_FRAMES, FEW_FRAMES = 10, 50
SPARE = 0.9  # of the budget that is planned
LEAST_LIMIT = 60  # seconds


@dataclass(frozen=True)
class Proposal:
    """A suite, its text with comments, and the choices behind it.

    Attributes
    ----------
    suite : Suite
    text : str
        YAML of the suite.
    problem : ProblemKind
    split : SplitChoice
    methods : Methods
    tasks : tuple of ProposedTask
    budget : str
    reasons : tuple of (str, str)
        A word and a sentence for each choice, as a command prints them.
    """

    suite: Suite
    text: str
    problem: ProblemKind
    split: SplitChoice
    methods: Methods
    tasks: tuple[ProposedTask, ...]
    budget: str
    reasons: tuple[tuple[str, str], ...]


def propose(
    dataset: Dataset,
    spec: Spec,
    budget: str | float | None = None,
    only: Sequence[str] = (),
    quick: bool = False,
) -> Proposal:
    """Propose a suite for a dataset.

    Parameters
    ----------
    dataset : Dataset
        Loaded and admitted.
    spec : Spec
        The dataset as the suite names it: ``Spec("path", {"path": "my_data.extxyz"})``.
    budget : str, optional
        Time that the whole run may take, ``90s``, ``30m`` or ``2h``; by default 30 minutes.
    only : sequence of str, optional
        Names of the methods; by default those that suit the problem.
    quick : bool
        Fewer methods and tasks, by default in 90 seconds.

    Raises
    ------
    ValueError
        Fewer than ten frames, or a budget that nothing fits into.
    LookupError
        A name in `only` is no estimator.
    """
    if len(dataset) < LEAST_FRAMES:
        raise ValueError(
            f"{dataset.name} has {len(dataset)} frames, too few to train and test: {LEAST_FRAMES} are the "
            "least, some hundred are usual"
        )
    budget = (QUICK if quick else DEFAULT) if budget is None else str(budget)
    time = max(0.0, SPARE * seconds(budget) - START)
    problem = problem_kind(dataset)
    usable, refused = named_candidates(only, problem) if only else usable_candidates(problem, quick)
    split = _split(dataset, problem, usable, time)
    work = Workload.of(problem, len(split.split.train), sum(map(len, split.split.tests.values())))
    part = time / max(len(usable), 1)
    slowest = max(usable, key=lambda c: c.cost.predict)
    tasks = choose_tasks(dataset, problem, part, slowest, quick)
    cost_of_tasks = lambda candidate: sum(task.seconds(candidate) for task in tasks)
    methods = choose_methods(usable, work, time, cost_of_tasks)
    methods = Methods(methods.rows, {**refused, **methods.left_out})
    if not methods.rows:
        reasons = "; ".join(f"{name} {reason}" for name, reason in methods.left_out.items())
        raise ValueError(f"no method fits into a budget of {budget}: {reasons}; give a larger --budget")
    return _proposal(dataset, spec, problem, split, methods, tasks, budget)


def suite_name(name: str) -> str:
    """Name of a suite and of its results folder, from that of a dataset.

    Examples
    --------
    >>> [suite_name(n) for n in ("my data (1)", "...", "Cu_EMT-2")]
    ['my_data_1', 'data', 'Cu_EMT-2']
    """
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("._-")[:80] or "data"


def _split(dataset: Dataset, problem: ProblemKind, usable: Sequence[Candidate], time: float) -> SplitChoice:
    """The split that does not flatter, with as many frames as the budget allows."""
    split = choose_split(dataset, problem)
    return split.limited(*data_limits(problem, usable, time, len(split.split.tests)))


def _proposal(
    dataset: Dataset,
    spec: Spec,
    problem: ProblemKind,
    split: SplitChoice,
    methods: Methods,
    tasks: Sequence[ProposedTask],
    budget: str,
) -> Proposal:
    reasons = _reasons(problem, split, methods, tasks, budget)
    head = [
        f"Proposed by mlffbench for {dataset.name} and a budget of {budget}. Change what you like, then: "
        "mlffbench run SUITE. Paths are relative to the folder in which the command runs.",
        *(f"{word}: {sentence}" for word, sentence in reasons if word in ("data", "time")),
    ]
    limit = math.ceil(max(LEAST_LIMIT, seconds(budget)))  # of one case: the machine may be slow, or shared
    text = suite_text(
        head, suite_name(dataset.name), spec, (split.spec, split.reason),
        [(row.spec, row.comment) for row in methods.rows], methods.left_out,
        [(task.spec, task.comment) for task in tasks], limit,
    )  # fmt: skip
    suite = Suite.model_validate(read_yaml(text))
    return Proposal(suite, text, problem, split, methods, tuple(tasks), budget, reasons)


def _reasons(
    problem: ProblemKind, split: SplitChoice, methods: Methods, tasks: Sequence[ProposedTask], budget: str
) -> tuple[tuple[str, str], ...]:
    """A word and a sentence for each choice."""
    tests = ", ".join(f"{name} {len(part)}" for name, part in split.split.tests.items())
    parts = f"train {len(split.split.train)}, {tests}"
    left_out = "; ".join(f"{name}: {reason}" for name, reason in methods.left_out.items())
    total = START + methods.seconds
    rows = (
        ("data", _data(problem)),
        ("split", f"{split.spec.name} ({parts}): {split.reason}"),
        ("methods", ", ".join(row.spec.name for row in methods.rows)),
        ("left out", left_out),
        ("tasks", ", ".join(task.spec.name for task in tasks)),
        ("time", f"about {minutes(total)} of the budget of {budget}, one case after another"),
    )
    return tuple((word, sentence) for word, sentence in rows if sentence)


def _data(problem: ProblemKind) -> str:
    """``240 frames of 36 to 40 atoms, slabs of Cu and O; forces on all, no stress``."""
    least, most = problem.n_atoms
    atoms = f"{least}" if least == most else f"{least} to {most}"
    few = f" (few: {FEW_FRAMES} and more tell methods apart)" if problem.n_frames < FEW_FRAMES else ""
    labels = "; ".join(f"{_share(n, problem.n_frames)} {what}" for what, n in
                       (("forces", problem.n_forces), ("stress", problem.n_stresses)))  # fmt: skip
    return (
        f"{problem.n_frames} frames{few} of {atoms} atoms: {problem.name}; elements "
        f"{' '.join(problem.elements)}; {labels}"
    )


def _share(n: int, of: int) -> str:
    return "no" if not n else "all with" if n == of else f"{n} with"
