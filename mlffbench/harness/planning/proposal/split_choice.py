"""Choice of a split that does not flatter: published, by temperature, group or time, else random."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from mlffbench import registry
from mlffbench.data import Dataset, Spec, Split
from mlffbench.harness.planning.proposal.problem_kind import ProblemKind
from mlffbench.splits.common.groups import group_names

__all__ = ["SplitChoice", "choose_split"]

LEAST_TEST = 5  # frames of a group that is left out
LEAST_PART, LEAST_TRAIN = 3, 0.25  # frames of any test; share of the frames that train
INSIDE = 0.2  # share of the training groups that is the test in domain
MOST_LEFT, MOST_GROUPS = 0.25, 3  # share of the frames, and number of the groups, that are left out
LEAST_BLOCKED = 0.65  # share that should train in blocks; two or three blocks cannot give it
FALLBACK_BLOCKS = 10  # where the correlation time is too long for blocks of its multiple
SEED = 0


@dataclass(frozen=True)
class SplitChoice:
    """A split, the sentence that gives the reason, and the parts that it makes of the data."""

    spec: Spec
    reason: str
    split: Split

    def limited(self, n_train: int, n_test: int) -> SplitChoice:
        """The choice with at most so many frames to train on, and in each test group."""
        n_all, largest = len(self.split.train), max(map(len, self.split.tests.values()))
        fewer = [f"{n_train} of {n_all} frames train"] if n_train < n_all else []
        fewer += [f"{n_test} of up to {largest} frames test in a group"] if n_test < largest else []
        if not fewer:
            return self
        sizes = {"n_train": min(n_train, n_all), "n_test": min(n_test, largest)}
        spec = Spec("learning_curve", {**sizes, "split": {self.spec.name: dict(self.spec.params)}})
        tests = {name: part[: sizes["n_test"]] for name, part in self.split.tests.items()}
        split = replace(self.split, train=self.split.train[: sizes["n_train"]], tests=tests)
        reason = f"{self.reason}; only {' and '.join(fewer)}, as the budget allows no more"
        return SplitChoice(spec, reason, split)


def choose_split(dataset: Dataset, problem: ProblemKind) -> SplitChoice:
    """Return the first split that fits the data, from the most to the least honest.

    Raises
    ------
    ValueError
        Not even a random split fits.
    """
    for choose in (_published, _temperatures, _groups, _trajectories, _order, _formulas):
        for spec, reason in choose(dataset, problem):
            if (split := _made(spec, dataset)) is not None:
                return SplitChoice(spec, reason, split)
    spec = Spec("random", {"train": 0.8})
    return SplitChoice(spec, _of_random(problem), _make(spec, dataset))


Proposals = Iterator[tuple[Spec, str]]


def _make(spec: Spec, dataset: Dataset) -> Split:
    make: Callable[..., Split] = registry.build("splits", spec.name, spec.params, skip=("dataset", "seed"))
    return make(dataset, seed=SEED, **spec.params)


def _made(spec: Spec, dataset: Dataset) -> Split | None:
    """The split; None where the data have no such, or too few test frames."""
    try:
        split = _make(spec, dataset)
    except ValueError:
        return None
    enough = min(len(part) for part in split.tests.values()) >= min(LEAST_PART, len(dataset) // 5)
    return split if enough and len(split.train) >= LEAST_TRAIN * len(dataset) else None


# ---------------------------------------------------------------- from the most to the least honest
def _published(dataset: Dataset, problem: ProblemKind) -> Proposals:
    if "train" in dataset.card:
        yield Spec("official"), f"the data name {dataset.card['train']!r} as the part to train on"
    if (column := problem.columns.get("published")) is not None:
        given = {"column": column, "train": "train", "tests": "test", "test_fraction": 0.0}
        yield Spec("groups", given), f"the column {column!r} says which frames train and which test"


def _temperatures(dataset: Dataset, problem: ProblemKind) -> Proposals:
    if (column := problem.columns.get("temperature")) is None:
        return
    names = group_names(dataset, column)
    counts = Counter(names.tolist())
    rising = sorted(counts, key=float)
    hot = rising[-1]
    if counts[hot] < LEAST_TEST or counts[hot] > len(names) / 2:
        hot_ones = [t for t in rising[1:] if counts[t] >= LEAST_TEST]
        yield _left_out(column, hot_ones, f"train at {rising[0]} K, test at the higher temperatures")
        return
    yield _left_out(column, [hot], f"the hottest frames ({hot} K) are a test of transfer, the others train")


def _groups(dataset: Dataset, problem: ProblemKind) -> Proposals:
    if (column := problem.columns.get("group")) is not None:
        yield from _rarest(dataset, column, f"kinds of frames (column {column!r})")


def _trajectories(dataset: Dataset, problem: ProblemKind) -> Proposals:
    if (column := problem.columns.get("trajectory")) is not None:
        reason = f"the column {column!r} names trajectories, whose neighbouring frames are almost equal"
        yield from _blocks(dataset, {"trajectory": column}, reason)


def _order(dataset: Dataset, problem: ProblemKind) -> Proposals:
    if problem.is_ordered:
        reason = (
            f"consecutive frames are {problem.order:.2f} times as far apart as random ones: the file is a "
            "trajectory or a scan"
        )
        yield from _blocks(dataset, {}, reason)


def _formulas(dataset: Dataset, problem: ProblemKind) -> Proposals:
    if problem.n_formulas > 2:
        yield from _rarest(dataset, "composition", "compositions")


def _of_random(problem: ProblemKind) -> str:
    reason = "nothing in the data relates its frames"
    if problem.order is None:
        reason = "the frames have no common atoms by which an order could be seen"
    return f"{reason}; where frames are neighbours in time, a random split flatters"


# ---------------------------------------------------------------- proposals
def _left_out(column: str, values: list[str], reason: str) -> tuple[Spec, str]:
    inside = (
        "the test in_domain is drawn at random like those that train (it flatters if they are neighbours)"
    )
    params = {"column": column, "leave": values, "test_fraction": INSIDE}
    return Spec("groups", params), f"{reason}; {inside}"


def _rarest(dataset: Dataset, column: str, what: str) -> Proposals:
    """Leave out the rarest values whose elements the others have too, up to a quarter of the frames."""
    names = group_names(dataset, column).tolist()
    counts, elements = Counter(names), _elements(dataset, names)
    left: list[str] = []
    for name in sorted(counts, key=lambda n: (counts[n], n)):
        wider = [*left, name]
        few = sum(counts[other] for other in wider) <= MOST_LEFT * len(names) and len(left) < MOST_GROUPS
        trained = set().union(*(own for other, own in elements.items() if other not in wider))
        if few and counts[name] >= LEAST_TEST and all(elements[other] <= trained for other in wider):
            left = wider
    if left:
        yield _left_out(column, left, f"of {len(counts)} {what} the rarest test the transfer")


def _elements(dataset: Dataset, names: list[str]) -> dict[str, set[int]]:
    """Atomic numbers in the frames of each group."""
    elements: dict[str, set[int]] = {name: set() for name in names}
    for name, atoms in zip(names, dataset.frames, strict=True):
        elements[name].update(atoms.numbers.tolist())
    return elements


def _blocks(dataset: Dataset, params: dict[str, Any], reason: str) -> Proposals:
    """Blocks of ten correlation times, else tenths of the data."""
    why = f"{reason}, so whole blocks of them train or test"
    spec = Spec("blocks", params)
    made = _made(spec, dataset)
    if made is not None and len(made.train) >= LEAST_BLOCKED * len(dataset):
        yield spec, why
    short = f"{why}, shorter ones than ten correlation times, for which there are too few frames"
    yield Spec("blocks", {**params, "block": max(2, len(dataset) // FALLBACK_BLOCKS)}), short
