"""Suite and the list of its cases; the same file and data give the same list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.harness.case import DEFAULT_METRICS, Case
from mlffbench.harness.planning.environment import environment_of
from mlffbench.harness.planning.published import Published
from mlffbench.harness.planning.row import Budget, Environment, Resources, Row, Search
from mlffbench.harness.planning.tuned_rows import budget_of, leaderboard_rows, searching_spec
from mlffbench.system.checksum import Checksum
from mlffbench.system.file_name import check_file_name

__all__ = ["Suite", "SuiteError", "cases", "manifest_of"]

MOST_CASES = 200_000
SKIP = {"splits": ("dataset", "seed"), "tasks": ("model", "dataset", "split", "seed")}


class SuiteError(ValueError):
    """Error in a suite file; the message names file, line and the nearest valid word."""


# ---------------------------------------------------------------- the file's shape
EstimatorRow = Annotated[Row, BeforeValidator(Row.parse)]
Named = Annotated[Any, BeforeValidator(Spec.parse)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Seed = Annotated[StrictInt, Field(ge=0, lt=2**32, description="a whole number from 0 on")]


class Problem(_Strict):
    """A dataset and its split."""

    dataset: Named = Field(description="a dataset's name, or {path: file} for your own")
    split: Named = Field(
        default=Spec("official"), validate_default=True,
        description="training set and named test groups: a split's name, with its keywords",
    )  # fmt: skip


class Suite(_Strict):
    """Content of a suite file."""

    name: Annotated[str, AfterValidator(check_file_name)] = Field(
        pattern=r"^[A-Za-z0-9_.-]+$", description="names the results folder"
    )
    problems: list[Problem] = Field(min_length=1, description="datasets, each with a split")
    estimators: list[EstimatorRow] = Field(min_length=1, description="methods; 'as:' names a row")
    seeds: list[Seed] = Field(default=[0], min_length=1, description="one fit of every method for each seed")
    tasks: list[Named] = Field(default=[], description="uses of the fitted models: MD, elastic constants ...")
    metrics: list[str] = Field(default=DEFAULT_METRICS, min_length=1, description="errors that are reported")
    time_limit: float | None = Field(
        default=None, gt=0, le=1e9, strict=True, description="seconds a case may take; default none"
    )
    budget: Budget | None = Field(
        default=None, description="most that every method may use; a row may have its own"
    )
    search: Annotated[Search | bool | None, BeforeValidator(Search.parse)] = Field(
        default=None, description="a tuned row beside every row, with this search; true for the default one"
    )
    resources: Resources | None = Field(
        default=None, description="part of the machine that every case needs; a row may have its own"
    )
    environments: dict[str, Environment] = Field(
        default={}, description="Python environments by name, for rows with 'environment: name'"
    )
    executor: Named = Field(
        default=Spec("local"), validate_default=True, description="where the cases run: local, dask or slurm"
    )
    retries: Annotated[StrictInt, Field(ge=0, le=10)] = Field(
        default=1, description="repetitions of a case whose worker was lost; no other failure is repeated"
    )
    keep_models: Literal["small", "all", "best", "none"] = Field(
        default="small",
        description="fitted models that stay in the results folder: those of up to 50 MB each (small, the "
        "default), all of any size, the best of each problem and seed, or none",
    )
    published: list[Published] = Field(
        default=[], description="published errors that 'mlffbench reproduce' compares with those measured"
    )

    @property
    def rows(self) -> list[tuple[int, Row]]:
        """Rows of the leaderboard, tuned ones too, each with the number of its entry."""
        common = self.search if isinstance(self.search, Search) else None
        return list(leaderboard_rows(self.estimators, common))


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
    rows = [row for _, row in suite.rows]
    n_cases = len(suite.problems) * len(suite.seeds) * len(rows)
    if n_cases > MOST_CASES:
        raise SuiteError(f"{suite.name}: {n_cases} cases, more than {MOST_CASES}; write several suites")
    parts = [(row.label, _parts(suite, row, device)) for row in rows]
    planned = [
        Case(
            suite=suite.name,
            label=label,
            dataset=problem.dataset,
            split=split,
            seed=seed,
            data_digest=data_digest,
            metrics=tuple(suite.metrics),
            tasks=tuple(suite.tasks),
            **own,
        )
        for problem in suite.problems
        for split, data_digest in [(_pinned(problem.split), digest(problem.dataset))]
        for seed in suite.seeds
        for label, own in parts
    ]
    repeated = [i for i, n in Counter(case.id for case in planned).items() if n > 1]
    if repeated:
        labels = sorted({case.label for case in planned if case.id in repeated})
        raise SuiteError(f"{suite.name}: rows {labels} or a problem or seed ask for the same fit twice")
    return planned


def _parts(suite: Suite, row: Row, device: str | None) -> dict[str, Any]:
    """Part of a row in its cases: estimator, and what stands beside it."""
    return {
        "estimator": _estimator(suite, row, device),
        "budget": budget_of(row, _merged(suite.budget, row.budget)),
        "environment": _environment(suite, row),
        "resources": _merged(suite.resources, row.resources),
    }


def _merged(common: Budget | Resources | None, own: Budget | Resources | None) -> dict[str, Any] | None:
    """Values for all rows and those of one row, which come first; None if there are none."""
    return {**(common.given() if common else {}), **(own.given() if own else {})} or None


def _environment(suite: Suite, row: Row) -> dict[str, Any] | None:
    try:
        return environment_of(row, suite.environments)
    except (LookupError, ValueError) as error:
        raise SuiteError(f"row {row.label!r}: {error.args[0]}") from error


def _pinned(spec: Spec) -> Spec:
    """Add the checksum of a split manifest, so that an edited file is a new case."""
    if spec.name != "manifest" or "sha256" in spec.params:
        return spec
    return replace(spec, params={**spec.params, "sha256": Checksum("").of(manifest_of(spec))})


def manifest_of(spec: Spec) -> Path:
    """The file of a split manifest."""
    default = registry.parameters(registry.load("splits", "manifest"))["file"]
    return Path(str(spec.params.get("file", default)))


def _estimator(suite: Suite, row: Row, device: str | None) -> Spec:
    """Estimator of a row, on the device, inside its search if it has one."""
    try:
        return searching_spec(_on_device(row.spec, device), row, _merged(suite.budget, row.budget))
    except ValueError as error:
        raise SuiteError(f"{suite.name}: {error}") from error


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
