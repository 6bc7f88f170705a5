"""Planned run: the suite, its cases and their data, checked before the first process starts."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlffbench.data import Dataset
from mlffbench.datasets.sources.availability import own_paths
from mlffbench.harness.case import Case
from mlffbench.harness.execution.resources import lack, resources_of
from mlffbench.harness.inputs import DataInputs, is_own_data
from mlffbench.harness.planning.executor import ExecutorChoice, is_here
from mlffbench.harness.planning.plan import Problem, Suite, SuiteError, cases
from mlffbench.harness.planning.read_suite import open_suite, sound_problems, suite_in
from mlffbench.harness.planning.requirements import unmet_by
from mlffbench.harness.planning.suite_data import SuiteData, make_split
from mlffbench.harness.planning.suite_tasks import Subject, impossible_tasks, models_of, oversized_tasks
from mlffbench.system.device import checked_device
from mlffbench.system.machine import this_machine
from mlffbench.system.settings_source import Mistake, SettingsSource

__all__ = ["UNKNOWN", "PlannedRun", "plan_run"]

UNKNOWN = "?"  # digest of data that are not here


@dataclass(frozen=True)
class PlannedRun:
    """A suite, its cases, and the digests of their data.

    Attributes
    ----------
    suite : Suite
        With the splits that were chosen for problems without one.
    inputs : mapping of str to DataInputs
        Of every dataset, by its spec as text.
    notes : tuple of str
        Sentences on the data that were read, to be shown.
    warnings : tuple of str
        Sentences on what is doubtful about them.
    absent : mapping of str to str
        Datasets that are not on this machine, by their specs as text: ``to download, 4.1 MB``.
    unmet : mapping of str to str
        Ids of cases that cannot run here, and the reasons: packages that are not installed, devices.
    """

    suite: Suite
    cases: list[Case]
    inputs: Mapping[str, DataInputs]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)
    unmet: Mapping[str, str] = field(default_factory=dict)

    @property
    def own_paths(self) -> list[str]:
        """Paths of the user's own files as the suite names them."""
        return list(dict.fromkeys(path for case in self.cases for path in own_paths(case.dataset)))

    def refuse_unmet(self, ids: Container[str]) -> None:
        """Refuse to run cases that cannot run here.

        Raises
        ------
        SuiteError
            Some of the cases cannot; one line a reason.
        """
        lines = list(dict.fromkeys(line for id, line in self.unmet.items() if id in ids))
        if lines:
            raise SuiteError("\n".join(lines))


def plan_run(
    suite: Path | str | Mapping[str, Any] | Suite,
    device: str | None = None,
    fetch: bool = True,
    dataset: Dataset | None = None,
    choice: ExecutorChoice | None = None,
) -> PlannedRun:
    """Read a suite, list its cases, load their data and make their splits.

    Parameters
    ----------
    suite : Path, str, mapping or Suite
        A suite file, its text (several lines), or its content.
    device : str, optional
        Given to every estimator that has the parameter and does not set it.
    fetch : bool
        Download data that are not on this machine; else their cases have an unknown digest.
    dataset : Dataset, optional
        Data of a Suite's first problem, if they have been read and have passed the checks.
    choice : ExecutorChoice, optional
        Executor in place of the suite's. Devices and packages are only looked for if it is here.

    Raises
    ------
    SuiteError
        The suite or its data cannot be used; one line a mistake.
    """
    choice = choice or ExecutorChoice()
    if isinstance(suite, Suite):
        data = SuiteData(fetch)
        if dataset is not None:
            data.take(suite.problems[0].dataset, dataset)
        source = SettingsSource(suite.model_dump(), SuiteError)
        return _planned(choice.applied(suite), source, [], device, data)
    source = open_suite(suite)
    content, mistakes = suite_in(source)
    if content is None:
        _, _, more = _checked_problems(sound_problems(source), [0], SuiteData(fetch=False), mistakes)
        source.refuse([*mistakes, *more])
        raise AssertionError("a suite that is none has mistakes")
    return _planned(choice.applied(content), source, mistakes, device, SuiteData(fetch and not mistakes))


def _check_device(device: str | None) -> None:
    try:
        if device not in (None, "cpu"):
            checked_device(str(device))
    except ValueError as error:
        raise SuiteError(str(error)) from error


