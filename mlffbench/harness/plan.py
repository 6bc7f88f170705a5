"""Read suite.yaml and list its cases; the same file and data give the same list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, WithJsonSchema

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.harness.case import DEFAULT_METRICS, Case
from mlffbench.splits.common import manifest_file
from mlffbench.system.checksum import Checksum
from mlffbench.system.file_name import check_file_name
from mlffbench.system.settings_source import SettingsSource
from mlffbench.system.yaml_file import YamlFile

__all__ = ["Suite", "SuiteError", "cases", "read_suite", "suite_schema"]

MOST_CASES = 200_000
LONGEST_LABEL = 200
SKIP = {"splits": ("dataset", "seed"), "tasks": ("model", "dataset", "split", "seed")}


class SuiteError(ValueError):
    """Error in a suite file; the message names file, line and the nearest valid word."""


# ---------------------------------------------------------------- the file's shape
@dataclass(frozen=True)
class Row:
    """An estimator of a suite and the name of its row in the leaderboard."""

    spec: Spec
    label: str

    @classmethod
    def parse(cls, value: Any) -> Row:
        """Read an entry of ``estimators``: a spec, with ``as: label`` beside it if wanted."""
        if isinstance(value, cls):
            return value
        label = value.get("as") if isinstance(value, Mapping) else None
        bare = {k: v for k, v in value.items() if k != "as"} if isinstance(value, Mapping) else value
        spec = Spec.parse(bare)
        if label is not None and not _is_label(label):
            raise ValueError(f"the name of a row must be printable text in one line, not {label!r:.80}")
        return cls(spec, spec.name if label is None else str(label))


def _is_label(value: Any) -> bool:
    """Return True for a text or number that can name a row."""
    text = str(value)
    written = isinstance(value, str | int | float) and not isinstance(value, bool)
    return written and bool(text.strip()) and text.isprintable() and len(text) <= LONGEST_LABEL


def _spec_schema(kind: str) -> WithJsonSchema:
    known = registry.names(kind)
    keyed = {"type": "object", "properties": {n: {"type": ["object", "null"]} for n in known}}
    return WithJsonSchema({"anyOf": [{"enum": known}, keyed, {"type": "string", "pattern": ":"}]})


EstimatorRow = Annotated[Any, BeforeValidator(Row.parse), _spec_schema("estimators")]
SplitSpec = Annotated[Any, BeforeValidator(Spec.parse), _spec_schema("splits")]
TaskSpec = Annotated[Any, BeforeValidator(Spec.parse), _spec_schema("tasks")]
DatasetSpec = Annotated[Any, BeforeValidator(Spec.parse), _spec_schema("datasets")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Seed = Annotated[StrictInt, Field(ge=0, lt=2**32, description="a whole number from 0 on")]


class Problem(_Strict):
    """A dataset and its split."""

    dataset: DatasetSpec = Field(description="a dataset's name, or {path: file} for your own")
    split: SplitSpec = Field(default=Spec("official"), validate_default=True)


class Suite(_Strict):
    """Content of a suite file."""

    name: Annotated[str, AfterValidator(check_file_name)] = Field(
        pattern=r"^[A-Za-z0-9_.-]+$", description="names the results folder"
    )
    problems: list[Problem] = Field(min_length=1)
    estimators: list[EstimatorRow] = Field(min_length=1)
    seeds: list[Seed] = Field(default=[0], min_length=1)
    tasks: list[TaskSpec] = []
    metrics: list[str] = Field(default=DEFAULT_METRICS, min_length=1)
    time_limit: float | None = Field(
        default=None, gt=0, le=1e9, strict=True, description="seconds a case may take; default none"
    )


def suite_schema() -> dict[str, Any]:
    """The JSON schema of a suite file, for editors."""
    return Suite.model_json_schema()


# ---------------------------------------------------------------- reading
def read_suite(suite: Path | str | Mapping[str, Any]) -> Suite:
    """Read and check a suite file, or a mapping of the same content.

    Raises
    ------
    SuiteError
        It cannot be read, is not YAML, has an unknown key, name or keyword, or a value of the wrong kind.
    """
    mapping = isinstance(suite, Mapping)
    source = SettingsSource(suite, SuiteError) if mapping else YamlFile(Path(suite), SuiteError)
    suite = source.validated(Suite, "a suite is a mapping with at least 'name', 'problems' and 'estimators'")
    _check_names(suite, source)
    return suite


def _check_names(suite: Suite, source: SettingsSource) -> None:
    """Refuse unknown names and keywords, and two rows of one name."""
    entries: list[tuple[tuple[Any, ...], str, Spec]] = []
    for i, problem in enumerate(suite.problems):
        entries += [(("problems", i, "dataset"), "datasets", problem.dataset)]
        entries += [(("problems", i, "split"), "splits", problem.split)]
    entries += [(("estimators", i), "estimators", e.spec) for i, e in enumerate(suite.estimators)]
    entries += [(("tasks", i), "tasks", t) for i, t in enumerate(suite.tasks)]
    entries += [(("metrics", i), "metrics", Spec(m)) for i, m in enumerate(suite.metrics)]
    for where, kind, spec in entries:
        source.check(where, kind, spec, SKIP.get(kind, ()))
    for i, problem in enumerate(suite.problems):
        if problem.split.name == "manifest":
            _check_manifest(problem.split, ("problems", i, "split"), source)
    labels = Counter(e.label for e in suite.estimators)
    for i, e in enumerate(suite.estimators):
        if labels[e.label] > 1:
            message = f"{e.label!r} appears twice; name the row with 'as: another-name'"
            raise SuiteError(source.say(("estimators", i), message))


def _check_manifest(split: Spec, where: tuple[Any, ...], source: SettingsSource) -> None:
    """Refuse a split manifest that cannot be read, or is another one than the suite asks for."""
    file = _manifest(split)
    try:
        manifest_file.read(file)
        asked, actual = split.params.get("sha256"), Checksum("").of(file)
        if asked is not None and str(asked).lower() != actual:
            raise ValueError(f"{file} is not the manifest that was asked for: its sha256 is {actual}")
    except (OSError, ValueError) as error:
        reason = f"{file}: {error.strerror}" if isinstance(error, OSError) and error.strerror else str(error)
        raise SuiteError(source.say(where, reason)) from error


# ---------------------------------------------------------------- cases
def cases(suite: Suite, digest: Callable[[Spec], str], device: str | None = None) -> list[Case]:
    """List the cases: every problem x estimator x seed.

    Parameters
    ----------
    digest : callable
        The data's checksum of a dataset spec.
    device : str, optional
        Given to every estimator that has the parameter and does not set it.
    """
    n_cases = len(suite.problems) * len(suite.seeds) * len(suite.estimators)
    if n_cases > MOST_CASES:
        raise SuiteError(f"{suite.name}: {n_cases} cases, more than {MOST_CASES}; write several suites")
    planned = [
        Case(
            suite=suite.name,
            label=estimator.label,
            dataset=problem.dataset,
            split=_pinned(problem.split),
            estimator=_on_device(estimator.spec, device),
            seed=seed,
            data_digest=digest(problem.dataset),
            metrics=tuple(suite.metrics),
            tasks=tuple(suite.tasks),
        )
        for problem in suite.problems
        for seed in suite.seeds
        for estimator in suite.estimators
    ]
    repeated = [i for i, n in Counter(case.id for case in planned).items() if n > 1]
    if repeated:
        rows = sorted({case.label for case in planned if case.id in repeated})
        raise SuiteError(f"{suite.name}: rows {rows} or a problem or seed ask for the same fit twice")
    return planned


def _pinned(spec: Spec) -> Spec:
    """Add the checksum of a split manifest, so that an edited file is a new case."""
    if spec.name != "manifest" or "sha256" in spec.params:
        return spec
    return replace(spec, params={**spec.params, "sha256": Checksum("").of(_manifest(spec))})


def _manifest(spec: Spec) -> Path:
    """The file of a split manifest."""
    default = registry.parameters(registry.load("splits", "manifest"))["file"]
    return Path(str(spec.params.get("file", default)))


def _on_device(spec: Spec, device: str | None) -> Spec:
    if device is None:
        return spec
    return replace(spec, params=_with_device("estimators", spec.name, spec.params, device))


def _with_device(kind: str, name: str, params: Mapping[str, Any], device: str) -> dict[str, Any]:
    """Set the device in an estimator's keywords, also in those of the models inside it."""
    target = registry.load(kind, name)
    placed = dict(params)
    if "device" in registry.parameters(target):
        placed.setdefault("device", device)
    for parameter, kinds in registry.parts(target).items():
        if parameter in params:
            inner_kind, inner_name, inner_params = registry.resolve(params[parameter], kinds)
            moved = _with_device(inner_kind, inner_name, inner_params, device)
            if moved != inner_params:
                placed[parameter] = {inner_kind.removesuffix("s"): {inner_name: moved}}
    return placed
