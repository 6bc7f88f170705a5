"""suite.yaml -> [Case]: the same file and the same data give the same list."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from mlffbench import registry
from mlffbench.data import Spec

__all__ = ["Case", "Suite", "SuiteError", "cases", "read_suite", "suite_schema"]

SKIP = {"splits": ("dataset", "seed"), "tasks": ("model", "dataset", "split", "seed")}
DEFAULT_METRICS = ["rmse", "mae"]


class SuiteError(ValueError):
    """A suite that cannot be run; the message names file, line and the nearest valid word."""


@dataclass(frozen=True)
class Case:
    """One fit: plain JSON, runnable by another interpreter.

    `id` digests what decides the fit: dataset with the data's checksum, split, estimator with parameters,
    seed. Metrics, tasks, the row's label and the suite's name are not among them.
    """

    suite: str
    label: str
    dataset: Spec
    split: Spec
    estimator: Spec
    seed: int
    data_digest: str
    metrics: tuple[str, ...] = tuple(DEFAULT_METRICS)
    tasks: tuple[Spec, ...] = ()

    @property
    def id(self) -> str:
        decides = {k: v for k, v in self.to_json().items() if k not in ("suite", "label", "metrics", "tasks")}
        digest = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
        return f"{re.sub(r'[^A-Za-z0-9_]', '_', self.estimator.name)}-{digest[:12]}"

    def to_json(self) -> dict[str, Any]:
        return json.loads(json.dumps(asdict(self)))

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Case:
        specs = {k: Spec(**document[k]) for k in ("dataset", "split", "estimator")}
        tasks = tuple(Spec(**t) for t in document["tasks"])
        return cls(**{**document, **specs, "tasks": tasks, "metrics": tuple(document["metrics"])})


# ---------------------------------------------------------------- the file's shape
def _parse_spec(value: Any) -> Any:
    """``name`` or ``name: {keyword: value}``, for an estimator with ``as: label`` beside it."""
    if isinstance(value, Named):
        return value
    if isinstance(value, str):
        return Named(Spec(value))
    if not isinstance(value, dict) or not value:
        raise ValueError("write a name, or 'name: {keyword: value}'")
    rest = {k: v for k, v in value.items() if k != "as"}
    if len(rest) != 1:
        raise ValueError(f"write one name here, not {len(rest)}: {list(rest)}")
    ((name, params),) = rest.items()
    if not isinstance(params, dict | None):
        raise ValueError(f"the keywords of {name!r} must be written as 'keyword: value', not {params!r}")
    return Named(Spec(str(name), params or {}), value.get("as"))


def _parse_dataset(value: Any) -> Any:
    """As above; ``{path: file, ...}`` is the user's own data."""
    if isinstance(value, dict) and "path" in value and not isinstance(value["path"], dict):
        return Named(Spec("path", value))
    return _parse_spec(value)


@dataclass(frozen=True)
class Named:
    """A spec and the row's name that the suite gives it."""

    spec: Spec
    label: str | None = None


def _spec_schema(kind: str) -> WithJsonSchema:
    known = registry.names(kind)
    keyed = {"type": "object", "properties": {n: {"type": ["object", "null"]} for n in known}}
    return WithJsonSchema({"anyOf": [{"enum": known}, keyed, {"type": "string", "pattern": ":"}]})


