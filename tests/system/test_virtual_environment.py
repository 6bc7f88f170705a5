"""Installers: the settings of pip that uv gets, and the last lines of one that fails."""

from __future__ import annotations

import sys

import pytest

from mlffbench.system import virtual_environment
from mlffbench.system.virtual_environment import make_environment


def script(path, text):
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)
    return str(path)


def test_uv_takes_packages_from_where_pip_does(tmp_path, monkeypatch):
    said = f"open('{tmp_path}/said', 'a').write(f'{{sys.argv[1:]}} {{dict(os.environ)}}\\n')"
    program = script(tmp_path / "uv", f"import os, sys; {said}")
    monkeypatch.setattr(virtual_environment, "uv", lambda: program)
    monkeypatch.setenv("PIP_FIND_LINKS", "/a /b")
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    make_environment(tmp_path / "made", ["tiny>=1", "more"], alone=["large==2"])
    venv, install, last = (tmp_path / "said").read_text().splitlines()
    assert "'--no-deps', '--', 'large==2']" in last
    assert "'UV_FIND_LINKS': '/a,/b'" in last
    assert venv.startswith(f"['venv', '--quiet', '--python', '{sys.executable}', '{tmp_path}/made']")
    assert "'--', 'tiny>=1', 'more']" in install
    assert "'UV_FIND_LINKS': '/a,/b'" in install
    assert "'UV_DEFAULT_INDEX': 'https://uv.example/simple'" in install  # uv's own come first


def test_a_failed_installation_is_quoted(tmp_path, monkeypatch, capfd):
    program = script(tmp_path / "uv", "for i in range(20): print('line', i)\nraise SystemExit(3)")
    monkeypatch.setattr(virtual_environment, "uv", lambda: program)
    with pytest.raises(ImportError) as refused:
        make_environment(tmp_path / "made", ["tiny"])
    first, *last = str(refused.value).splitlines()
    assert first == "uv ended with status 3; its last lines:"
    assert last == [f"line {i}" for i in range(12, 20)]
    assert "line 0" in capfd.readouterr().err


def test_without_uv_a_version_needs_its_python(tmp_path, monkeypatch):
    monkeypatch.setattr(virtual_environment, "uv", lambda: None)
    with pytest.raises(ImportError, match=r"there is no Python 3\.99 here; with uv"):
        make_environment(tmp_path / "made", [], "3.99")
