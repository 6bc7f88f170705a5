"""Every file in estimators/ under the whole contract, without anyone listing it."""

from __future__ import annotations

import inspect

import pytest

from mlffbench import registry, testing
from mlffbench.data import Conditions, Curve, Dataset, Missing, Score
from mlffbench.forcefield import ForceField
from mlffbench.harness.planning.plan import SKIP
from mlffbench.system.distant_model import is_distant

FEW = {
    "md": {
        "n_trajectories": 1,
        "picoseconds": 0.02,
        "nve_picoseconds": 0.02,
        "timestep": 1.0,
        "protocol": {"frames": 3},
    },
    "physics": {"n_lines": 1, "n_points": 40},
    "learning_curve": {"sizes": [0.5, 1.0], "n_seeds": 1},
    "data_efficiency": {"n_seeds": 1, "rounds": 1},
    "screening": {"n": 6, "k": 2},
    "speed": {"copies": [1, 2], "batches": [1, 2], "repeats": 1, "max_seconds": 2},
}  # of the tasks, so that they take seconds
SLOW = ("ace",)  # compiles for ten seconds in every fit
DATA = [dataset.__name__ for dataset in testing.EXAMPLES]
_examples: dict[tuple[str, str], testing.Fitted | str] = {}


def fitted(name: str, data: str) -> testing.Fitted:
    """A model of the class fitted to the data, once; skipped where it refuses them or is not installed."""
    if (name, data) not in _examples:
        _examples[name, data] = _example(registry.load("estimators", name), getattr(testing, data)())
    example = _examples[name, data]
    return pytest.skip(example) if isinstance(example, str) else example


def _example(cls: type[ForceField], dataset: Dataset) -> testing.Fitted | str:
    if is_distant(cls):
        return f"{cls.__name__} is tested in its environment, by a slow test"
    try:
        return testing.refusal(cls, dataset) or testing.fitted(cls, dataset)
    except ImportError as error:
        return str(error)


@pytest.mark.parametrize("check", testing.FORCEFIELD_CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in registry.names("estimators")]
)
def test_estimator(name, data, check):
    check(fitted(name, data))


@pytest.mark.parametrize("name", registry.names("estimators"))
def test_an_estimator_is_a_documented_forcefield(name):
    cls = registry.load("estimators", name)
    assert issubclass(cls, ForceField)
    documented = inspect.getdoc(cls)
    for parameter in registry.parameters(cls):
        assert parameter in documented, f"{name}: parameter {parameter!r} is not in the docstring"


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_file_has_one_public_name_with_a_summary(kind):
    assert registry.names(kind), f"no {kind}"
    for name in registry.names(kind):
        assert registry.summary(registry.load(kind, name)), f"{kind}/{name} has no docstring"


@pytest.mark.parametrize("name", ["malonaldehyde", "lennard_jones", "stillinger_weber_si", "emt_copper"])
def test_dataset(name):
    dataset = registry.load("datasets", name)()
    for atoms in dataset.frames:
        assert atoms.calc is None
        assert not atoms.info
        assert set(atoms.arrays) == {"numbers", "positions"}
    assert dataset.digest == registry.load("datasets", name)().digest
    assert {"title", "level", "units", "licence", "train"} <= set(dataset.card)
    assert dataset.card["train"] in dataset.columns["group"]
    assert set(dataset.elements) <= set(dataset.atomic_energies)


@pytest.mark.parametrize("name", registry.names("metrics"))
def test_a_metric_is_zero_for_the_truth_and_positive_otherwise(name):
    metric = registry.load("metrics", name)
    assert metric([1.0, 2.0], [1.0, 2.0]) == 0.0
    assert metric([1.0, 2.0], [1.5, 2.0]) > 0.0


@pytest.mark.parametrize("name", registry.names("tasks"))
def test_a_task_returns_rows(name):
    example = fitted("committee", "solids")  # which has forces and uncertainties
    dataset = testing.solids()
    split = registry.load("splits", "random")(dataset, seed=0, train=0.5)
    task = registry.load("tasks", name)
    first, again = (task(example.model, dataset, split, 0, **FEW.get(name, {})) for _ in range(2))
    assert first
    for row in first:
        assert isinstance(row, Score | Missing | Curve | Conditions)
        assert not isinstance(row, Score) or row.value >= 0
        assert not isinstance(row, Missing) or row.kind == "skipped", row.traceback
    if any(isinstance(row, Conditions) for row in first):  # all its numbers are times, rates and memory
        assert [_name(row) for row in first] == [_name(row) for row in again]
        return
    costs = ("time", "seconds", "days")
    free = [
        [r for r in rows if not any(c in getattr(r, "metric", "") for c in costs)] for rows in (first, again)
    ]
    assert free[0] == free[1], "the same seed must give the same rows"


def _name(row):
    return [getattr(row, part, None) for part in ("test", "quantity", "metric", "name")]


@pytest.mark.parametrize("name", registry.names("tasks"))
def test_a_task_is_documented(name):
    task = registry.load("tasks", name)
    documented = inspect.getdoc(task)
    for parameter in registry.parameters(task, SKIP["tasks"]):
        assert parameter in documented, f"{name}: parameter {parameter!r} is not in the docstring"
