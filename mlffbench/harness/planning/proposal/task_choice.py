"""Choice of tasks that make sense for a problem, and fit the budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mlffbench.data import Dataset, Spec, value_name
from mlffbench.harness.planning.proposal.candidates import Candidate
from mlffbench.harness.planning.proposal.problem_kind import ProblemKind

__all__ = ["ProposedTask", "choose_tasks"]

SHARE = 0.15  # of a method's part of the budget that a task may take
CALL = 4e-3  # seconds of a prediction beside those of its atoms
COPIES, MOST_ATOMS = (1, 8, 64), 2000  # of the task speed
CALLS, FIXED, LIMIT = 16, 0.4, 20.0  # predictions of each size; seconds beside them; of the sizes at most
ROOM = 300.0  # K
EVALUATIONS, PAIR_EVALUATIONS = 500, 200  # of the task physics: beside the Hessian; for a pair of elements
TRAJECTORIES, LENGTHS = 2, (1.0, 0.25)  # of the task md; ps


@dataclass(frozen=True)
class ProposedTask:
    """A task of the suite, the reason for it, and its seconds for a method."""

    spec: Spec
    comment: str
    seconds: Callable[[Candidate], float]


def choose_tasks(
    dataset: Dataset, problem: ProblemKind, part: float, slowest: Candidate, quick: bool
) -> list[ProposedTask]:
    """Speed always; with forces also physics and short dynamics, where the slowest method has time for them.

    Parameters
    ----------
    part : float
        Seconds of the budget for a method.
    slowest : Candidate
        Method with the slowest prediction.
    """
    tasks = [_speed(problem, max(0.5, min(LIMIT, round(SHARE * part, 1))))]
    if problem.n_forces == problem.n_frames and not quick:
        for choices in (_dynamics(dataset, problem), [_physics(problem)]):
            tasks += [task for task in choices if task.seconds(slowest) <= SHARE * part][:1]
    return tasks


def _speed(problem: ProblemKind, limit: float) -> ProposedTask:
    copies = [n for n in COPIES if n == 1 or n * problem.n_atoms[1] <= MOST_ATOMS]
    atoms = sum(copies) * problem.n_atoms[1]
    calls = lambda candidate: CALLS * (len(copies) * CALL + atoms * candidate.cost.predict)
    seconds = lambda candidate: FIXED + min(limit, calls(candidate))
    params = {"copies": copies} if limit == LIMIT else {"copies": copies, "max_seconds": limit}
    return ProposedTask(Spec("speed", params), "time of a prediction by the number of atoms", seconds)


def _physics(problem: ProblemKind) -> ProposedTask:
    atoms, n = problem.mean_atoms, len(problem.elements)
    calls, pairs = 6 * atoms + EVALUATIONS, PAIR_EVALUATIONS * n * (n + 1) / 2

    def seconds(candidate: Candidate) -> float:
        return calls * (CALL + atoms * candidate.cost.predict) + pairs * (CALL + 2 * candidate.cost.predict)

    return ProposedTask(Spec("physics"), "is energy conserved, do atoms repel each other?", seconds)


def _dynamics(dataset: Dataset, problem: ProblemKind) -> list[ProposedTask]:
    """Dynamics, the longest first, at constant temperature and at constant energy."""
    if len(problem.structures) > 1:
        return []
    step = 0.5 if "H" in problem.elements else 1.0
    temperature = _temperature(dataset, problem)

    def of_length(length: float) -> ProposedTask:
        calls = (TRAJECTORIES + 1) * 1e3 * length / step
        seconds = lambda candidate: calls * (CALL + problem.mean_atoms * candidate.cost.predict)
        limit = {"max_seconds": 60 if length < 1 else 300}
        lengths = {"picoseconds": length, "nve_picoseconds": length, "timestep": step}
        params = {
            "temperatures": [int(temperature) if temperature.is_integer() else temperature],
            "n_trajectories": TRAJECTORIES,
            **lengths,
            "protocol": limit,
        }
        return ProposedTask(Spec("md", params), "do short trajectories survive and conserve energy?", seconds)

    return [of_length(length) for length in LENGTHS]


def _temperature(dataset: Dataset, problem: ProblemKind) -> float:
    """The lowest temperature of the data above zero, else that of a room, K."""
    column = problem.columns.get("temperature")
    known = [] if column is None else [float(value_name(v)) for v in dataset.columns[column]]
    return min((t for t in known if t > 1), default=ROOM)
