"""Constraints of parameters: every default fits, every senseless number is refused."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import pytest
from annotated_types import Interval

from mlffbench import registry
from mlffbench.system.constraints import Constraint, constraints
from mlffbench.system.parameter_values import check_parameters

SENSELESS = {
    "negative": -7,
    "huge": 10**18,
    "nan": math.nan,
    "infinite": math.inf,
    "list": [[1]],
    "text": "many",
}
NOT_IN_SUITES = {"model", "dataset", "split", "seed", "atoms", "calculator"}


def takes_a_number(constraint):
    """True for a parameter of a number, whatever its default."""
    return any(not list(constraint.faults(value)) for value in (1, 2, 0.5, 3.0)) and list(
        constraint.faults("many")
    )


@pytest.mark.parametrize("name", registry.names("estimators"))
def test_every_default_of_an_estimator_fits(name):
    cls = registry.load("estimators", name)
    defaults = {k: v for k, v in registry.parameters(cls, registry.parts(cls)).items()}
    check_parameters(cls, defaults)
    check_parameters(cls, {**defaults, **cls.test_params()})


@pytest.mark.parametrize("kind", ["estimators", "splits", "tasks", "datasets"])
def test_senseless_numbers_are_refused_everywhere(kind):
    n_refused = 0
    for name in registry.names(kind):
        target = registry.load(kind, name)
        skip = NOT_IN_SUITES | set(registry.parts(target))
        for parameter, constraint in constraints(target).items():
            if parameter in skip or not takes_a_number(constraint):
                continue
            for what, value in SENSELESS.items():
                assert list(constraint.faults(value)), f"{name}: {parameter} takes the {what} value {value}"
                n_refused += 1
    assert n_refused > {"estimators": 900, "splits": 60, "tasks": 60, "datasets": 40}[kind]


def test_an_estimator_refuses_what_a_suite_refuses():
    from mlffbench.datasets.lennard_jones import lennard_jones

    data = lennard_jones(n_train=3, n_test=1)
    model = registry.load("estimators", "morse")(cutoff=-1.0)
    with pytest.raises(ValueError, match=r"cutoff must be a number above 0 and up to 1,000, not -1\.0"):
        model.fit(data.frames[:3], data.labels[:3])


@pytest.mark.parametrize(
    ("type_", "words", "schema"),
    [
        (Annotated[int, Interval(ge=0, le=12)], "a whole number from 0 to 12", {"minimum": 0, "maximum": 12}),
        (Annotated[float, Interval(gt=0, lt=1)], "a number above 0 and below 1", {"exclusiveMaximum": 1}),
        (Literal["a", "b"], "one of 'a', 'b'", {"enum": ["a", "b"]}),
        (bool | None, "true or false or null", {"anyOf": [{"type": "boolean"}, {"type": "null"}]}),
    ],
)
def test_words_and_schema(type_, words, schema):
    constraint = Constraint(type_, None)
    assert constraint.words == words
    assert constraint.schema.items() >= schema.items()
    assert constraint.schema["default"] is None


def test_numbers_of_numpy_are_numbers():
    import numpy as np

    cls = registry.load("estimators", "soap_gpr")
    check_parameters(cls, {"n_sparse": np.int64(5), "cutoff": np.float32(4.0), "optimize": np.bool_(True)})
    with pytest.raises(ValueError, match="n_sparse must be a whole number"):
        check_parameters(cls, {"n_sparse": np.float64(5.0)})