def _planned(
    suite: Suite,
    source: SettingsSource,
    mistakes: list[Mistake],
    device: str | None,
    data: SuiteData,
) -> PlannedRun:
    """Plan a suite of the right shape; mistakes in its names and values are given."""
    if is_here(suite.executor):
        _check_device(device)
    numbered = dict(enumerate(suite.problems))
    checked, subjects, own = _checked_problems(numbered, suite.seeds, data, mistakes)
    problems = list(checked.values())
    mistakes += own
    if not any("estimators" in mistake.path for mistake in mistakes):
        models, own = models_of(suite)
        mistakes += own
        if not mistakes and len(subjects) == len(problems):
            mistakes += impossible_tasks(suite.tasks, models, subjects)
            mistakes += oversized_tasks(suite.tasks, subjects)
    source.refuse(mistakes)
    suite = suite.model_copy(update={"problems": problems})
    planned = _cases(suite, data, device, source)
    too_large = _too_large(suite, planned, source) if is_here(suite.executor) else {}
    unmet = _unmet(suite, planned, source, too_large)
    notes, warnings = tuple(data.notes), tuple(data.warnings)
    return PlannedRun(suite, planned, data.inputs, notes, warnings, data.absent, unmet)


def _cases(suite: Suite, data: SuiteData, device: str | None, source: SettingsSource) -> list[Case]:
    try:
        return cases(suite, lambda spec: data.digests.get(str(spec), UNKNOWN), device)
    except SuiteError as error:  # of the suite as a whole
        raise SuiteError(source.say((), str(error))) from error


def _checked_problems(
    problems: Mapping[int, Problem], seeds: list[int], data: SuiteData, known: list[Mistake]
) -> tuple[dict[int, Problem], dict[int, Subject], list[Mistake]]:
    """The problems with their splits, their data if they are here, and mistakes.

    Of a problem with known mistakes the dataset is loaded, unless it has one, and no split is made.
    """
    checked, subjects, mistakes = dict(problems), dict[int, Subject](), list[Mistake]()
    wrong = {mistake.path[:n] for mistake in known for n in (2, 3)}
    for i, problem in problems.items():
        if ("problems", i, "dataset") not in wrong:
            seeds_here = [] if ("problems", i) in wrong else seeds
            checked[i], subject, own = _checked_problem(i, problem, seeds_here, data)
            subjects |= {} if subject is None else {i: subject}
            mistakes += own
    return checked, subjects, mistakes


def _checked_problem(
    i: int, problem: Problem, seeds: list[int], data: SuiteData
) -> tuple[Problem, Subject | None, list[Mistake]]:
    """The problem with its split, its data if they are here, and mistakes; no seed makes no split."""
    try:
        dataset = data.load(problem.dataset)
    except (OSError, ValueError, LookupError, ImportError) as error:
        sentence = f"dataset {problem.dataset}: {error.args[0] if isinstance(error, LookupError) else error}"
        return problem, None, [Mistake(("problems", i, "dataset"), sentence)]
    if dataset is None or not seeds:
        return problem, None, []
    try:
        problem = _with_split(problem, dataset, data)
        first = None
        for seed in seeds:
            split = make_split(dataset, problem.split, seed)
            first = first or split
        train = range(len(dataset)) if first is None else first.train
        return problem, (dataset, dataset.frames[int(train[0])], len(train)), []
    except (OSError, ValueError, LookupError, ImportError) as error:
        sentence = str(error.args[0]) if isinstance(error, LookupError) else str(error)
        given = "split" in problem.model_fields_set
        called = f"split {problem.split.name!r}" if given else f"{dataset.name} without a split"
        return problem, None, [Mistake(("problems", i, "split"), f"{called}: {sentence}")]


def _with_split(problem: Problem, dataset: Dataset, data: SuiteData) -> Problem:
    """The problem, for own data without a split with one that fits them."""
    if "split" in problem.model_fields_set or not is_own_data(problem.dataset):
        return problem
    from mlffbench.harness.planning.default_split import default_split  # and neighbour lists

    split, reason = default_split(dataset)
    if reason is not None:
        data.notes.append(f"{dataset.name}: the suite gives no split, so it is {split}: {reason}")
    return problem.model_copy(update={"split": split})


def _unmet(
    suite: Suite, planned: list[Case], source: SettingsSource, too_large: Mapping[str, str]
) -> dict[str, str]:
    """Ids of the cases that cannot run here, and the sentences with their places."""
    reasons = dict(too_large)
    for i, row in suite.rows:
        case = next(case for case in planned if case.label == row.label)  # with the device
        for path, sentence in unmet_by(case, elsewhere=not is_here(suite.executor)):
            reasons[row.label] = source.say(("estimators", i, *path), sentence)
    return {case.id: reasons[case.label] for case in planned if case.label in reasons}


def _too_large(suite: Suite, planned: list[Case], source: SettingsSource) -> dict[str, str]:
    """Labels of the rows that this machine has not the resources for, and the sentences with their places."""
    machine, reasons = this_machine(), dict[str, str]()
    for i, row in suite.rows:
        path: tuple[Any, ...] = ("resources",) if row.resources is None else ("estimators", i, "resources")
        for case in [case for case in planned if case.label == row.label and case.resources][:1]:
            sentence = lack(resources_of(case), machine)
            if sentence is not None:
                reasons[row.label] = source.say(path, f"row {row.label!r}: {sentence}")
    return reasons
