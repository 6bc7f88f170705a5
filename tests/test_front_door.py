"""The names of the package itself: light, complete, typed."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import mlffbench

PACKAGE = Path(mlffbench.__file__).parent


def test_the_names_are_listed_and_there():
    assert set(mlffbench.__all__) == {"load", "load_dataset", "load_results", "run", "trust"}
    assert set(mlffbench.__all__) | {"__version__"} <= set(dir(mlffbench))
    assert all(callable(getattr(mlffbench, name)) for name in mlffbench.__all__)
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        mlffbench.lod  # noqa: B018


def test_editors_and_type_checkers_see_the_same_names():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    seen = {
        alias.asname: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("mlffbench")
        for alias in node.names
    }
    assert seen == mlffbench.HOMES
    assert all(hasattr(import_module(module), name) for name, module in seen.items())
    assert (PACKAGE / "py.typed").exists()


def test_the_package_imports_nothing_until_it_is_used():
    code = "import sys; old = set(sys.modules); import mlffbench; print(sorted(set(sys.modules) - old))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['mlffbench']"
