"""Order of the suites that results folders keep, and those of their cases that have not finished."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from mlffbench.data import Spec
from mlffbench.harness.case import Case
from mlffbench.harness.documents.kept_suite import suite_of
from mlffbench.harness.documents.store import Store
from mlffbench.harness.planning.plan import Suite, cases
from mlffbench.report.grouping import short_name
from mlffbench.report.problems import Document, Problem, dig, spec_text
from mlffbench.report.results import Results
from mlffbench.report.unfinished import UnfinishedCase
from mlffbench.system.failures import INFRASTRUCTURE

__all__ = ["in_suite_order"]


def in_suite_order(documents: Iterable[Document], folders: Iterable[Path]) -> Results:
    """Group documents, the problems as the suites of the folders list them, with the cases not yet finished.

    Problems that no suite names come last, in order of appearance. A case is running if a living process
    holds its lease; of a case whose id cannot be told without its data, the first of its estimator is taken.
    A folder that keeps no suite, or one that cannot be planned here, changes nothing.
    """
    places = [folder for folder in folders if folder.is_dir()]
    suites = [(suite, folder) for folder in places if (suite := suite_of(folder)) is not None]
    results = Results.from_documents(documents, _distinct([suite for suite, _ in suites]))
    if not suites:
        return results
    order = {problem.name: _place(problem, [suite for suite, _ in suites]) for problem in results.problems}
    problems = sorted(results.problems, key=lambda problem: order[problem.name])
    unfinished = [case for suite, folder in suites for case in _unfinished(suite, folder, problems)]
    return replace(results, problems=tuple(problems), unfinished=tuple(unfinished))


def _distinct(suites: Sequence[Suite]) -> list[Suite]:
    return [suite for k, suite in enumerate(suites) if suite not in suites[:k]]


def _place(problem: Problem, suites: Sequence[Suite]) -> tuple[int, int]:
    """Number of the suite and of the problem in it; beyond all if no suite names it."""
    places = ((k, i) for k, suite in enumerate(suites) if (i := _number(problem, suite)) is not None)
    return next(places, (len(suites), 0))


def _number(problem: Problem, suite: Suite) -> int | None:
    """Number of a problem in a suite; of one dataset with several splits, that of its split."""
    case = problem.documents[0]["case"]
    same = [i for i, own in enumerate(suite.problems) if _is_dataset(own.dataset, case["dataset"])]
    if len(same) < 2:
        return same[0] if same else None
    return next((i for i in same if _text(suite.problems[i].split) == _text(case["split"])), None)


def _is_dataset(spec: Spec, plain: Any) -> bool:
    """True for the same dataset; of files the name counts, as the folder may have moved."""
    return _without_folder(spec) == _without_folder(plain)


def _without_folder(spec: Any) -> str:
    given = json.loads(_text(spec))
    params = given.get("params") or {}
    if isinstance(path := params.get("path"), str):
        params = {**params, "path": PurePath(path).name}
    return _text({"name": given["name"], "params": params})


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=vars)


# ---------------------------------------------------------------- cases without a document
def _unfinished(suite: Suite, folder: Path, problems: Sequence[Problem]) -> list[UnfinishedCase]:
    """Cases of a suite that have not finished, in the suite's order."""
    own = {i: problem for problem in problems if (i := _number(problem, suite)) is not None}
    missing = list(_missing(suite, own))
    running = _running([case for case, _ in missing], _at_work(folder))
    return [
        UnfinishedCase(name, case.label, case.seed, "running" if k in running else "waiting")
        for k, (case, name) in enumerate(missing)
    ]


def _missing(suite: Suite, own: dict[int, Problem]) -> Iterator[tuple[Case, str]]:
    """Planned cases without a document, and the names of their problems.

    Nothing of a suite that cannot be planned here: an environment or a file may be missing.
    """
    digests = {
        _text(suite.problems[i].dataset): str(dig(problem.documents[0], "case", "data_digest") or "")
        for i, problem in own.items()
    }
    try:
        planned = cases(suite, lambda spec: digests.get(_text(spec), _text(spec)))
    except (LookupError, OSError, ValueError):
        return
    n_each = len(planned) // len(suite.problems)
    labels = {case.label for case in planned}
    finished = {i: Counter(_row(d, labels) for d in _finished(problem)) for i, problem in own.items()}
    for k, case in enumerate(planned):
        i = k // n_each
        if finished.get(i, Counter())[case.label, case.seed]:
            finished[i][case.label, case.seed] -= 1
            continue
        if i in own:
            case = replace(case, split=Spec(**own[i].documents[0]["case"]["split"]))
        name = own[i].name if i in own else _name(case)
        yield case, name


def _finished(problem: Problem) -> list[Document]:
    """Documents that say something about their method."""
    kinds = ((document, dig(document, "failure", "kind")) for document in problem.documents)
    return [document for document, kind in kinds if kind not in INFRASTRUCTURE]


def _row(document: Document, labels: Container[str]) -> tuple[str, Any]:
    """Row and seed; of several folders a label may have the folder behind it: ``mace [laptop]``."""
    case = document["case"]
    label = str(case.get("label") or case["estimator"]["name"])
    return label if label in labels else label.partition(" [")[0], case.get("seed")


def _name(case: Case) -> str:
    plain = case.to_json()
    return f"{short_name(plain['dataset'])} · {spec_text(plain['split'])}"


def _at_work(folder: Path) -> set[str]:
    """Ids of the cases that a living process computes."""
    with suppress(OSError):
        leases = Store(folder).leases()
        return leases.names() - leases.dead_names()
    return set()


def _running(missing: Sequence[Case], ids: set[str]) -> set[int]:
    """Numbers of the cases with these ids; an unknown id is of the first other case of its estimator."""
    known = {case.id: k for k, case in enumerate(missing)}
    running = {known[id] for id in ids if id in known}
    for id in sorted(ids - known.keys()):
        estimator = id.rpartition("-")[0]
        names = (re.sub(r"[^A-Za-z0-9_]", "_", case.estimator.name) for case in missing)
        others = (k for k, name in enumerate(names) if name == estimator and k not in running)
        running.update([k] if (k := next(others, None)) is not None else [])
    return running
