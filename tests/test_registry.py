"""Names are files: lookup, keywords, nested specs."""

from __future__ import annotations

from pathlib import Path

import pytest

import mlffbench
from mlffbench import registry
from mlffbench.data import Spec

PACKAGE = Path(mlffbench.__file__).parent


@pytest.mark.parametrize("kind", registry.KINDS)
def test_names_are_the_files_of_the_folder_of_the_kind(kind):
    folder = PACKAGE / registry.FOLDERS.get(kind, kind)
    assert folder.is_dir()
    assert registry.names(kind) == sorted(f.stem for f in folder.glob("[a-z]*.py"))
    assert registry.names(kind)


@pytest.mark.parametrize("kind", registry.KINDS)
def test_a_name_is_the_one_public_name_of_its_file(kind):
    for name in registry.names(kind):
        thing = registry.load(kind, name)
        module = f"mlffbench.{registry.FOLDERS.get(kind, kind).replace('/', '.')}.{name}"
        assert thing.__module__ == module


def test_a_typo_gets_the_nearest_name():
    with pytest.raises(LookupError, match=r"no estimator 'mcae'.*did you mean 'mace'"):
        registry.load("estimators", "mcae")
    with pytest.raises(LookupError, match=r"sampler 'rattle' has no parameter 'stdv'.*did you mean 'stdev'"):
        registry.build("samplers", "rattle", {"stdv": 0.1})


@pytest.mark.parametrize(
    ("value", "spec"),
    [
        ("morse", Spec("morse")),
        ({"morse": None}, Spec("morse")),
        ({"morse": {"cutoff": 5.0}}, Spec("morse", {"cutoff": 5.0})),
        (Spec("morse"), Spec("morse")),
        ({"path": "a.xyz", "energy_key": "E"}, Spec("path", {"path": "a.xyz", "energy_key": "E"})),
        ({"path": {"path": "a.xyz"}}, Spec("path", {"path": "a.xyz"})),
    ],
)
def test_a_spec_is_a_name_with_or_without_keywords(value, spec):
    assert Spec.parse(value) == spec


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (3, "write a name"),
        ([], "write a name"),
        ({}, "write a name"),
        ({"morse": {}, "mace": {}}, "write one name here, not 2"),
        ({"morse": 5.0}, "the keywords of 'morse' must be written as 'keyword: value'"),
    ],
)
def test_everything_else_is_refused_with_a_sentence(value, sentence):
    with pytest.raises(ValueError, match=sentence):
        Spec.parse(value)
    with pytest.raises(LookupError, match=sentence):
        registry.resolve(value, ("estimators",))


def test_a_nested_spec_is_made_with_what_it_does_not_set():
    model = registry.make({"morse": {"cutoff": 5.0}}, ("estimators",), random_state=7, cutoff=9.0, other=1)
    assert (model.cutoff, model.random_state) == (5.0, 7)


def test_a_name_of_two_kinds_needs_the_kind():
    with pytest.raises(LookupError, match="can be"):
        registry.resolve("lennard_jones", ("calculators", "estimators"))
    assert registry.resolve({"calculator": "lennard_jones"}, ("calculators", "estimators")) == (
        "calculators", "lennard_jones", {},
    )  # fmt: skip
