"""Code blocks of the documentation: each is run or validated by a test, or says above it why not.

Python is run by `test_docs.py`; here all commands are parsed, and all suites and parts of suites validated.
A block that neither can is marked ``<!-- not executed: reason -->`` in the line above it.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from example_documentation import MARKDOWN, ROOT, Block, code_blocks

PAGES = [*MARKDOWN, ROOT / "README.md"]
BLOCKS = [block for file in PAGES for block in code_blocks(file)]
RUN = Path(__file__).with_name("test_docs.py").read_text(encoding="utf-8")
README_RUN = Path(__file__).with_name("test_readme.py").read_text(encoding="utf-8")
GATE = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
MARK = re.compile(r"<!-- not executed: \w[^\n]{8,} -->")
PARTS = ("estimators", "tasks", "problems", "budget", "search", "resources", "executor", "environments")


def unmarked(*languages: str) -> list[Block]:
    return [b for b in BLOCKS if b.language in languages and not MARK.fullmatch(b.comment)]


def names(blocks: list[Block]) -> list[str]:
    return [f"{block.page}-{i}" for i, block in enumerate(blocks)]


def test_no_block_has_a_language_without_a_test():
    known = {"python", "console", "yaml", "yml", "sh", "lammps", "json", "text"}
    assert {block.language for block in BLOCKS} <= known
    marks = {block.comment for block in BLOCKS if block.comment} - {"<!-- fmt: off -->"}
    assert all(MARK.fullmatch(mark) for mark in marks), marks


@pytest.mark.parametrize("page", sorted({b.page for b in unmarked("python", "lammps")}))
def test_python_is_run_by_a_test(page):
    """The test of the page asks for its blocks of Python by name."""
    if page == "README.md":
        assert 'blocks("python")' in README_RUN
        return
    constant = re.search(rf'^(\w+) = .*"{page}"', RUN, flags=re.M)
    in_place = f'DOCS / "{page}"' in RUN and 'blocks("python", text' in RUN
    by_name = constant and re.search(rf'blocks\("python"(, {constant[1]})?\)', RUN)
    assert by_name or in_place or f'testfile(str(DOCS / "{page}")' in RUN


@pytest.mark.parametrize("block", unmarked("console"), ids=names(unmarked("console")))
def test_commands_exist_with_their_options(block):
    """The command line's own parser takes every command; files need not exist."""
    import typer

    from mlffbench.cli import app

    assert block.lines, "no command; is it an output? Then mark it"
    for line in block.lines:
        words = shlex.split(line.partition(" > ")[0], comments=True)[1:]
        command, name = typer.main.get_command(app), "mlffbench"
        while words and words[0] in getattr(command, "commands", {}):
            name, *words = words
            command = command.commands[name]
        assert command.make_context(name, words, resilient_parsing=False) is not None, line


@pytest.mark.parametrize("block", unmarked("yaml", "yml"), ids=names(unmarked("yaml", "yml")))
def test_suites_and_their_parts_are_valid(block, tmp_path, monkeypatch):
    """A part of a suite is valid in a suite that has all the rest."""
    from mlffbench.harness.planning.read_suite import read_suite
    from mlffbench.labelling.recipe import read_recipe

    page = next(file for file in PAGES if file.name == block.page).read_text(encoding="utf-8")
    told = re.findall(r"--trust (\S+)", page)
    monkeypatch.setenv("MLFFBENCH_TRUST", ",".join(["ase", "medium.model", *told]))
    content = yaml.safe_load(block.text)
    if "groups" in content:  # a recipe of labels
        (tmp_path / "recipe.yaml").write_text(block.text, encoding="utf-8")
        assert read_recipe(tmp_path / "recipe.yaml").groups
        return
    whole = {"name": "part", "problems": [{"dataset": "silicon"}], "estimators": ["atomic_reference"]}
    if isinstance(content, list):  # rows
        content = {"estimators": content}
    assert "name" in content or set(content) <= set(PARTS)
    suite = read_suite(yaml.safe_dump({**whole, **content}))
    assert suite.name == content.get("name", "part")


@pytest.mark.parametrize("block", unmarked("sh"), ids=names(unmarked("sh")))
def test_shell_is_run_by_the_gate(block):
    assert block.page == "README.md"
    assert "command_of 1" in GATE
    assert "command_of 2" in GATE
