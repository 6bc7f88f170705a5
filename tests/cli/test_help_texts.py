"""Help of every command."""

from __future__ import annotations

import re
import shlex

import pytest
import typer
from typer.testing import CliRunner

from mlffbench.cli import app, data
from mlffbench.cli.help_texts import DATA_EXAMPLES, EXAMPLES


def call(*words):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, list(words))


def commands():
    own = [[c.name or c.callback.__name__] for c in app.registered_commands]
    return own + [["data", c.name or c.callback.__name__] for c in data.app.registered_commands]


@pytest.mark.parametrize("words", commands(), ids="-".join)
def test_h_prints_plain_types(words):
    result = call(*words, "-h")
    assert result.exit_code == 0
    assert result.output == call(*words, "--help").output
    options = [line for line in result.output.splitlines() if re.match(r"│ \*? *--(?!help)", line)]
    assert not [line for line in options if re.search(r"<(bool|str|path|int|float|list)", line)]
    assert max(map(len, result.output.splitlines())) <= 80


def test_the_first_page_names_the_docs():
    assert "docs/" in call("-h").output


@pytest.mark.parametrize("example", [*EXAMPLES.values(), *DATA_EXAMPLES.values()])
def test_examples_name_commands_and_options_that_exist(example):
    words = shlex.split(example.partition(" > ")[0])[1:]
    command = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= known
