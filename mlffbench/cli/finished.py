"""Finished cases of a suite: those that no longer belong to their inputs, and those that lack something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlffbench.cli.console import say

if TYPE_CHECKING:
    from mlffbench.harness.case import Case
    from mlffbench.harness.inputs import DataInputs
    from mlffbench.harness.store import Store

N_NAMED = 10  # files

__all__ = ["rename_rows", "say_changed", "say_lacking", "say_set_aside", "with_changed_inputs"]


def with_changed_inputs(
    cases: Iterable[Case], store: Store, inputs: Mapping[str, DataInputs]
) -> dict[str, list[str]]:
    """Ids of the finished cases whose inputs changed since, and the inputs in words.

    Parameters
    ----------
    inputs : mapping of str to DataInputs
        Of every dataset, by its spec as text.
    """
    from functools import partial

    from mlffbench.harness.inputs import changed_inputs
    from mlffbench.harness.run import load_dataset

    changed = {}
    for case in cases:
        document = store.load(case.id)
        if document is not None:
            data, load = inputs[str(case.dataset)], partial(load_dataset, case.dataset)
            if words := changed_inputs(document, case, data, load):
                changed[case.id] = words
    return changed


def say_changed(changed: Mapping[str, Sequence[str]]) -> None:
    """Print a sentence on the cases that are run again."""
    if changed:
        words = list(dict.fromkeys(word for words in changed.values() for word in words))
        say(
            f"careful: since {len(changed)} finished cases were fitted, these inputs changed: "
            f"{', '.join(words)}; they are run again",
            err=True,
        )


def say_set_aside(store: Store, remedy: str = "the others count") -> None:
    """Print a sentence on each file of a results folder that cannot be used; on the first ten of many."""
    for path, reason in list(store.set_aside.items())[:N_NAMED]:
        say(f"set aside: {path}: {reason}; {remedy}", err=True)
    if (more := len(store.set_aside) - N_NAMED) > 0:
        say(f"set aside: {more:,} other files", err=True)


def say_lacking(cases: Sequence[Case], todo: Sequence[Case], store: Store, suite: Path) -> None:
    """Print a sentence on metrics and tasks that the suite asks for and finished cases do not have."""
    ids = {case.id for case in todo}
    n, metrics, tasks = 0, dict[str, None](), dict[str, None]()
    for case in cases:
        document = None if case.id in ids else store.load(case.id)
        if document is not None and document["status"] == "ok":
            own_metrics, own_tasks = _lacking(case, document)
            metrics |= dict.fromkeys(own_metrics)
            tasks |= dict.fromkeys(own_tasks)
            n += bool(own_metrics or own_tasks)
    remedies = []
    if metrics:
        options = " ".join(f"--metric {name}" for name in metrics)
        remedies.append(
            f"metric {', '.join(metrics)} ('mlffbench score {store.folder} {options}' computes it)"
        )
    if tasks:
        remedies.append(
            f"task {', '.join(tasks)} ('mlffbench run {suite} --out {store.folder} --force' fits again)"
        )
    if remedies:
        say(f"careful: {n} finished cases lack what the suite asks for: {'; '.join(remedies)}", err=True)


def _lacking(case: Case, document: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Metrics and tasks of a case that its document does not have."""
    scored = {score["metric"] for score in document["scores"]}
    done = document["case"]["tasks"]
    tasks = [str(task) for task, plain in zip(case.tasks, case.to_json()["tasks"], strict=True)
             if plain not in done]  # fmt: skip
    return [name for name in case.metrics if name not in scored], tasks


def rename_rows(cases: Iterable[Case], store: Store) -> None:
    """Give the documents of finished cases the names that the suite's rows have now."""
    for case in cases:
        document = store.load(case.id)
        if document is not None and document["case"]["label"] != case.label:
            try:
                store.save({**document, "case": {**document["case"], "label": case.label}})
            except OSError as error:
                reason = error.strerror or error
                say(f"careful: the rows' new names are not stored in {store.folder}: {reason}", err=True)
                return
