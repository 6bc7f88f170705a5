"""Row of a leaderboard: an estimator of a suite, with what a suite may say beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, TypeAdapter
from pydantic.dataclasses import dataclass

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.system.memory_size import memory_size

__all__ = ["BESIDE", "Budget", "Environment", "Resources", "Row", "Search", "estimator_entry"]

LONGEST_LABEL = 200


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self) -> dict[str, Any]:
        """The values that are set, as plain JSON."""
        return self.model_dump(mode="json", exclude_none=True)


Positive = Annotated[float, Field(gt=0, le=1e9, strict=True)]
Number = Annotated[int, Field(ge=1, le=10**9, strict=True)]


class Budget(_Strict):
    """Most that a method may use: the same for every method, unless a row has its own."""

    labels: Number | None = Field(default=None, description="labelled training structures")
    fit_seconds: Positive | None = Field(default=None, description="seconds of a fit; depends on the machine")
    epochs: Number | None = Field(default=None, description="epochs of methods that train in epochs")
    tuning_trials: Number | None = Field(default=None, description="fits of the search of a tuned row")
    tuning_seconds: Positive | None = Field(
        default=None, description="seconds of the search of a tuned row; depends on the machine"
    )


def _memory(text: str) -> str:
    memory_size(text)
    return text


Memory = Annotated[str, AfterValidator(_memory)]


class Resources(_Strict):
    """Part of a machine that a case needs."""

    threads: Number | None = Field(default=None, description="threads of its numerical libraries")
    memory: Memory | None = Field(default=None, description="a number with a unit, such as 8 GB")
    gpu: Annotated[int, Field(ge=0, le=64, strict=True)] | None = Field(default=None, description="GPUs")
    timed: StrictBool | None = Field(
        default=None, description="run alone on its device, as times are compared"
    )


class Environment(_Strict):
    """Python environment of a method whose packages exclude those of another."""

    name: str | None = Field(default=None, description="name in messages and documents")
    requirements: list[str] | None = Field(default=None, description="packages, as pip takes them")
    python: str | None = Field(default=None, description="an existing interpreter, used as it is")


class Search(_Strict):
    """Search for the best hyperparameters, inside the training part: keywords of the estimator ``tuned``."""

    searcher: Any = Field(default=None, description="optuna, random, grid, or a searcher of scikit-learn")
    trials: Any = Field(default=None, description="fits of the search, that of the defaults included")
    seconds: Any = Field(default=None, description="seconds of the search; depends on the machine")
    validation: Any = Field(default=None, description="share or number of the training frames that judge")
    space: Any = Field(default=None, description="parameters to search, with their lists or distributions")

    @classmethod
    def parse(cls, value: Any) -> Search | bool | None:
        """Read ``true``, ``false`` or keywords.

        Raises
        ------
        ValueError
            It is none of these.
        """
        if value is None or value is False or isinstance(value, cls):
            return value
        if value is not True and not isinstance(value, Mapping):
            words = ", ".join(cls.model_fields)
            raise ValueError(f"must be true, false or a mapping with {words}")
        return cls.model_validate({} if value is True else value)


BESIDE = ("as", "budget", "resources", "environment", "search")  # keys that may stand beside a name


def _environment(value: Any) -> Environment | str | None:
    """An environment, or the name of one."""
    return value if value is None or isinstance(value, str) else Environment.model_validate(value)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Row:
    """An estimator of a suite and the name of its row in the leaderboard.

    Attributes
    ----------
    spec : Spec
    label : str
    budget, resources, environment, search : of these names, or None
        What stands beside the estimator; an `environment` may be the name of one of the suite's. A `search`
        that is False keeps the row from the suite's.
    """

    keys: ClassVar[tuple[str, ...]] = BESIDE  # as a suite writes them

    spec: Spec
    label: str
    budget: Budget | None = None
    resources: Resources | None = None
    environment: Annotated[Environment | str | None, BeforeValidator(_environment)] = None
    search: Annotated[Search | bool | None, BeforeValidator(Search.parse)] = None

    @classmethod
    def parse(cls, value: Any) -> Row:
        """Read an entry of ``estimators``: a spec, with ``as: label`` and others of `BESIDE` if wanted.

        Raises
        ------
        ValueError
            It is none; pydantic's ValidationError if something beside the name is wrong.
        """
        if isinstance(value, cls):
            return value
        entry = estimator_entry(value)
        spec = Spec.parse(entry)
        beside = {k: v for k, v in value.items() if k not in entry} if isinstance(value, Mapping) else {}
        label = beside.pop("as", None)
        if label is not None and not _is_label(label):
            raise ValueError(f"the name of a row must be printable text in one line, not {label!r:.80}")
        name = spec.name if label is None else str(label)
        return TypeAdapter(cls).validate_python({**beside, "spec": spec, "label": name})


def estimator_entry(value: Any) -> Any:
    """An entry of ``estimators`` without what stands beside the name, and without keys that mean nothing."""
    if not isinstance(value, Mapping):
        return value
    entry = {word: inside for word, inside in value.items() if word not in BESIDE}
    known = {word: inside for word, inside in entry.items() if _is_estimator(word)}
    return known if len(known) == 1 else entry


def _is_estimator(word: Any) -> bool:
    return isinstance(word, str) and (":" in word or word in registry.names("estimators"))


def _is_label(value: Any) -> bool:
    """Return True for a text or number that can name a row."""
    text = str(value)
    written = isinstance(value, str | int | float) and not isinstance(value, bool)
    return written and bool(text.strip()) and text.isprintable() and len(text) <= LONGEST_LABEL
