"""Choice of methods that fit a problem and a budget, and of their sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.harness.planning.proposal.budget import minutes
from mlffbench.harness.planning.proposal.candidates import CANDIDATES, Candidate, Clock, Size
from mlffbench.harness.planning.proposal.cost import MEMORY, Cost, Workload, overhead
from mlffbench.harness.planning.proposal.problem_kind import ProblemKind

__all__ = ["Methods", "ProposedRow", "choose_methods", "named_candidates", "usable_candidates"]

FAST = 20.0  # seconds: a method that costs no more is kept though its part of the budget is less
UNKNOWN = Cost(30, per_atom=5e-3, predict=1e-3)


@dataclass(frozen=True)
class ProposedRow:
    """An estimator of the suite, the reason for it, and the seconds that its case should take."""

    spec: Spec
    comment: str
    seconds: float


@dataclass(frozen=True)
class Methods:
    """Rows of the suite, and the methods that are left out with the reason."""

    rows: tuple[ProposedRow, ...]
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Time of all cases, one after another."""
        return sum(row.seconds for row in self.rows)


# ---------------------------------------------------------------- methods that can be used at all
def usable_candidates(problem: ProblemKind, quick: bool) -> tuple[list[Candidate], dict[str, str]]:
    """Candidates that suit the problem, and those that cannot be used here, with the reason."""
    suitable = [c for c in CANDIDATES if c.suits(problem) and (c.is_quick or not quick)]
    refused = {c.name: reason for c in suitable if (reason := _refusal(c.name, problem))}
    return [c for c in suitable if c.name not in refused], refused


def named_candidates(names: Sequence[str], problem: ProblemKind) -> tuple[list[Candidate], dict[str, str]]:
    """Candidates of these names, any of the estimators, whether they suit the problem or not.

    Raises
    ------
    LookupError
        There is no such estimator, or none of them can be used here.
    """
    known = {candidate.name: candidate for candidate in CANDIDATES}
    chosen = [known.get(name) or _unknown(name) for name in dict.fromkeys(names)]
    refused = {c.name: reason for c in chosen if (reason := _refusal(c.name, problem))}
    if len(refused) == len(chosen):
        reasons = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
        raise LookupError(f"none of the methods can be used on these data: {reasons}")
    return [c for c in chosen if c.name not in refused], refused


def _unknown(name: str) -> Candidate:
    """Candidate of a method without a measured cost; a network has the clock."""
    known = registry.parameters(registry.build("estimators", name, {}))
    clock = Clock() if "max_seconds" in known else None
    params = {"max_epochs": 5000} if clock and "max_epochs" in known else {}
    return Candidate(name, "asked for", lambda problem: True, 2, UNKNOWN, clock, params)


def _refusal(name: str, problem: ProblemKind) -> str:
    """Reason why a method cannot be fitted to such data here; '' if it can."""
    try:
        method = registry.load("estimators", name)
    except ImportError as error:
        return f"not installed: {error}"
    own = getattr(method, "environment", None) is not None  # made by the run
    if absent := [m for m in getattr(method, "requires", ()) if find_spec(m) is None and not own]:
        return f"not installed ({', '.join(absent)}): pip install 'mlffbench[{getattr(method, 'extra', '')}]'"
    supports = getattr(method, "supports", ())
    if "periodic" not in supports and problem.is_periodic:
        return "takes no periodic frames"
    if "extensive" not in supports and problem.n_formulas > 1:
        return "describes one molecule only"
    return ""


# ---------------------------------------------------------------- sizes within the budget
def choose_methods(
    candidates: Sequence[Candidate],
    work: Workload,
    seconds: float,
    tasks: Callable[[Candidate], float] = lambda candidate: 0.0,
) -> Methods:
    """Size the candidates so that all their cases take about `seconds`; leave out those that do not fit.

    Each has its part of the time by weight. A kernel gets as many basis functions as its part allows, a
    network trains until its part is over, and networks share what the others leave.

    Parameters
    ----------
    tasks : callable
        Seconds of the tasks of a candidate.
    """
    kept, left_out = list(candidates), dict[str, str]()
    while True:
        parts = _parts(kept, work, seconds)
        rows = {c.name: _row(c, work, parts[c.name], tasks(c)) for c in kept}
        unfit = [c for c in kept if isinstance(rows[c.name], str)]
        if not unfit or len(kept) == 1:
            break
        worst = max(unfit, key=lambda c: c.weight)
        left_out[worst.name] = str(rows[worst.name])
        kept.remove(worst)
    fitting = {c.name: row for c in kept if isinstance(row := rows[c.name], ProposedRow)}
    left_out |= {c.name: str(rows[c.name]) for c in kept if c.name not in fitting}
    return Methods(tuple(_spread(kept, fitting, seconds).values()), left_out)


