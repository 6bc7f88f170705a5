"""mlffbench show: every name of every kind, within 80 columns and without markup."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from mlffbench import registry
from mlffbench.cli import app
from mlffbench.cli.property.catalogue import property_names
from mlffbench.potentials.mace.presets import PRESETS

MARKUP = re.compile(r"``|\]_|\.\. \[|:[a-z]+:`")


def call(*words):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["show", *words])


def test_names_are_shown_in_80_columns_without_markup():
    names = {
        *registry.names("estimators")[::2],
        *registry.names("tasks")[::3],
        *property_names()[::6],
        "mace",
    }
    for name in sorted(names):
        result = call(name)
        assert result.exit_code == 0, (name, result.output)
        assert max(map(len, result.output.splitlines())) <= 80, name
        assert not MARKUP.search(result.output), name


def test_mace_with_presets_in_numbers():
    text = call("mace").output
    words = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.split()}
    assert words["num_channels"] == [str(p.num_channels) for p in PRESETS.values()]
    assert words["setting"] == list(PRESETS)
    assert "--trust FILE" in text
    assert "arXiv:2206.07697" in text
    assert "default 'small'" in text


def test_what_a_method_cannot_do():
    facts = json.loads(call("sgdml", "--json").output)
    assert facts["one_molecule_only"] is True
    assert "no periodic structures" in facts["cannot"]
    assert any(sentence.startswith("no stress") for sentence in facts["cannot"])
    gap = json.loads(call("gap", "--json").output)
    assert gap["uncertainty"] is True
    assert (gap["extra"], gap["requires"]) == ("gap", ["quippy"])


def test_the_cost_is_that_of_the_proposals():
    kernel = json.loads(call("soap_kernel_ridge", "--json").output)["cost"]
    assert 1 < kernel["fit_seconds"] < 1000
    assert "a fit takes about" in " ".join(call("soap_kernel_ridge").output.split())
    assert json.loads(call("mace", "--json").output)["cost"]["fit_seconds"] is None
    assert json.loads(call("committee", "--json").output)["cost"] is None


def test_the_models_inside_a_model_are_parameters():
    names = [p["name"] for p in json.loads(call("committee", "--json").output)["parameters"]]
    assert names[0] == "model"
    assert "calculator" in [p["name"] for p in json.loads(call("pretrained", "--json").output)["parameters"]]
    assert "model" not in [p["name"] for p in json.loads(call("speed", "--json").output)["parameters"]]


def test_inherited_parameters_are_explained():
    facts = json.loads(call("painn", "--json").output)
    rows = {p["name"]: p for p in facts["parameters"]}
    assert [p["name"] for p in facts["parameters"]][:3] == ["cutoff", "channels", "layers"]
    assert rows["validation_fraction"]["text"].startswith("Part of the training frames")
    assert rows["random_state"]["default"] == "0"


def test_a_name_of_several_kinds_is_shown_for_each():
    kinds = [facts["kind"] for facts in json.loads(call("lennard_jones", "--json").output)]
    assert kinds == ["estimator", "dataset", "calculator"]
    text = call("lennard_jones").output
    assert "lennard_jones  dataset" in text


def test_a_property_with_the_line_that_runs_it():
    text = call("elastic").output
    assert "mlffbench property elastic --model x.mlff" in text
    assert "strain : float; default 0.005" in text
    assert "--indices" in call("torsion").output


@pytest.mark.parametrize(
    ("word", "sentence"),
    [("macee", "did you mean 'mace'?"), ("diffusion", "run 'dynamics'"), ("os:system", "--trust os")],
)
def test_refusals_are_one_sentence(word, sentence):
    result = call(word)
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_somebody_elses_name():
    result = call("ase.calculators.lj:LennardJones")  # trusted in the tests
    assert result.exit_code == 0, result.output
    assert "calculator" in result.output.splitlines()[0]
