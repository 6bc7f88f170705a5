"""The scripts that measure on a GPU, with steps of our own on a CPU: limits, documents, tables."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import import_module
from pathlib import Path

import example_scripts
import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "benchmarks" / "gpu"
STEP = """
from pathlib import Path
from time import sleep
from _peer import at_least

def parts(run):
    return {"first": lambda run: {"value": 3.0}, "second": second}

def second(run):
    run.note({"value": 1.0})
    if not (run.folder / "quick").exists():
        sleep(60)
    return {"value": 2.0}

def claims(numbers):
    return [at_least(name, part["value"], 2.5) for name, part in numbers.items()]
"""


def script(name: str):
    return example_scripts.script(SCRIPTS / f"{name}.py")


@pytest.fixture
def run(monkeypatch, tmp_path):
    module = script("run")
    (tmp_path / "step.py").write_text(STEP)
    for folder in (tmp_path, SCRIPTS, SCRIPTS.parent / "peers"):
        monkeypatch.syspath_prepend(folder)
    import_module("_gpu")  # before the clock runs

    monkeypatch.setattr(module, "LIMITS", {"step": 4})
    monkeypatch.setattr(module, "GRACE", 1)
    monkeypatch.setattr(module, "_import_libraries", lambda: None)
    return module


def test_a_step_that_was_ended_goes_on_and_a_complete_one_is_skipped(run, tmp_path, capfd):
    words, file = ["step", "--small", "--out", str(tmp_path), "--budget"], tmp_path / "step.json"
    assert run.main([*words, "4"]) == 1
    cut = json.loads(file.read_text())
    assert (cut["numbers"], cut["unfinished"]) == ({"first": {"value": 3.0}}, {"second": {"value": 1.0}})
    assert [(c["what"], c["holds"]) for c in cut["claims"]] == [("first", True), ("second", False)]
    assert not cut["complete"]
    assert "was ended after 4 s" in capfd.readouterr().out

    (tmp_path / "quick").touch()
    assert run.main([*words, "30"]) == 0
    whole = json.loads(file.read_text())
    assert whole["complete"]
    assert whole["measured"]["first"] == cut["measured"]["first"]  # not measured again
    assert whole["provenance"]["accelerator"] is None
    before = file.read_bytes()
    assert run.main([*words, "30"]) == 0
    assert file.read_bytes() == before
    assert "was complete" in capfd.readouterr().out


def test_each_half_fits_its_budget_and_every_step_exists():
    module = script("run")
    for steps in module.HALVES.values():
        assert sum(module.LIMITS[s] for s in steps) <= module.BUDGET <= 270
    assert {*module.LIMITS} == {s for steps in module.HALVES.values() for s in steps}
    assert all((SCRIPTS / f"{step}.py").exists() for step in module.LIMITS)
    assert len(module.LIMITS) <= 8  # files that come back from the machine


def test_nothing_of_a_cpu_goes_to_the_results(run, monkeypatch, capsys):
    monkeypatch.setenv("OUT", "/nowhere")
    order = run._order(["step", "--small"])
    assert order.folder == run.SMALL != run.RESULTS
    with pytest.raises(SystemExit):
        run._order(["step", "--small", "--out", str(ROOT / "results" / "gpu")])
    assert "results/gpu holds what was measured on a GPU" in capsys.readouterr().err


def document(**changes):
    claim = {"what": "a step", "measured": 2.5, "required": 3.0, "unit": "ms", "sense": "<=", "holds": True}
    facts = [{"what": "time", "measured": None, "unit": "s"}]
    card = {"accelerator": {"name": "Card 1"}}
    return {"name": "d", "small": False, "claims": [claim], "facts": facts, "provenance": card, **changes}


def test_the_table_of_a_gpu_names_the_card(tmp_path):
    tables = script("tables")
    assert tables.gpu(tmp_path) == tables.NONE
    (tmp_path / "d.json").write_text(json.dumps(document()))
    lines = tables.gpu(tmp_path).splitlines()
    assert lines[0] == "Card 1:"
    assert "| a step | 2.5 ms | ≤ 3 |  | `d` |" in lines
    assert "| time | not reached s |  |  | `d` |" in lines
    (tmp_path / "d.json").write_text(json.dumps(document(small=True)))
    with pytest.raises(ValueError, match="small form"):
        tables.gpu(tmp_path)


def test_the_page_says_what_the_results_say():
    """If not: python benchmarks/gpu/tables.py"""
    text = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert script("tables").page(text, ROOT / "results") == text
    assert text.count("<!-- end -->") == 2


def test_a_bare_machine_gets_every_dependency():
    """Each is carried, there already, or not used there."""
    text = (SCRIPTS / "requirements.txt").read_text()
    carried = re.findall(r"^([\w.-]+)==", text, flags=re.M)
    told = " ".join(re.findall(r"^# (?:there already|not used there): (.*)$", text, flags=re.M)).split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = project["dependencies"] + [
        d for e in ("classical", "networks", "mace", "soap", "graph-pes") for d in extras[e]
    ]
    names = {re.match(r"[\w.-]+", d)[0] for d in needed} - {"mlffbench"}
    assert names <= {*carried, *told}, names - {*carried, *told}
