"""Other people's code: imported where the user trusts it, and if it is what its place needs."""

from __future__ import annotations

import os
import sys

import pytest

import mlffbench
from mlffbench import registry
from mlffbench.data import Spec

CALL = {"strangers_module:call": {}}


@pytest.mark.parametrize(
    "name",
    [
        *("strangers_module:call", "os:system", "subprocess:check_output", "builtins:eval", "posix:system"),
        *("strangers_module:call ", " strangers_module:call", "strangers_module :call", "strangers_module:"),
        *(":call", ":", "strangers_module:0", "strangers_module:Other.call", "strangers_module.:call"),
        *("strangers_module:call\n", "strangers_module::call", "strangers_module:call()", "..os:system"),
        *("strangers_module:c\u0430ll", "\uff53trangers_module:call", "strangers_module:\u2102all"),
        *("mlffbench.__main__:app", "mlffbench.harness.run:os.system", "mlffbench.harness.run:shutil"),
        *("mlffbench.registry:trust", "mlffbench.system.model_file:load", "mlffbench:load"),
        *("mlffbench.estimators.morse:MorseForm", "mlffbench.estimators.morse:np", "mlffbench.cli:main"),
        *("strangers_module/../os:system", "cuda:0", "mlffbench.estimators.base.composite:Composite"),
    ],
)
def test_code_of_others_is_not_imported_without_trust(stranger, name):
    for kind in registry.KINDS:
        with pytest.raises(LookupError) as refusal:
            registry.build(kind, name, {})
        assert "\n" not in str(refusal.value)
    assert stranger.marks == []
    assert stranger.name not in sys.modules


def test_the_refusal_names_the_remedy(trust_nothing):
    words = (
        r"estimator 'toys:Toy' is code of the module 'toys', not mlffbench's: a file from a stranger may "
        r"name any program; if you trust it, add --trust toys \(or set MLFFBENCH_TRUST=toys\)"
    )
    with pytest.raises(LookupError, match=words):
        registry.load("estimators", "toys:Toy")


@pytest.mark.parametrize("trusted", ["strangers_module", " other , strangers_module,"])
def test_the_users_setting_is_trust(stranger, monkeypatch, trusted):
    monkeypatch.setenv("MLFFBENCH_TRUST", trusted)
    assert registry.load("estimators", "strangers_module:Mine").__name__ == "Mine"
    assert registry.make({"strangers_module:Mine": {"cutoff": 4.0}}, ("estimators",)).cutoff == 4.0
    assert len(registry.load("datasets", "strangers_module:data")()) == 10
    assert stranger.marks == ["imported"]


def test_trust_holds_for_what_lies_below_a_module_only(trust_nothing):
    mlffbench.trust("here", "there.deep", "a/b.model")
    assert os.environ["MLFFBENCH_TRUST"] == "here,there.deep,a/b.model"
    names = ("here", "here.below", "there.deep", "there.deep.er", "there", "hereafter", "a/b.model", "a")
    assert [registry.is_trusted(name) for name in names] == [True] * 4 + [False, False, True, False]
    mlffbench.trust("python3")
    assert registry.is_trusted_file("python3")
    assert not registry.is_trusted_file("./python3"), "a program of the path, not the file of the folder"
    files = ("a/b.model", "./a/../a/b.model", os.path.abspath("a/b.model"), "b.model", "here.model", "a")
    assert [registry.is_trusted_file(file) for file in files] == [True] * 3 + [False] * 3


def test_a_file_that_is_read_as_data_needs_no_trust(trust_nothing):
    class Reader:
        without_code = (".mlff",)

    assert registry.may_read(Reader, "a/b.mlff")
    assert not registry.may_read(Reader, "a/b.mlff.model")
    assert not registry.may_read(object, "a/b.mlff"), "a class that says nothing may unpickle it"
    mlffbench.trust("c.model")
    assert registry.may_read(object, "c.model")


def test_weights_out_of_packages_are_names_and_need_no_trust(trust_nothing):
    registry.build("estimators", "mace", {"foundation": "mace-mp-0-small"})
    for file in ("./mace-mp-0-small", "evil/mace-mp-0-small", "mace-mp-0-small.model"):
        with pytest.raises(LookupError, match="is a pickle"):
            registry.build("estimators", "mace", {"foundation": file})


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("estimators", "strangers_module:call", "is not a class derived from ForceField"),
        ("estimators", "strangers_module:Other", "is not a class derived from ForceField"),
        ("estimators", "strangers_module:HERE", "not a callable object"),
        ("estimators", "strangers_module:number", "not a callable object"),
        ("estimators", "strangers_module:nothing", "has no attribute 'nothing'"),
        ("calculators", "strangers_module:Other", "not an ASE calculator"),
        ("datasets", "strangers_module:Mine", "not a function"),
        ("datasets", "strangers_module:system", "code of the module 'posix'.*add --trust posix"),
        ("metrics", "strangers_module:Path", "code of the module 'pathlib'"),
        ("tasks", "strangers_module:Other", "not a function"),
    ],
)
def test_what_is_trusted_must_be_of_the_kind_and_is_not_called(stranger, kind, name, words):
    mlffbench.trust(stranger.name)
    with pytest.raises(LookupError, match=words):
        registry.load(kind, name)
    assert stranger.marks == ["imported"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [("datasets", "not a Dataset"), ("splits", "not a Split"), ("calculators", "not a Calculator")],
)
def test_what_a_trusted_function_returns_is_checked(stranger, kind, words):
    mlffbench.trust(stranger.name)
    with pytest.raises(ValueError, match=f"'strangers_module:call' returned a int, {words}"):
        registry.load(kind, "strangers_module:call")()


def test_a_trusted_module_that_fails_is_a_sentence(stranger):
    (stranger.folder / "failing.py").write_text("1 / 0")
    mlffbench.trust("failing")
    with pytest.raises(LookupError, match="no estimator 'failing:X': division by zero"):
        registry.load("estimators", "failing:X")


def test_our_own_names_need_no_trust(trust_nothing):
    assert registry.load("estimators", "mlffbench.estimators.morse:Morse").__name__ == "Morse"


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("estimators", Spec("committee", {"model": {"strangers_module:Mine": {}}})),
        ("estimators", Spec("committee", {"model": {"committee": {"model": "strangers_module:Mine"}}})),
        ("estimators", Spec("delta_learning", {"model": "morse", "baseline": {"calculator": CALL}})),
        ("estimators", Spec("delta_learning", {"model": "morse", "baseline": {
            "fitted": {"dataset": {"strangers_module:data": {}}, "estimator": "morse"}}})),
        ("calculators", Spec("fitted", {"dataset": "acac", "estimator": {"strangers_module:Mine": {}}})),
        ("datasets", Spec("path", {"path": "a.xyz", "truth": CALL})),
        ("splits", Spec("learning_curve", {"split": CALL})),
        ("estimators", Spec("mace", {"foundation": "foundation.model"})),
        ("estimators", Spec("committee", {"model": {"mace": {"foundation": "foundation.model"}}})),
        ("calculators", Spec("gpaw", {"txt": "thesis.tex"})),
    ],
)  # fmt: skip
def test_what_stands_inside_a_spec_is_refused_before_anything_is_built(stranger, kind, spec):
    with pytest.raises(LookupError, match=r"add --trust (strangers_module|foundation\.model|thesis\.tex)"):
        registry.build(kind, spec.name, spec.params)
    assert stranger.marks == []
    mlffbench.trust(stranger.name, "foundation.model", "thesis.tex")
    registry.build(kind, spec.name, spec.params)
    assert "called" not in stranger.marks
