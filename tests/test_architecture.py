"""The promises of the house: light imports, layers, small functions."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "mlffbench"
HEAVY = {"torch", "mace", "e3nn", "dscribe", "gpytorch", "pandas", "plotly", "sklearn"}


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "statement",
    [
        "import mlffbench",
        "import mlffbench.cli",
        "import typer.testing as t; from mlffbench.cli import app; t.CliRunner().invoke(app, ['--help'])",
    ],
)
def test_what_everybody_waits_for_imports_nothing_heavy(statement):
    assert not modules_after(statement) & HEAVY


def test_the_report_runs_without_torch():
    assert not modules_after("from mlffbench.report.formats import terminal, write") & {
        "torch",
        "mace",
    }


def test_the_facade_of_estimators_is_lazy_and_complete():
    assert not modules_after("from mlffbench import estimators") & {"torch", "mace"}
    stub = ast.parse((PACKAGE / "estimators" / "__init__.pyi").read_text())
    listed = {a.name for n in ast.walk(stub) if isinstance(n, ast.ImportFrom) for a in n.names}
    from mlffbench import registry

    public = {registry.load("estimators", n).__name__ for n in registry.names("estimators")}
    assert public <= listed, f"add to estimators/__init__.pyi: {public - listed}"


def test_layers():
    command = shutil.which("lint-imports") or str(Path(sys.executable).with_name("lint-imports"))
    done = subprocess.run([command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_timing_waits_for_the_gpu():
    guilty = [f.name for f in PACKAGE.rglob("*.py") if "cuda.synchronize" in f.read_text()]
    assert guilty == ["timing.py"]


def only_remembers(node: ast.AST) -> bool:
    """A constructor of nothing but ``self.name = name``: as long as there are parameters."""
    return getattr(node, "name", "") == "__init__" and all(
        isinstance(line, ast.Assign) and isinstance(line.value, ast.Name) for line in node.body
    )


def test_no_function_is_longer_than_60_lines():
    long = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = node.end_lineno - node.lineno + 1
                if size > 60 and not only_remembers(node):
                    long.append(f"{file.name}:{node.lineno} {node.name} ({size} lines)")
    assert not long
