"""The README keeps its word: its Python runs, its suite is valid, its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

from mlffbench.plan import read_suite

README = (Path(__file__).parents[1] / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.M | re.S)


def test_the_python_runs():
    (code,) = blocks("python")
    scope = {}
    exec(compile(code, "README.md", "exec"), scope)
    assert len(scope["prediction"]) == 10
    assert scope["prediction"].energy_std.shape == (10,)
    assert scope["atoms"].get_forces().shape == (9, 3)


def test_the_suite_is_valid(tmp_path):
    (text,) = blocks("yaml")
    file = tmp_path / "suite.yaml"
    file.write_text(text)
    assert read_suite(file).name == "my-molecule"


def test_our_suites_are_valid():
    for file in (Path(__file__).parents[1] / "benchmarks").glob("*.yaml"):
        assert read_suite(file).name == file.stem


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (Path(__file__).parents[1] / target).exists(), target
