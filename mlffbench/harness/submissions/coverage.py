"""Coverage of a suite: whether its cases are all there, failed ones too, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mlffbench.data import InvalidData
from mlffbench.harness.case import Case
from mlffbench.harness.documents.kept_suite import KEPT
from mlffbench.harness.inputs import is_own_data
from mlffbench.harness.planning.plan import Problem, Suite, cases
from mlffbench.harness.planning.read_suite import read_suite
from mlffbench.harness.submissions.entry import Entry
from mlffbench.harness.submissions.evidence import Evidence
from mlffbench.harness.submissions.refusal import Refusal
from mlffbench.system.failures import catch_failure

__all__ = ["suite_refusals"]

N_NAMED = 5  # cases in a sentence
Variants = tuple[Case, ...]  # of one case, on each device


def suite_refusals(entries: Sequence[Entry], suites: Sequence[Path], evidence: Evidence) -> Iterator[Refusal]:
    """Refuse cases that the suites do not have, and suites with cases that are missing.

    Parameters
    ----------
    suites : sequence of Path
        Suite files; a case of any of them counts.
    """
    if not suites:
        reason = "there is no suite, so nobody can tell what was left out: add the suite that was run"
        yield Refusal(KEPT, "suite", reason)
        return
    planned: list[tuple[Path, list[Variants]]] = []
    for file in suites:
        variants, failure = catch_failure(partial(_planned, file, entries, evidence))
        if failure is None:
            planned.append((file, variants))
        else:
            yield Refusal(file.name, "suite", f"the suite cannot be read: {failure['message']}")
    present = {entry.id for entry in entries}
    for file, variants in planned:
        yield from _absent(file, variants, present)
    known = {case.id: case for _, variants in planned for several in variants for case in several}
    for entry in entries:
        yield from _against_plan(entry, known.get(entry.id))


def _planned(file: Path, entries: Sequence[Entry], evidence: Evidence) -> list[Variants]:
    """Cases of a suite, each as it would be on every device that the entries name."""
    suite = read_suite(file)
    suite = suite.model_copy(update={"problems": [_with_split(p, evidence) for p in suite.problems]})
    digests = _digests(suite, entries, evidence)
    devices = [
        None,
        *sorted({device for entry in entries for device in _devices(entry.case.estimator.params)}),
    ]
    lists = [cases(suite, lambda spec: digests[str(spec)], device) for device in devices]
    return list(zip(*lists, strict=True))


def _with_split(problem: Problem, evidence: Evidence) -> Problem:
    """The problem, of own data without a split with the one that a run gives it."""
    if "split" in problem.model_fields_set or not is_own_data(problem.dataset):
        return problem
    from mlffbench.harness.planning.default_split import default_split  # and neighbour lists

    split, _ = default_split(evidence.dataset(problem.dataset))
    return problem.model_copy(update={"split": split})


def _digests(suite: Suite, entries: Iterable[Entry], evidence: Evidence) -> Mapping[str, str]:
    """Checksums of the datasets: ours; of data that are not here that of the entries, if it is one."""
    stated = {str(entry.case.dataset): entry.case.data_digest for entry in entries}
    for problem in suite.problems:
        name = str(problem.dataset)
        if name not in evidence.digests:
            try:
                evidence.dataset(problem.dataset)
            except InvalidData:
                evidence.digests[name] = stated.get(name, "?")
    return evidence.digests


def _devices(value: Any) -> Iterator[str]:
    """Devices anywhere in the keywords of a method."""
    if isinstance(value, Mapping):
        if isinstance(device := value.get("device"), str):
            yield device
        for inner in value.values():
            yield from _devices(inner)


def _absent(file: Path, variants: Sequence[Variants], present: set[str]) -> Iterator[Refusal]:
    lacking = [several[0] for several in variants if not present & {case.id for case in several}]
    if lacking:
        names = "; ".join(case.title for case in lacking[:N_NAMED])
        more = f"; and {len(lacking) - N_NAMED} others" if len(lacking) > N_NAMED else ""
        reason = (
            f"{len(lacking)} of the {len(variants)} cases of {file.name} are missing, and failed ones count, "
            f"too: {names}{more}"
        )
        yield Refusal(file.name, "suite", reason)


def _against_plan(entry: Entry, planned: Case | None) -> Iterator[Refusal]:
    """Differences of a case from the suite, beside what its id digests."""
    stated = entry.case
    if planned is None:
        reason = f"no suite here has this case, {stated.title}: it was added, or its id was made for it"
        yield Refusal(entry.id, "suite", reason)
        return
    if stated.suite != planned.suite or stated.label != planned.label:
        names = f"{stated.label!r:.80} of {stated.suite!r:.80}"
        reason = f"it is called {names}, the suite calls it {planned.label!r:.80} of {planned.suite!r:.80}"
        yield Refusal(entry.id, "suite", reason)
    lacking = [str(task) for task in planned.tasks if task not in stated.tasks]
    lacking += [metric for metric in planned.metrics if metric not in stated.metrics]
    if lacking:
        reason = f"the suite asks for {lacking[0]:.100}, and its case does not have it: run the suite again"
        yield Refusal(entry.id, "suite", reason)
