"""Mistakes in the names, keywords and values of a suite, all at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.harness.planning.executor_mistakes import executor_mistakes
from mlffbench.harness.planning.plan import SKIP, manifest_of
from mlffbench.harness.planning.published_mistakes import published_mistakes
from mlffbench.harness.planning.row import estimator_entry
from mlffbench.harness.planning.row_mistakes import entries_of, row_mistakes, rows_of
from mlffbench.harness.planning.search_mistakes import search_mistakes
from mlffbench.splits.common import manifest_file
from mlffbench.system.checksum import Checksum
from mlffbench.system.settings_source import Mistake, SettingsSource

__all__ = ["name_mistakes"]

Place = tuple[Any, ...]


def name_mistakes(source: SettingsSource) -> list[Mistake]:
    """Mistakes in the entries of a suite's content, also where the rest of the content is no suite."""
    mistakes = []
    for where, kind, spec in _entries(source.content):
        own = source.mistakes(where, kind, spec, SKIP.get(kind, ()))
        if own and kind == "datasets" and spec.name not in registry.names(kind) and Path(spec.name).exists():
            own = [Mistake(where, f"no dataset is named {spec.name!r}; your file is {{path: {spec.name}}}")]
        if not own and kind == "splits" and spec.name == "manifest":
            own = [Mistake(where, fault) for fault in _manifest_faults(spec)]
        mistakes += own
    mistakes += [*search_mistakes(source.content), *executor_mistakes(source.content)]
    mistakes += published_mistakes(source.content)
    return [*mistakes, *row_mistakes(source.content), *_repeated_entries(source.content)]


def _entries(content: Any) -> Iterator[tuple[Place, str, Spec]]:
    """Places, kinds and specs of all entries that can be read as specs."""
    for i, problem in enumerate(entries_of(content, "problems")):
        if isinstance(problem, Mapping):
            for word, kind in (("dataset", "datasets"), ("split", "splits")):
                if word in problem and (spec := _spec(problem[word])) is not None:
                    yield ("problems", i, word), kind, spec
    for i, value in enumerate(entries_of(content, "estimators")):
        if (spec := _spec(estimator_entry(value))) is not None:
            yield ("estimators", i), "estimators", spec
    executor = content.get("executor") if isinstance(content, Mapping) else None
    if executor is not None and (spec := _spec(executor)) is not None:
        yield ("executor",), "executors", spec
    for kind in ("tasks", "metrics"):
        for i, value in enumerate(entries_of(content, kind)):
            if (spec := _spec(value)) is not None:
                yield (kind, i), kind, spec


def _spec(value: Any) -> Spec | None:
    try:
        return Spec.parse(value)
    except ValueError:
        return None


def _repeated_entries(content: Any) -> list[Mistake]:
    """Seeds, problems, tasks, metrics and estimators that stand twice: they would ask for the same again."""
    parts: dict[str, list[Any]] = {
        word: entries_of(content, word) for word in ("seeds", "tasks", "metrics", "problems")
    }
    parts["estimators"] = [[row.spec, row.budget, row.environment, row.search] for _, row in rows_of(content)]
    mistakes = []
    for word, values in parts.items():
        places: dict[str, int] = {}
        for i, value in enumerate(values):
            if (first := places.setdefault(_key(value), i)) < i and _labels_differ(content, word, first, i):
                sentence = f"the same {word.removesuffix('s')} as number {first + 1} of {word}"
                mistakes.append(Mistake((word, i), sentence))
    return mistakes


def _key(value: Any) -> str:
    """Text that is the same for equal entries."""
    try:
        return json.dumps(value, sort_keys=True, default=vars)
    except TypeError:  # keys of several types, or values that YAML does not write
        return repr(value)


def _labels_differ(content: Any, word: str, first: int, second: int) -> bool:
    """True unless two rows have one name, which is said elsewhere."""
    rows = [row for _, row in rows_of(content)]
    return word != "estimators" or rows[first].label != rows[second].label


def _manifest_faults(split: Spec) -> Iterator[str]:
    """Sentences on a split manifest that cannot be read, or is another one than the suite asks for."""
    file = manifest_of(split)
    try:
        manifest_file.read(file)
        asked, actual = split.params.get("sha256"), Checksum("").of(file)
        if asked is not None and str(asked).lower() != actual:
            yield f"{file} is not the manifest that was asked for: its sha256 is {actual}"
    except OSError as error:
        yield f"{file}: {error.strerror or error}"
    except ValueError as error:
        yield str(error)
