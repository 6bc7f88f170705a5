"""suite.yaml -> [Case]: the same file and the same data give the same list."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.system.checksum import Checksum
from mlffbench.system.yaml_file import YamlFile

__all__ = ["Case", "Suite", "SuiteError", "cases", "parse_spec", "read_suite", "suite_schema"]

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
def parse_spec(value: Any) -> Any:
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
    return parse_spec(value)


@dataclass(frozen=True)
class Named:
    """A spec and the row's name that the suite gives it."""

    spec: Spec
    label: str | None = None


def _spec_schema(kind: str) -> WithJsonSchema:
    known = registry.names(kind)
    keyed = {"type": "object", "properties": {n: {"type": ["object", "null"]} for n in known}}
    return WithJsonSchema({"anyOf": [{"enum": known}, keyed, {"type": "string", "pattern": ":"}]})


EstimatorSpec = Annotated[Any, BeforeValidator(parse_spec), _spec_schema("estimators")]
SplitSpec = Annotated[Any, BeforeValidator(parse_spec), _spec_schema("splits")]
TaskSpec = Annotated[Any, BeforeValidator(parse_spec), _spec_schema("tasks")]
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
    source = YamlFile(file, SuiteError)
    suite = source.validated(Suite, "a suite is a mapping with at least 'name', 'problems' and 'estimators'")
    _check_names(suite, source)
    return suite


def _check_names(suite: Suite, source: YamlFile) -> None:
    """Every name and keyword must be known, and every row have a name of its own."""
    things: list[tuple[tuple[Any, ...], str, Spec]] = []
    for i, problem in enumerate(suite.problems):
        things += [(("problems", i, "dataset"), "datasets", problem.dataset.spec)]
        things += [(("problems", i, "split"), "splits", problem.split.spec)]
    things += [(("estimators", i), "estimators", e.spec) for i, e in enumerate(suite.estimators)]
    things += [(("tasks", i), "tasks", t.spec) for i, t in enumerate(suite.tasks)]
    things += [(("metrics", i), "metrics", Spec(m)) for i, m in enumerate(suite.metrics)]
    for where, kind, spec in things:
        source.check(where, kind, spec, SKIP.get(kind, ()))
    labels = Counter(e.label or e.spec.name for e in suite.estimators)
    for i, e in enumerate(suite.estimators):
        if labels[e.label or e.spec.name] > 1:
            message = f"{e.label or e.spec.name!r} appears twice; name the row with 'as: another-name'"
            raise SuiteError(source.say(("estimators", i), message))


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
            split=_pinned(problem.split.spec),
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


def _pinned(spec: Spec) -> Spec:
    """A manifest with its content's checksum, so that an edited file is another case."""
    if spec.name != "manifest" or "sha256" in spec.params:
        return spec
    file = Path(spec.params.get("file", registry.parameters(registry.load("splits", "manifest"))["file"]))
    if not file.is_file():
        raise SuiteError(f"the split 'manifest' needs a file, and there is none at {str(file)!r}")
    return replace(spec, params={**spec.params, "sha256": Checksum("").of(file)})


def _on(spec: Spec, device: str | None) -> Spec:
    if device is None:
        return spec
    return replace(spec, params=_placed("estimators", spec.name, spec.params, device))


def _placed(kind: str, name: str, params: Mapping[str, Any], device: str) -> dict[str, Any]:
    """The keywords with the device, also those of models inside the model."""
    thing = registry.load(kind, name)
    placed = dict(params)
    if "device" in registry.parameters(thing):
        placed.setdefault("device", device)
    for word, kinds in registry.parts(thing).items():
        if word in params:
            inside, its_name, its_params = registry.resolve(params[word], kinds)
            moved = _placed(inside, its_name, its_params, device)
            if moved != its_params:
                placed[word] = {inside.removesuffix("s"): {its_name: moved}}
    return placed
