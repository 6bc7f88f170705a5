"""mlffbench list."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from mlffbench import registry
from mlffbench.cli import app


def call(*words):
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, ["list", *words])


def test_the_table_of_methods_fits_80_columns_and_is_true():
    result = call("estimators")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= 80
    rows = {line.split()[0]: line.split() for line in lines if line.split()[:1]}
    assert set(registry.names("estimators")) <= set(rows)
    assert rows["sgdml"][-3:] == ["no", "no", "no"]  # periodic, stress, uncertainty
    assert rows["soap_gpr"][-4:] == ["yes", "yes", "yes", "yes"]
    assert rows["committee"][-3:] == ["*", "*", "yes"]
    assert "*: as the model" in result.output


@pytest.mark.parametrize("word", ["estimator", "estimators", "Estimators"])
def test_the_singular_is_accepted(word):
    assert call(word).output == call("estimators").output


@pytest.mark.parametrize("kind", [*registry.KINDS, "properties"])
def test_json_has_the_parameters(kind):
    rows = json.loads(call(kind, "--json").output)
    assert all(row["summary"] for row in rows)
    names = registry.names(kind) if kind in registry.KINDS else [row["name"] for row in rows]
    assert [row["name"] for row in rows] == names
    if kind == "estimators":
        mace = next(row for row in rows if row["name"] == "mace")
        assert mace["family"] == "neural network"
        assert {"name": "preset", "default": "'small'"}.items() <= mace["parameters"][0].items()


def test_what_is_not_installed_is_named_with_its_remedy(monkeypatch):
    import mlffbench.cli.name_facts as facts

    real = facts.find_spec
    monkeypatch.setattr(facts, "find_spec", lambda name: None if name == "quippy" else real(name))
    result = call("estimators")
    line = next(line for line in result.output.splitlines() if line.startswith("gap"))
    assert line.split()[-4:] == ["no", "yes", "yes", "yes"]
    assert "not installed: gap: pip install 'mlffbench[gap]'" in result.output  # no markup


def test_without_a_kind_all_names_are_there():
    output = call().output
    assert all(kind in output for kind in (*registry.KINDS, "properties"))
    assert json.loads(call("--json").output)["metrics"] == registry.names("metrics")


def test_an_unknown_kind_is_one_sentence():
    result = call("estimatos")
    assert result.exit_code == 2
    assert "did you mean 'estimators'" in result.output


def test_nothing_heavy_is_imported():
    code = (
        "import sys, typer.testing as t\nfrom mlffbench.cli import app\n"
        "assert t.CliRunner().invoke(app, ['list', 'estimators']).exit_code == 0\n"
        "print(*sorted({'torch', 'sklearn', 'pandas', 'mace', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
