"""Source files of modules that are not imported."""

from __future__ import annotations

import sys

import pytest

from mlffbench.system.module_source import source_file


def test_a_module_is_found_and_not_run(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    package = tmp_path / "a_package"
    package.mkdir()
    for name in ("__init__.py", "inside.py"):
        (package / name).write_text("raise SystemExit('it was run')")
    assert source_file("a_package.inside") == package / "inside.py"
    assert source_file("a_package") == package / "__init__.py"
    assert "a_package" not in sys.modules


@pytest.mark.parametrize("name", ["no_such_module", "a_package.none", "", "../x", "sys", "a b", "x."])
def test_a_name_without_a_source_file(name):
    assert source_file(name) is None
