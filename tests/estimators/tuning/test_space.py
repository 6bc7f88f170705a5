"""Search spaces: those that the estimators publish, and those that users write."""

from __future__ import annotations

import numpy as np
import pytest
from example_tunable import Tunable
from scipy import stats
from sklearn.model_selection import ParameterSampler

from mlffbench import registry
from mlffbench.estimators import MACE, BehlerParrinello, Bonded, Committee, DeltaLearning, Morse
from mlffbench.estimators.tuning.space import Choices, Range, check_values, free_space, read_space

NOTHING = {"atomic_reference", "delta_learning", "pretrained", "tuned"}  # have no hyperparameter of their own


def unfitted(name):
    """A model with the defaults, of composites with the parts of its tests."""
    cls = registry.load("estimators", name)
    needed = {k: v for k, v in cls.test_params().items() if k in registry.parts(cls)}
    return cls(**needed)


@pytest.mark.parametrize("name", registry.names("estimators"))
def test_every_point_of_a_published_space_is_within_the_parameters_ranges(name):
    space = registry.load("estimators", name).search_space()
    assert bool(space) == (name not in NOTHING)
    model = unfitted(name)
    check_values(model, read_space(space))
    for point in ParameterSampler(space, 20, random_state=0) if space else ():  # as scikit-learn draws it
        unfitted(name).set_params(**point)._validate_params()


@pytest.mark.parametrize("name", sorted(set(registry.names("estimators")) - NOTHING))
def test_a_published_space_holds_the_default_or_leaves_it_to_the_method(name):
    model = unfitted(name)
    values = {**model.get_params(), **model.resolved_params()}
    outside = [
        word
        for word, axis in read_space(type(model).search_space()).items()
        if values[word] is not None and axis.place(values[word]) is None
    ]
    assert not outside


def test_what_is_set_to_another_value_is_not_searched():
    assert set(free_space(Bonded(depth=2))) == {"cutoff", "alpha"}
    assert set(free_space(Morse())) == {"cutoff"}
    assert "cutoff" in free_space(MACE(max_L=1))
    assert "max_L" not in free_space(MACE(max_L=1))
    assert free_space(Tunable(2.0)) == {}


def test_models_inside_a_model_are_searched_but_no_calculators():
    spec = {"bonded": {"depth": 2}}
    assert set(free_space(Committee(spec))) == {"fraction", "model__cutoff", "model__alpha"}
    assert set(free_space(DeltaLearning({"calculator": "emt"}, "morse"))) == {"model__cutoff"}
    assert set(free_space(DeltaLearning(Morse(), spec))) == {
        "baseline__cutoff",
        "model__cutoff",
        "model__alpha",
    }
    assert free_space(DeltaLearning("bonded", "atomic_reference"))


def test_a_space_is_read_from_text():
    space = read_space({
        "a": {"uniform": [1, 3]}, "b": {"loguniform": [1e-4, 1e-2]}, "c": {"randint": [2, 5]},
        "d": [[8], [8, 8]], "e": np.array([1, 2]), "f": stats.norm(0, 1),
    })  # fmt: skip
    a, b, c, d, e, f = space.values()
    assert [a.at(q) for q in (0, 0.25, 1)] == pytest.approx([1, 1.5, 3])
    assert b.at(0.5) == pytest.approx(1e-3)
    assert [c.at(q) for q in (0, 0.5, 1)] == [2, 3, 4]
    assert c.levels() == [2, 3, 4]
    assert isinstance(c.at(0), int)
    assert d.values == ([8], [8, 8])
    assert e == Choices((1, 2))
    assert f.at(0.5) == 0


def test_places_are_inverse_to_values():
    axis = Range(stats.loguniform(1e-4, 1e-2))
    assert axis.at(axis.place(3e-3)) == pytest.approx(3e-3)
    whole = Range(stats.randint(2, 5))
    assert [whole.at(whole.place(k)) for k in (2, 3, 4)] == [2, 3, 4]
    assert [whole.place(k) for k in (1, 5, None, "a", True)] == [None] * 5
    assert Choices(([8], [8, 8])).place((8, 8)) == 1
    assert Choices((1, 2)).place(3) is None


def test_rising_numbers_are_an_ordered_axis():
    assert Choices((8, 16, 32)).ordered
    assert not any(Choices(v).ordered for v in ((8, 32, 16), ("a", "b"), (False, True), ([8], [16])))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"uniform": [3, 1]}, r"uniform of a takes two rising numbers, not \[3, 1\]"),
        ({"loguniform": [0, 1]}, "loguniform of a takes two rising numbers above zero"),
        ({"randint": [0, 2.5]}, "randint of a takes two whole numbers"),
        ({"uniform": [0, float("inf")]}, "two rising numbers"),
        ({"uniform": "ab"}, "two rising numbers"),
        ({"normal": [0, 1]}, "a must be a list of values or one of"),
        ([], "a must be a list of values or one of"),
        ("auto", "a must be a list of values or one of"),
        (5, "a must be a list of values or one of"),
    ],
)
def test_what_is_no_axis_is_refused(value, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_space({"a": value})


def test_layers_are_written_as_lists():
    check_values(BehlerParrinello(), read_space({"hidden": [(8,), (8, 8)]}))
