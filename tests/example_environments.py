"""Runs of methods in Python environments of their own, for slow tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mlffbench.cli import app
from mlffbench.harness.documents.store import Store
from mlffbench.system.own_package import package_alone
from mlffbench.system.python_environment import PythonEnvironment, environments_folder

ABSENT = "cannot be made", "cannot download"  # of an environment and of weights


def run_suite(text: str) -> dict[str, dict[str, Any]]:
    """Run a suite into ``out`` of the present folder; its documents by label, or skip without a network."""
    Path("suite.yaml").write_text(text)
    done = CliRunner().invoke(app, ["run", "suite.yaml", "--out", "out"])
    documents = {d["case"]["label"]: d for d in Store(Path("out")).documents()}
    for failure in (d["failure"] for d in documents.values()):
        if failure and any(words in failure["message"] for words in ABSENT):
            pytest.skip(failure["message"])
    assert done.exit_code == 0, done.output
    return documents


def lock_of(document: dict[str, Any]) -> str:
    """Packages of the environment that a case of ``out`` was run in, with their versions."""
    return Path(f"out/environments/{document['provenance']['environment']['lock']}.txt").read_text()


def run_code(method: type, code: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a folder, in the environment of a method; skip where it cannot be made."""
    try:
        python = PythonEnvironment.of(method.environment).ready()
    except ImportError as error:
        pytest.skip(str(error))
    return subprocess.run(
        [python, "-P", "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(package_alone(environments_folder()))},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
