"""Numbers of training and test frames that a budget allows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mlffbench.harness.planning.proposal.candidates import Candidate, Size
from mlffbench.harness.planning.proposal.cost import Workload, overhead
from mlffbench.harness.planning.proposal.problem_kind import ProblemKind

__all__ = ["data_limits"]

FIT, TESTS = 0.6, 0.15  # shares of a method's part of the budget
BASIS = 0.1  # of the most basis functions: fewer would waste the data
LEAST_TRAIN, LEAST_TEST = 50, 20  # frames


def data_limits(
    problem: ProblemKind, candidates: Sequence[Candidate], seconds: float, n_groups: int
) -> tuple[int, int]:
    """Most frames to train on, and most frames in each of `n_groups` test groups.

    Every kernel has time for a tenth of its usual basis functions; the tests take no more than a seventh of
    a method's part of the budget.
    """
    weights = sum(c.weight for c in candidates) or 1.0
    parts = {c.name: seconds * c.weight / weights - overhead(Workload.of(problem, 0, 0)) for c in candidates}
    one = Workload.of(problem, 1, 1)
    train, test = [problem.n_frames], [problem.n_frames]
    for candidate in (c for c in candidates if c.weight):
        part = max(parts[candidate.name], 1.0)
        test.append(math.floor(TESTS * part / max(candidate.cost.tests(one), 1e-9) / n_groups))
        if isinstance(candidate.scale, Size):
            basis = max(candidate.scale.least, BASIS * candidate.scale.most)
            train.append(math.floor(FIT * part / (candidate.cost.rate(one) * basis)))
    return max(LEAST_TRAIN, min(train)), max(LEAST_TEST, min(test))
