"""Every file in estimators/ under the whole contract, without anyone listing it."""

from __future__ import annotations

import inspect

import pytest

from mlffbench import registry, testing
from mlffbench.data import Dataset, Score
from mlffbench.forcefield import ForceField

DATA = [dataset.__name__ for dataset in testing.EXAMPLES]
_examples: dict[tuple[str, str], testing.Fitted | str] = {}


def fitted(name: str, data: str) -> testing.Fitted:
    """A model of the class fitted to the data, once; skipped where it refuses them or is not installed."""
    if (name, data) not in _examples:
        _examples[name, data] = _example(registry.load("estimators", name), getattr(testing, data)())
    example = _examples[name, data]
    return pytest.skip(example) if isinstance(example, str) else example


def _example(cls: type[ForceField], dataset: Dataset) -> testing.Fitted | str:
    try:
        return testing.refusal(cls, dataset) or testing.fitted(cls, dataset)
    except ImportError as error:
        return str(error)


@pytest.mark.parametrize("check", testing.FORCEFIELD_CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", registry.names("estimators"))
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
def test_a_task_returns_scores(name):
    example = fitted("committee", "solids")  # which has forces and uncertainties
    dataset = testing.solids()
    split = registry.load("splits", "random")(dataset, seed=0, train=0.5)
    scores = registry.load("tasks", name)(example.model, dataset, split, 0)
    assert scores
    assert all(isinstance(s, Score) and s.value >= 0 for s in scores)