EstimatorSpec = Annotated[Any, BeforeValidator(_parse_spec), _spec_schema("estimators")]
SplitSpec = Annotated[Any, BeforeValidator(_parse_spec), _spec_schema("splits")]
TaskSpec = Annotated[Any, BeforeValidator(_parse_spec), _spec_schema("tasks")]
DatasetSpec = Annotated[Any, BeforeValidator(_parse_dataset), _spec_schema("datasets")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(_Strict):
    """A dataset and how to split it."""

    dataset: DatasetSpec = Field(description="a dataset's name, or {path: file} for your own")
    split: SplitSpec = Field(default=Named(Spec("official")), validate_default=True)


class Suite(_Strict):
    """What a suite file says."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]+$", description="names the results folder")
    problems: list[Problem] = Field(min_length=1)
    estimators: list[EstimatorSpec] = Field(min_length=1)
    seeds: list[int] = Field(default=[0], min_length=1)
    tasks: list[TaskSpec] = []
    metrics: list[str] = Field(default=DEFAULT_METRICS, min_length=1)
    time_limit: float | None = Field(default=None, gt=0, description="seconds a case may take; default none")


def suite_schema() -> dict[str, Any]:
    """The JSON schema of a suite file, for editors."""
    return Suite.model_json_schema()


# ---------------------------------------------------------------- reading
def read_suite(file: Path) -> Suite:
    """Read and check a suite file.

    Raises
    ------
    SuiteError
        It cannot be read, is not YAML, has an unknown key, name or keyword, or a value of the wrong kind.
    """
    try:
        text = Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise SuiteError(f"{file}: {error.strerror or error}") from error
    lines = _Lines(file, text)
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        raise SuiteError(f"{where}: not valid YAML: {getattr(error, 'problem', error)}") from error
    if not isinstance(content, dict):
        raise SuiteError(f"{file}: a suite is a mapping with at least 'name', 'problems' and 'estimators'")
    try:
        suite = Suite.model_validate(content)
    except ValidationError as error:
        raise SuiteError("\n".join(lines.say(e["loc"], _sentence(e)) for e in error.errors())) from None
    _check_names(suite, lines)
    return suite


def _sentence(error: Any) -> str:
    """pydantic's complaint in the words of a suite."""
    *_, word = error["loc"]
    if error["type"] == "extra_forbidden":
        model = Problem if "problems" in error["loc"] else Suite
        return f"unknown key {word!r}{registry.suggest(str(word), model.model_fields)}"
    if error["type"] == "missing":
        return f"{word!r} is missing"
    return f"{word}: {error['msg'].removeprefix('Value error, ')}"


def _check_names(suite: Suite, lines: _Lines) -> None:
    """Every name and keyword must be known."""
    things: list[tuple[tuple[Any, ...], str, Spec]] = []
    for i, problem in enumerate(suite.problems):
        things += [(("problems", i, "dataset"), "datasets", problem.dataset.spec)]
        things += [(("problems", i, "split"), "splits", problem.split.spec)]
    things += [(("estimators", i), "estimators", e.spec) for i, e in enumerate(suite.estimators)]
    things += [(("tasks", i), "tasks", t.spec) for i, t in enumerate(suite.tasks)]
    things += [(("metrics", i), "metrics", Spec(m)) for i, m in enumerate(suite.metrics)]
    for where, kind, spec in things:
        try:
            registry.build(kind, spec.name, spec.params, SKIP.get(kind, ()))
        except LookupError as error:
            raise SuiteError(lines.say(where, str(error.args[0]), spec)) from error
    labels = Counter(e.label or e.spec.name for e in suite.estimators)
    for i, e in enumerate(suite.estimators):
        if labels[e.label or e.spec.name] > 1:
            message = f"{e.label or e.spec.name!r} appears twice; name the row with 'as: another-name'"
            raise SuiteError(lines.say(("estimators", i), message))


class _Lines:
    """Where each entry of a YAML file stands."""

    def __init__(self, file: Path, text: str) -> None:
        self.file, self.lines = file, {}  # type: Path, dict[tuple[Any, ...], int]
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError:
            return
        if node is not None:
            self._walk(node, ())

    def _walk(self, node: yaml.Node, where: tuple[Any, ...]) -> None:
        self.lines.setdefault(where, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inside = (*where, key.value)
                if inside in self.lines:
                    raise SuiteError(f"{self.file}:{key.start_mark.line + 1}: {key.value!r} appears twice")
                self.lines[inside] = key.start_mark.line + 1
                self._walk(value, inside)
        elif isinstance(node, yaml.SequenceNode):
            for i, value in enumerate(node.value):
                self._walk(value, (*where, i))

    def say(self, where: Iterable[Any], message: str, spec: Spec | None = None) -> str:
        """The message with file and line, of the bad keyword where the message quotes one."""
        place = tuple(where)
        if spec is not None:
            bad = [k for k in spec.params if f"no parameter {k!r}" in message]
            for longer in ((*place, spec.name, *bad), (*place, *bad)):
                if bad and longer in self.lines:
                    return f"{self.file}:{self.lines[longer]}: {message}"
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.file}:{self.lines.get(place, 1)}: {message}"


# ---------------------------------------------------------------- cases
def cases(suite: Suite, digest: Callable[[Spec], str], device: str | None = None) -> list[Case]:
    """Every problem x estimator x seed.

    Parameters
    ----------
    digest : callable
        The data's checksum of a dataset spec.
    device : str, optional
        Given to every estimator that has the parameter and does not set it.
    """
    blank = [
        Case(
            suite=suite.name,
            label=estimator.label or estimator.spec.name,
            dataset=problem.dataset.spec,
            split=problem.split.spec,
            estimator=_on(estimator.spec, device),
            seed=seed,
            data_digest=digest(problem.dataset.spec),
            metrics=tuple(suite.metrics),
            tasks=tuple(task.spec for task in suite.tasks),
        )
        for problem in suite.problems
        for seed in suite.seeds
        for estimator in suite.estimators
    ]
    twins = [i for i, n in Counter(case.id for case in blank).items() if n > 1]
    if twins:
        rows = sorted({case.label for case in blank if case.id in twins})
        raise SuiteError(f"{suite.name}: rows {rows} or a problem or seed ask for the same fit twice")
    return blank


def _on(spec: Spec, device: str | None) -> Spec:
    known = registry.parameters(registry.load("estimators", spec.name))
    if device is None or "device" not in known or "device" in spec.params:
        return spec
    return replace(spec, params={**spec.params, "device": device})
