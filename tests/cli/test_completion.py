"""Completion of names, by the protocol that bash uses."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from mlffbench.cli import app

CODE = "import sys; sys.argv[0] = 'mlffbench'; from mlffbench.cli import main; main()"
HEAVY = "{'torch', 'sklearn', 'pandas', 'scipy'}"


def environment(line):
    """Variables that bash sets for a line that ends at the cursor."""
    return {
        "_MLFFBENCH_COMPLETE": "complete_bash", "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }  # fmt: skip


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "mine.yaml").touch()
    (tmp_path / "notes.md").touch()
    (tmp_path / "mine_results").mkdir()
    (tmp_path / "mine_results" / "soap_gpr-0123456789ab.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("mlffbench list est", ["estimators"]),
        ("mlffbench show soap_k", ["soap_kernel_ridge"]),
        ("mlffbench property eq", ["equation_of_state"]),
        ("mlffbench property elastic --calculator em", ["emt"]),
        ("mlffbench data show malon", ["malonaldehyde"]),
        ("mlffbench score mine_results --metric rm", ["rmse"]),
        ("mlffbench run mine.", ["mine.yaml"]),
        ("mlffbench report mi", ["mine_results/"]),
        ("mlffbench report mine_results --rank-by ta", ["tasks-passed"]),
        ("mlffbench model mine_results so", ["soap_gpr"]),
    ],
)
def test_names_are_completed(desk, monkeypatch, line, words):
    monkeypatch.chdir(desk)
    result = CliRunner(env=environment(line)).invoke(app, prog_name="mlffbench")
    assert result.output.split() == words


def test_nothing_heavy_is_imported_while_the_user_waits(desk):
    code = f"import sys, atexit; atexit.register(lambda: print(*{HEAVY} & set(sys.modules)))\n{CODE}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=desk,
        env={**os.environ, **environment("mlffbench list est")},
    )  # fmt: skip
    assert done.stdout.split() == ["estimators"]
