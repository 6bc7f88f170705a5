"""Names that installed packages add: listed, suggested, run and loaded without further trust."""

from __future__ import annotations

import json
import sys

import pytest
from example_plugin import install
from typer.testing import CliRunner

import mlffbench
from mlffbench import registry
from mlffbench.cli import app
from mlffbench.harness.planning.plan import SuiteError
from mlffbench.harness.planning.read_suite import read_suite
from mlffbench.registry import plugins

SUITE = """
name: plug
problems: [{dataset: toy}]
estimators: [floor, {committee: {model: floor, n: 2}}]
"""


@pytest.fixture(autouse=True)
def fresh(trust_nothing):
    yield
    plugins._plugins.cache_clear()
    for name in ("toy_models", "other_models"):
        sys.modules.pop(name, None)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    install(tmp_path / "site", monkeypatch)


def test_a_name_is_listed_suggested_and_in_the_schema(installed, tmp_path):
    assert {"floor", "mace"} <= set(registry.names("estimators"))
    assert registry.provider("estimators", "floor") == "toy-models 1.2"
    assert "floor" in CliRunner().invoke(app, ["list", "estimators"]).output
    file = tmp_path / "suite.yaml"
    file.write_text(SUITE.replace("[floor", "[flor"))
    with pytest.raises(SuiteError, match="did you mean 'floor'"):
        read_suite(file)


def test_a_suite_with_it_runs_without_trust(installed, tmp_path):
    file, out = tmp_path / "suite.yaml", tmp_path / "out"
    file.write_text(SUITE)
    result = CliRunner().invoke(app, ["run", str(file), "--out", str(out)])
    assert result.exit_code == 0, result.output
    (document,) = (json.loads(f.read_text()) for f in out.glob("floor-*.json"))
    assert list(document["inputs"]["files"]) == ["toy_models:Floor", "toy_models:data"]


def test_a_saved_model_loads_without_trust(installed, tmp_path):
    data = registry.load("datasets", "toy")()
    model = registry.load("estimators", "floor")().fit(data.frames, data.labels)
    model.save(tmp_path / "floor.mlff")
    assert type(mlffbench.load(tmp_path / "floor.mlff")).__name__ == "Floor"


@pytest.mark.parametrize("kind", registry.KINDS)
def test_nothing_else_of_the_package_is_trusted(installed, kind):
    with pytest.raises(LookupError, match="--trust toy_models"):
        registry.load(kind, "toy_models:hidden")


def test_our_own_names_stay_ours(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch, points={"estimators": {"morse": "toy_models:Floor", "a:b": "os:system"}})
    assert registry.load("estimators", "morse").__module__ == "mlffbench.estimators.morse"
    assert registry.plugin("estimators", "morse") is None
    assert not [name for name in registry.names("estimators") if ":" in name]


def test_a_name_of_two_packages_is_no_name(installed, tmp_path, monkeypatch):
    points = {"estimators": {"floor": "other_models:Floor"}}
    install(tmp_path / "other", monkeypatch, "other-models", "other_models", points)
    words = r"several packages add the estimator 'floor': other-models 1.2, toy-models 1.2; write one of \["
    with pytest.raises(LookupError, match=words):
        registry.load("estimators", "floor")


def test_what_is_declared_must_be_of_its_kind(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch, points={"estimators": {"bad": "toy_models:data", "gone": "nowhere:X"}})
    with pytest.raises(LookupError, match="is not a class derived from ForceField"):
        registry.load("estimators", "bad")
    with pytest.raises(LookupError, match="No module named 'nowhere'"):
        registry.load("estimators", "gone")


def test_a_package_that_only_lies_in_the_working_folder_adds_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    install(tmp_path, monkeypatch)
    assert "floor" not in registry.names("estimators")
