"""Run of a suite from a script or a notebook: the command ``mlffbench run`` as a function."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlffbench.harness.case import Case
    from mlffbench.harness.planned_run import PlannedRun
    from mlffbench.harness.store import Store
    from mlffbench.report.results_folder import Results

__all__ = ["run"]


def run(
    suite: str | PathLike[str] | Mapping[str, Any],
    out: str | PathLike[str] | None = None,
    *,
    jobs: int = 1,
    device: str | None = None,
    force: bool = False,
    retry: bool = False,
    progress: bool = True,
) -> Results:
    """Run a suite and return its results; finished cases are kept, so that a second call resumes a first.

    The fits run in child processes, as for ``mlffbench run``: a script needs no ``if __name__ ==
    "__main__"``, and Ctrl-C, or the stop button of a notebook, loses no finished case.

    Parameters
    ----------
    suite : path, str or mapping
        A suite file, its text, or its content as a dictionary.
    out : path, optional
        Results folder; by default ``results/<name of the suite>``.
    jobs : int
        Number of cases run at the same time; they share the cores.
    device : str, optional
        Device of methods that support GPUs: ``cuda``, ``cuda:1`` ...
    force : bool
        Fit finished cases again.
    retry : bool
        Repeat failed cases.
    progress : bool
        Show bars on stderr.

    Returns
    -------
    Results
        Of the cases of the suite; failed ones are rows of its `failures`.

    Raises
    ------
    SuiteError
        A ValueError: the suite or its data cannot be used; one line a mistake.
    OSError
        The results cannot be written, or the disk is full.

    Examples
    --------
    >>> suite = {
    ...     "name": "first",
    ...     "problems": [{"dataset": "lennard_jones"}],
    ...     "estimators": ["atomic_reference", "morse"],
    ... }
    >>> run(suite, jobs=2).leaderboard()  # doctest: +SKIP
    """
    from mlffbench.cli.finished import with_changed_inputs
    from mlffbench.harness.execute import execute, pending
    from mlffbench.harness.planned_run import plan_run
    from mlffbench.harness.store import Store
    from mlffbench.report.results_folder import Results

    plan = plan_run(_content(suite), device)
    for sentence in plan.warnings:
        warnings.warn(sentence, stacklevel=2)
    store = Store(Path(out or Path("results") / plan.suite.name))
    changed = {} if force else with_changed_inputs(plan.cases, store, plan.inputs)
    cases = pending(plan.cases, store, force, retry, changed)
    if cases:
        store.check_rights()
    with _observer(progress, plan, cases, store, jobs) as observer:
        execute(cases, store, observer, jobs, plan.suite.time_limit, force)
    results = Results([store], [case.id for case in plan.cases])
    results.report()
    return results


def _content(suite: str | PathLike[str] | Mapping[str, Any]) -> Path | Mapping[str, Any]:
    """The suite's file or content; a text of several lines is YAML."""
    if isinstance(suite, Mapping):
        return suite
    if not isinstance(suite, str) or "\n" not in suite:
        return Path(suite)
    from mlffbench.harness.plan import SuiteError
    from mlffbench.system.yaml_text import read_yaml

    try:
        content = read_yaml(suite)
    except ValueError as error:
        raise SuiteError(f"the suite: {error}") from error
    if not isinstance(content, Mapping):
        raise SuiteError("the suite is a text of several lines, but no mapping in YAML")
    return content


class _Silent:
    """Observer that shows nothing."""

    def started(self, case: Case) -> None: ...
    def progressed(self, case: Case, *_: Any) -> None: ...
    def beat(self, memory: Mapping[str, int | None]) -> None: ...
    def waiting(self, cases: Sequence[Case]) -> None: ...
    def finished(self, case: Case, document: dict[str, Any]) -> None: ...


def _observer(progress: bool, plan: PlannedRun, cases: Sequence[Case], store: Store, jobs: int) -> Any:
    """Context of a display of the run, or of silence."""
    if not progress or not cases:
        return nullcontext(_Silent())
    from mlffbench.cli.console import console
    from mlffbench.cli.observers import observer

    return observer(console(stderr=True), plan.cases, cases, store, jobs, plan.suite.time_limit)
