"""Finished cases of a suite: those that no longer belong to their inputs, and those that lack something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlffbench.cli.console import file_size, say

if TYPE_CHECKING:
    from mlffbench.harness.case import Case
    from mlffbench.harness.case_state import CaseState
    from mlffbench.harness.completion import Completed
    from mlffbench.harness.documents.store import Store
    from mlffbench.harness.inputs import DataInputs

N_NAMED = 10  # files, cases

__all__ = [
    "removed_models",
    "rename_rows",
    "say_added",
    "say_changed",
    "say_lacking",
    "say_models",
    "say_set_aside",
    "with_changed_inputs",
]


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

    from mlffbench.harness.case_data import load_dataset
    from mlffbench.harness.inputs import changed_inputs

    changed = {}
    for case in cases:
        document = store.head(case.id)
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


def say_lacking(states: Iterable[CaseState]) -> None:
    """Print a sentence on tasks and metrics that only another fit can give."""
    refits = [state for state in states if state.status == "finished" and state.needs_refit]
    without_model = [state for state in refits if state.tasks and state.model is None]
    if without_model:
        tasks = dict.fromkeys(task.name for state in without_model for task in state.tasks)
        cases = _some([f"{state.case.title} ({state.missing})" for state in without_model])
        say(f"careful: {', '.join(tasks)} cannot be run without the kept model of: {cases}", err=True)
    without_predictions = [state for state in refits if not state.scorable]
    if without_predictions:
        metrics = dict.fromkeys(metric for state in without_predictions for metric in state.metrics)
        cases = _some([state.case.title for state in without_predictions])
        say(f"careful: {', '.join(metrics)} cannot be scored without predictions of: {cases}", err=True)
    if refits:
        them = "this case" if len(refits) == 1 else f"these {len(refits)} cases"
        say(f"--refit fits {them} again", err=True)


def say_added(completed: Completed) -> None:
    """Print the tasks and metrics that were added to finished cases."""
    parts = [f"{task}: run on {_number(n, 'kept model')}" for task, n in completed.tasks.items()]
    parts += [f"{metric}: scored on {_number(n, 'case')}" for metric, n in completed.metrics.items()]
    parts += [f"{task}: failed on {_number(n, 'kept model')}" for task, n in completed.failed.items()]
    if parts:
        end = [] if completed.fits else ["no fit was repeated"]
        say("; ".join([*parts, *end]))
    if completed.failed:
        say("--retry repeats tasks that failed as a whole")


def say_models(cases: Sequence[Case], store: Store, completed: Completed) -> None:
    """Print where the kept models are, their total size, and those that were removed or are not kept."""
    from mlffbench.harness.documents.kept_models import kept_bytes

    for sentence in removed_models(cases, store, completed):
        say(sentence)
    reasons = [(case, (store.head(case.id) or {}).get("kept_model") or {}) for case in cases]
    missing = [f"{case.title} ({model['reason']})" for case, model in reasons if _is_unwanted(model)]
    if missing:
        say(f"without a kept model: {_some(missing)}")
    if kept := kept_bytes(store, cases):
        say(f"{_number(len(kept), 'model')} in {store.folder / 'models'}, {file_size(sum(kept))}")


def removed_models(cases: Sequence[Case], store: Store, completed: Completed) -> Iterator[str]:
    """Sentences on the models that a run has removed, with their sizes."""
    titles = {case.id: case.title for case in cases}
    for reason, sizes in (
        ("; as the suite says, they are not kept", {d.case.id: d.size for d in completed.discarded}),
        ("; their cases were run again and have none", store.removed),
    ):
        if sizes:
            names = _some([f"{titles.get(id, id)} ({file_size(size)})" for id, size in sizes.items()])
            yield f"removed {_number(len(sizes), 'model')}, {file_size(sum(sizes.values()))}: {names}{reason}"


def _is_unwanted(kept: Mapping[str, Any]) -> bool:
    """True for the reason of a missing model that is not the suite's own wish."""
    return bool(kept.get("reason")) and not kept["reason"].startswith("keep_models")


def _number(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _some(names: Sequence[str]) -> str:
    more = len(names) - N_NAMED
    return "; ".join(names[:N_NAMED]) + (f"; and {more:,} others" if more > 0 else "")


def rename_rows(cases: Iterable[Case], store: Store) -> None:
    """Give the documents of finished cases the names that the suite's rows have now."""
    heads = ((case, store.head(case.id)) for case in cases)
    renamed = [case for case, head in heads if head is not None and head["case"]["label"] != case.label]
    try:
        with store.leases() as leases:
            for case in renamed:
                with leases.claim(case.id) as lease:
                    if lease is not None and (document := store.load(case.id)):
                        named = {**document, "case": {**document["case"], "label": case.label}}
                        store.save(named, held=lease.check)
    except OSError as error:
        reason = error.strerror or error
        say(f"careful: the rows' new names are not stored in {store.folder}: {reason}", err=True)