def _parts(candidates: Sequence[Candidate], work: Workload, seconds: float) -> dict[str, float]:
    """Seconds of each candidate: its own overhead, and a part of the rest by weight."""
    fixed = {
        c.name: overhead(work) + c.cost.tests(work) + (0.0 if c.weight else c.cost.fit(work))
        for c in candidates
    }
    rest = max(0.0, seconds - sum(fixed.values()))
    weights = sum(c.weight for c in candidates) or 1.0
    return {c.name: fixed[c.name] + rest * c.weight / weights for c in candidates}


def _row(candidate: Candidate, work: Workload, part: float, tasks: float) -> ProposedRow | str:
    """The row with its size, or the reason why it does not fit into its part of the budget."""
    cost, scale = candidate.cost, candidate.scale
    base = overhead(work) + cost.tests(work) + tasks + cost.fit(work)
    if scale is None:
        takes = f"takes about {minutes(base)}, more than its part of the budget ({minutes(part)})"
        if cost.memory(work) > MEMORY and cost.per_square:
            return f"takes too long: its kernel matrix of so many forces has {cost.memory(work) / 1e9:.0f} GB"
        fits = not candidate.weight or base <= max(part, overhead(work) + FAST)
        return ProposedRow(Spec(candidate.name, candidate.params), candidate.comment, base) if fits else takes
    if isinstance(scale, Clock):
        own = math.floor(part - base)
        if own < scale.least:
            return f"would have {max(own, 0)} s to train, less than the {scale.least:.0f} s that make sense"
        params = {**candidate.params, scale.parameter: own}
        return ProposedRow(Spec(candidate.name, params), candidate.comment, base + own)
    return _sized(candidate, scale, work, part, base)


def _sized(candidate: Candidate, scale: Size, work: Workload, part: float, base: float) -> ProposedRow | str:
    """The row of a kernel with as many basis functions as its part of the budget and the memory allow."""
    rate = candidate.cost.rate(work)
    most = min(scale.most, (part - base) / rate, MEMORY / (8 * work.equations))
    if most < scale.least:
        needed = base + rate * scale.least
        few = f"with {scale.least} basis functions"
        return f"takes about {minutes(needed)} {few}, more than its part of the budget ({minutes(part)})"
    size = _rounded_down(most)
    smaller = f", made smaller than its default of {scale.most} to fit" if size < scale.most else ""
    params = {**candidate.params, scale.parameter: size}
    own = base + rate * min(size, work.equations)  # there are no more basis functions than labels
    return ProposedRow(Spec(candidate.name, params), f"{candidate.comment}{smaller}", own)


def _rounded_down(value: float) -> int:
    """Two leading digits."""
    unit = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return int(value // unit * unit)


def _spread(
    candidates: Sequence[Candidate], rows: dict[str, ProposedRow], seconds: float
) -> dict[str, ProposedRow]:
    """Give what the rows leave of the time to the networks, by weight."""
    clocks = {c.name: c.scale.parameter for c in candidates if isinstance(c.scale, Clock) and c.name in rows}
    weights = {c.name: c.weight for c in candidates if c.name in clocks}
    left = max(0.0, seconds - sum(row.seconds for row in rows.values()))
    longer = dict(rows)
    for name, parameter in clocks.items():
        more = math.floor(left * weights[name] / sum(weights.values()))
        spec = rows[name].spec
        params = {**spec.params, parameter: spec.params[parameter] + more}
        longer[name] = replace(
            rows[name], spec=replace(spec, params=params), seconds=rows[name].seconds + more
        )
    return longer
