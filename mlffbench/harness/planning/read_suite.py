"""Reading of a suite from a file, a text or a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mlffbench.harness.planning.plan import Problem, Suite, SuiteError
from mlffbench.harness.planning.row_mistakes import entries_of
from mlffbench.harness.planning.suite_names import name_mistakes
from mlffbench.system.settings_source import Mistake, SettingsSource
from mlffbench.system.yaml_file import YamlFile

__all__ = ["open_suite", "read_suite", "sound_problems", "suite_in"]

SHAPE = "a suite is a mapping with at least 'name', 'problems' and 'estimators'"


def read_suite(suite: Path | str | Mapping[str, Any]) -> Suite:
    """Read and check a suite file, or a mapping of the same content.

    Raises
    ------
    SuiteError
        It cannot be read, is not YAML, or has unknown keys, names or keywords, or values of the wrong kind:
        one line for each.
    """
    source = open_suite(suite)
    content, mistakes = suite_in(source)
    source.refuse(mistakes)
    assert content is not None
    return content


def open_suite(suite: Path | str | Mapping[str, Any]) -> SettingsSource:
    """Open a suite file, or take a text of several lines, or a mapping.

    Raises
    ------
    SuiteError
        It cannot be read, or is not YAML of plain values.
    """
    if isinstance(suite, Mapping):
        return SettingsSource(suite, SuiteError)
    if isinstance(suite, str) and "\n" in suite:
        return YamlFile(Path("suite"), SuiteError, suite)
    return YamlFile(Path(suite), SuiteError)


def suite_in(source: SettingsSource) -> tuple[Suite | None, list[Mistake]]:
    """The suite, None if the content is none, and all mistakes in its keys, names, keywords and values."""
    suite, mistakes = source.read_as(Suite, SHAPE)
    return suite, [*mistakes, *name_mistakes(source)]


def sound_problems(source: SettingsSource) -> dict[int, Problem]:
    """Problems of a content that is no suite, by their numbers; of an unsound one the dataset alone."""
    problems = {}
    for i, value in enumerate(entries_of(source.content, "problems")):
        bare = {"dataset": value["dataset"]} if isinstance(value, Mapping) and "dataset" in value else {}
        for content in (bare, value):
            with suppress(ValidationError):
                problems[i] = Problem.model_validate(content)
    return problems
