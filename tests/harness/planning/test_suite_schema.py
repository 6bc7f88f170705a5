"""The schema of suites takes the suites that can be run, and refuses mistakes that an editor should mark."""

from __future__ import annotations

import copy
import json

import pytest
import yaml
from conftest import ROOT
from jsonschema import Draft202012Validator

from mlffbench import registry
from mlffbench.harness.planning.suite_schema import suite_schema

SUITES = sorted((ROOT / "benchmarks").glob("*.yaml"))
REPRODUCE = sorted((ROOT / "benchmarks" / "reproduce").glob("*.yaml"))
SUITE = yaml.safe_load("""
name: x
problems: [{dataset: {path: a.xyz, forces_key: dft}, split: {random: {train: 0.8}}}]
estimators:
  - morse
  - soap_gpr: {n_sparse: 10}
  - {mace: {preset: small}, as: m}
  - my.package:Model
  - {morse: {}, as: few, budget: {labels: 10}, resources: {gpu: 0}, environment: old, search: {trials: 3}}
  - {"my.package:Other": {}, budget: {epochs: 2}, environment: {python: /usr/bin/python3}}
tasks: [speed: {copies: [1]}]
budget: {labels: 100, fit_seconds: 60.0, epochs: 20, tuning_trials: 8, tuning_seconds: 600}
resources: {threads: 2, memory: 8 GB, gpu: 1, timed: true}
environments: {old: {requirements: [torch==2.6]}}
executor: {local: {jobs: 2}}
retries: 2
published:
  - method: M
    row: m
    source: a paper
    errors: [{test: a, quantity: forces, metric: mae, value: 1, unit: eV/Å}]
""")


@pytest.fixture(scope="module")
def validator():
    schema = json.loads(json.dumps(suite_schema()))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("file", SUITES + REPRODUCE, ids=lambda file: file.stem)
def test_our_suites_are_valid(file, validator):
    assert not list(validator.iter_errors(yaml.safe_load(file.read_text())))


def test_every_way_to_write_a_name_is_valid(validator):
    assert not list(validator.iter_errors(SUITE))


@pytest.mark.parametrize("value", [True, False, None, {"trials": 3}])
def test_every_way_to_write_a_search_is_valid(value, validator):
    assert not list(validator.iter_errors({**SUITE, "search": value}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("estimators", [row]) for row in ("mcae", {"morse": {"cutof": 5.0}}, {"morse": {}, "mace": {}})),
        *(("estimators", [{"soap_gpr": {"n_sparse": value}}]) for value in ("twenty", -5, 2.5, [])),
        *(
            ("estimators", [{"morse": {}, word: value}])
            for word, value in {
                "budgets": {"labels": 3},
                "budget": {"labelz": 3},
                "resources": {"gpu": -1},
                "environment": {"requirment": []},
                "as": [],
                "search": 3,
            }.items()
        ),
        *(("estimators", [row]) for row in ({"budget": {"labels": 3}}, {"as": "a"}, {})),
        *(("budget", value) for value in ({"labels": 0}, {"label": 3}, 5)),
        *(("search", value) for value in ("yes", {"trails": 3})),
        *(("executor", value) for value in ("locl", {"local": {"job": 1}})),
        *(("problems", [problem]) for problem in ({}, {"dataset": "silicon", "splits": "random"})),
        ("problems", [{"dataset": "silicon", "split": {"random": {"train": "most"}}}]),
        *(("tasks", [task]) for task in ("sped", {"speed": {"copies": 0.5}})),
        *(("metrics", value) for value in ([], ["rmsd"])),
        *(("seeds", value) for value in ([], [-1], ["0"])),
        *(
            ("published", [{"method": "M", "source": "a paper", "errors": errors}])
            for errors in (
                [],
                [{"test": "a", "quantity": "force", "metric": "mae", "value": 1, "unit": "eV/Å"}],
            )
        ),
        *((("time_limit", "60"), ("name", "a/b"), ("seed", [0]), ("keep_models", "some"))),
    ],
)
def test_mistakes_are_marked(key, value, validator):
    assert list(validator.iter_errors({**copy.deepcopy(SUITE), key: value}))


def test_every_keyword_of_an_estimator_has_a_sentence(validator):
    keyed = validator.schema["$defs"]["estimators"]["anyOf"][-1]["properties"]
    silent = {
        f"{name}.{keyword}"
        for name in registry.names("estimators")
        for keyword, values in keyed[name]["properties"].items()
        if not values.get("description")
    }
    assert not silent


def test_the_committed_schema_is_this_one(validator):
    file = ROOT / "benchmarks" / "suite.schema.json"
    assert json.loads(file.read_text()) == validator.schema, "mlffbench schema > benchmarks/suite.schema.json"


@pytest.mark.parametrize("file", SUITES + REPRODUCE, ids=lambda file: file.stem)
def test_editors_find_the_schema(file):
    schema = "suite.schema.json" if file in SUITES else "../suite.schema.json"
    assert f"# yaml-language-server: $schema={schema}" in file.read_text().splitlines()[:2]
