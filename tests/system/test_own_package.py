"""The package alone: another Python imports this mlffbench and nothing else of this Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import mlffbench
from mlffbench.system import own_package
from mlffbench.system.own_package import core_requirements, own_identity, package_alone

CODE = """
import importlib.metadata, importlib.util, json
import mlffbench.system.own_package as own
identity = own.own_identity()
print(json.dumps([identity, importlib.util.find_spec("numpy") is not None]))
"""


def test_another_python_imports_this_package_alone(tmp_path):
    alone = package_alone(tmp_path)
    assert package_alone(tmp_path) == alone
    assert sorted(p.name.partition("-")[0] for p in alone.iterdir()) == ["mlffbench", "mlffbench"]
    variables = {**os.environ, "PYTHONPATH": str(alone)}
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-c", CODE],  # -S: without the packages of this Python
        env=variables, capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    identity, numpy = json.loads(done.stdout)
    assert identity == own_identity()
    assert identity["package"] == str(Path(mlffbench.__file__).resolve().parent)
    assert not numpy


def test_the_core_requirements_are_those_of_the_project():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert core_requirements() == project["dependencies"]
    assert core_requirements("search") == project["optional-dependencies"]["search"]


def test_without_its_source_tree_the_record_tells(monkeypatch, tmp_path):
    class Record:
        requires = (
            "numpy>=2.0",
            'optuna>=4.0; extra == "search"',
            "x; python_version < '4' and extra == 'y'",
        )

    monkeypatch.setattr(own_package, "_package", lambda: tmp_path / "mlffbench")
    monkeypatch.setattr(own_package, "_record", Record)
    assert core_requirements() == ["numpy>=2.0"]
    assert core_requirements("search") == ["optuna>=4.0"]
    assert core_requirements("y") == ["x; python_version < '4'"]
