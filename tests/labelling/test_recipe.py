"""Recipes: mistakes name their line, and the built-in recipes are valid."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from example_text_mutants import mutants

from mlffbench.labelling.recipe import RecipeError, read_recipe


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("of: fcc\n        by: [", "of: hcp\n        by: [", r":10:\d+: no structure 'hcp'"),
        ("stdev: 0.05", "sigma: 0.05", r"(?s):11:\d+: .*sampler 'rattle' has no parameter 'sigma'"),
        ("by: {md", "by: {mb", r":16:\d+: no sampler 'mb'.*did you mean 'md'"),
        ("calculator: emt", "calculator: etm", r":15:\d+: no calculator 'etm'.*did you mean 'emt'"),
        ("columns:", "column:", r"unknown key 'column'.*did you mean 'columns'"),
        ("crystalstructure: fcc", "crystalstructure: fccc", r":4:\d+: structure 'fcc'"),
        ("name: copper", "nam: copper", r"unknown key 'nam'"),
    ],
)
def test_mistakes_in_a_recipe_name_the_line(copper_recipe, old, new, message):
    recipe = copper_recipe()
    recipe.write_text(recipe.read_text().replace(old, new))
    with pytest.raises(RecipeError, match=message):
        read_recipe(recipe)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}".encode("utf-16"), "card.json:1: the file is not UTF-8"),
        (b"[1]", "card.json must hold a JSON object, not list"),
        (b"{'a'}", "card.json is not JSON"),
    ],
)
def test_a_card_is_read_before_anything_is_labelled(copper_recipe, content, message):
    recipe = copper_recipe()
    recipe.with_name("card.json").write_bytes(content)
    recipe.write_text(recipe.read_text() + "card_from: [card.json]\n")
    with pytest.raises(RecipeError, match=message):
        read_recipe(recipe)


def test_a_value_of_another_type_names_its_line(copper_recipe):
    recipe = copper_recipe()
    recipe.write_text(recipe.read_text().replace("stdev: 0.05", "stdev: 5 pm"))
    with pytest.raises(RecipeError, match=r":11:\d+: rattle: stdev must be a number of at least 0, not the"):
        read_recipe(recipe)


@pytest.mark.parametrize("name", ["silicon", "malonaldehyde"])
def test_the_recipes_of_the_built_in_data_are_valid(name):
    file = Path(__file__).parents[2] / "benchmarks" / "recipes" / f"{name}.yaml"
    assert read_recipe(file).name == name


# ---------------------------------------------------------------- a stranger's recipe
HARMFUL = ("LD_PRELOAD", "PYTHONPATH", "PYTHONHOME", "OMP_TOOL_LIBRARIES", "MLFFBENCH_TRUST", "PATH")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("workers: 2", "python: ./evil.sh", r":5:\d+: './evil.sh' would compute.*add --trust ./evil.sh"),
        ("workers: 2", "python: python3", "add --trust python3"),
        *(("workers: 2", f"environment: {{{n}: x}}", fr":5:\d+: '{n}' .*--trust {n}") for n in HARMFUL),
        ("  train:", "  ../../x:", r":7:\d+: .*'../../x' holds a slash"),
        ("  train:", "  '..':", "begins with '.'"),
        ("  train:", "  /x:", "holds a slash"),
        ("  fcc:", "  a/../../b:", "holds a slash"),
        ("name: copper", "name: '..'", "begins with '.'"),
        ("card: {", "card_from: [../card.json]\ncard: {", "holds a slash"),
        ("cubic: true}", "cubic: true}, repeat: [9999, 9999, 9999]", "more than 1000000 atoms"),
        ("cubic: true}", "cubic: true}, repeat: 9999", "more than 1000000 atoms"),
    ],
)  # fmt: skip
def test_a_recipe_stays_in_its_folder_and_names_no_program(copper_recipe, monkeypatch, old, new, words):
    recipe = copper_recipe()
    assert old in recipe.read_text()
    recipe.write_text(recipe.read_text().replace(old, new))
    monkeypatch.setenv("MLFFBENCH_TRUST", "slow")
    with pytest.raises(RecipeError, match=words):
        read_recipe(recipe)


def test_a_program_and_its_environment_can_be_trusted(copper_recipe, monkeypatch):
    recipe = copper_recipe()
    settings = "python: ./py, environment: {LD_PRELOAD: x, OMP_NUM_THREADS: '2', MALLOC_TOP_PAD_: '1'}"
    recipe.write_text(recipe.read_text().replace("workers: 2", settings))
    monkeypatch.setenv("MLFFBENCH_TRUST", f"slow,{Path.cwd() / 'py'},LD_PRELOAD")
    assert read_recipe(recipe).label_with.python == "./py"
    recipe.write_text(recipe.read_text().replace("./py", sys.executable))
    assert read_recipe(recipe).label_with.python == sys.executable


# ---------------------------------------------------------------- anything at all
@pytest.mark.parametrize(
    "content", [b"100000000000000\n\nCu 0 0 0\n", b"1\n\nCu 0 0\n", b"", "pipe", "folder"]
)
def test_a_structure_file_without_end_is_a_sentence(copper_recipe, content):
    recipe = copper_recipe()
    file = recipe.with_name("start.xyz")
    os.mkfifo(file) if content == "pipe" else file.mkdir() if content == "folder" else file.write_bytes(
        content
    )
    text = recipe.read_text()
    recipe.write_text(re.sub(r"fcc: \{bulk: .*\}", "fcc: {file: start.xyz}", text))
    assert recipe.read_text() != text
    with pytest.raises(RecipeError, match=r":\d+: structure 'fcc': .*start\.xyz"):
        read_recipe(recipe)


def test_200_mutants_of_a_recipe_are_read_or_end_in_a_sentence(copper_recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = copper_recipe()
    text, refusals = recipe.read_text(), []
    for mutant in mutants(text, 200):
        recipe.write_text(mutant)
        try:
            read_recipe(recipe)
        except RecipeError as refusal:
            refusals.append(str(refusal))
    assert 20 < len(refusals) < 180
    assert all(message.startswith(f"{recipe}:") for message in refusals)
    assert not list(tmp_path.glob("**/*pwned*"))
