"""Values of suites against the annotations of parameters."""

from __future__ import annotations

import pytest

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.system.parameter_values import WrongValueError, check_values, required


@pytest.mark.parametrize(
    ("kind", "name", "params", "sentence"),
    [
        ("estimators", "soap_gpr", {"energy_noise": "1e-3"}, "must be a number.* text '1e-3'; write 0.001"),
        ("estimators", "soap_gpr", {"n_sparse": "1_000"}, "n_sparse must be a whole number.*; write 1000"),
        ("estimators", "soap_gpr", {"n_sparse": 1e3}, "a whole number of at least 1, not 1000.0; write 1000"),
        ("estimators", "soap_gpr", {"cutoff": "4,5"}, "cutoff must be a number.*; write 4.5"),
        ("estimators", "soap_gpr", {"cutoff": True}, "cutoff must be a number above 1 .*, not True"),
        ("estimators", "soap_gpr", {"cutoff": float("nan")}, "cutoff must be a number .*, not nan"),
        ("estimators", "mace", {"max_seconds": "None"}, "max_seconds .*; write null"),
        ("estimators", "committee", {"model": {"soap_gpr": {"cutoff": "five"}}}, "soap_gpr: cutoff must be"),
        ("estimators", "committee", {"model": 5}, "model must be a name, or 'name: {keyword: value}', not 5"),
        ("estimators", "committee", {"model": ["soap_gpr"]}, "model must be a name"),
        ("estimators", "delta_learning", {"model": "soap_gpr", "baseline": True}, "baseline must be a name"),
        ("splits", "groups", {"test_fraction": "10%"}, "test_fraction must be a number"),
        ("splits", "official", {"n_train": 2.5}, "n_train must be a whole number"),
        ("datasets", "path", {"path": "a.xyz", "lazy": "yes"}, "lazy must be true or false.*; write true"),
        ("datasets", "path", {"path": "a.xyz", "allow": "cell"}, r"a list of texts.*; write \[cell\]"),
        ("datasets", "path", {"path": "a.xyz", "isolated_atoms": {"H": "-13,6"}}, "isolated_atoms must be"),
        ("datasets", "path", {"path": 5}, r"path must be a text or a list of texts, not 5; write '5'"),
        ("datasets", "path", {"path": True}, r"path must be a text or a list of texts, not True"),
        ("datasets", "path", {"path": "a", "tests": {"hot": 1}}, "tests must be a mapping or null, not"),
        ("datasets", "path", {"path": "a", "structures": 5}, "must be a text or null, not 5; write '5'"),
        ("datasets", "rmd17", {"molecule": ["ethanol"]}, "molecule must be one of .*, not"),
        ("estimators", "painn", {"dtype": 32}, "dtype must be one of 'float32', 'float64', not 32"),
        ("estimators", "soap_gpr", {"cutoff": float("inf")}, "cutoff must be a number .*, not inf"),
        ("estimators", "soap_gpr", {"n_sparse": "0x10"}, "n_sparse must be a whole number"),
        ("estimators", "soap_gpr", {"cutoff": "x" * 9000}, r"not the text 'x{79}\.\.\.$"),
        ("estimators", "morse", {"cutoff": None}, "cutoff must be a number above 0 .*, not None"),
        ("splits", "manifest", {"file": 5}, "file must be a text, not 5; write '5'"),
        ("splits", "kfold", {"column": 3}, "column must be a text or null, not 3; write '3'"),
        ("splits", "random", {"train": "all"}, "train must be"),
        ("splits", "groups", {"leave": True}, "leave must be"),
        ("samplers", "md", {"keep": "hole"}, "keep must be one of .whole., .bonds., .anything., not"),
        ("tasks", "screening", {"pool": 1.5}, "pool must be one of 'strained', 'labels' or null, not 1.5"),
        ("tasks", "speed", {"copies": 8}, r"copies must be a list of whole numbers, .*, not 8; write \[8\]"),
        ("tasks", "speed", {"copies": ["1"]}, "copies must be a list of whole numbers"),
        ("tasks", "speed", {"copies": [1, 0]}, "each of at least 1, at least one or null, not .1, 0."),
        ("tasks", "speed", {"copies": []}, "at least one or null, not "),
        ("tasks", "md", {"protocol": {"frictoin": 1}}, "has no keyword 'frictoin'.*did you mean 'friction'"),
        ("tasks", "md", {"protocol": {"friction": -1}}, "friction must be a number of at least 0, not -1"),
        ("estimators", "mace", {"preset": "medum"}, "preset must be one of .*; did you mean 'medium'"),
        ("estimators", "mace", {"device": "gpu"}, "device must be cpu, cuda"),
        ("estimators", "soap_gpr", {"n_sparse": -5}, "n_sparse must be a whole number of at least 1, not -5"),
        ("estimators", "committee", {"model": {"morse": {"cutoff": 0}}}, "cutoff must be a number above"),
        ("splits", "random", {"train": 1.5}, "train must be a share between 0 and 1 .* or a number"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_one_sentence(kind, name, params, sentence):
    with pytest.raises(WrongValueError, match=sentence) as refusal:
        check_values(kind, Spec(name, params))
    assert refusal.value.parameter in params


@pytest.mark.parametrize(
    ("kind", "name", "params"),
    [
        ("splits", "groups", {"leave": 300, "test_fraction": 0}),
        ("splits", "official", {"train": 300, "n_train": None}),
        ("datasets", "path", {"path": "a.xyz", "isolated_atoms": {"H": -13}, "tests": {"hot": ["b", "c"]}}),
        ("estimators", "soap_gpr", {"cutoff": 5}),
    ],
)
def test_a_whole_number_is_a_number_and_a_number_may_name_a_group(kind, name, params):
    check_values(kind, Spec(name, params))


@pytest.mark.parametrize("kind", ["estimators", "splits", "tasks", "datasets", "samplers", "calculators"])
def test_every_default_is_of_its_own_type(kind):
    for name in registry.names(kind):
        defaults = registry.parameters(registry.load(kind, name))
        given = {k: v for k, v in defaults.items() if isinstance(v, bool | int | float | str | None)}
        check_values(kind, Spec(name, given))


NUMBERS = ("1e-3", "3", ".5", "1_000", "1,5", "0x10", "yes", "1e999", "five", "", "None")


@pytest.mark.parametrize("kind", ["estimators", "splits", "tasks", "datasets", "samplers", "calculators"])
def test_no_keyword_of_a_number_takes_a_text_and_none_of_a_text_a_truth(kind):
    n_checked = 0
    for name in registry.names(kind):
        target = registry.load(kind, name)
        for parameter, default in registry.parameters(target, registry.parts(target)).items():
            numeric = isinstance(default, int | float) and not isinstance(default, bool)
            wrong = NUMBERS if numeric else (True, 5, 0.5) if isinstance(default, str) else ()
            wrong = () if default in ("auto", "all") else wrong  # or a number
            for value in (*wrong, *([[1]] if wrong else [])):
                if isinstance(value, int) and parameter in ("train", "tests", "leave", "groups"):
                    continue
                with pytest.raises(WrongValueError, match=f"{parameter} must be"):
                    check_values(kind, Spec(name, {parameter: value}))
                n_checked += 1
    assert n_checked > 20


def test_without_an_annotation_only_a_text_like_a_number_is_refused(monkeypatch):
    own = lambda gamma=0.1, kind="rbf": None
    monkeypatch.setattr(registry, "load", lambda *_: own)
    check_values("estimators", Spec("own", {"gamma": "scale", "kind": 5}))
    with pytest.raises(WrongValueError, match=r"gamma must be a number, not the text '1e-3'; write 0.001"):
        check_values("estimators", Spec("own", {"gamma": "1e-3"}))


def test_parameters_that_are_missing():
    assert required("samplers", Spec("rattle"), ("atoms", "calculator", "seed")) == ["stdev"]
    assert required("samplers", Spec("rattle", {"stdev": 0.1}), ("atoms", "calculator", "seed")) == []
