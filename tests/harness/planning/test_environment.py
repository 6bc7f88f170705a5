"""Environments of rows: the method's own, the suite's by name, and what a row changes of them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from mlffbench.estimators import NequIP
from mlffbench.harness.planning.environment import environment_of, untrusted
from mlffbench.harness.planning.plan import SuiteError
from mlffbench.harness.planning.read_suite import read_suite
from mlffbench.harness.planning.row import Environment, Row

OWN = dict(NequIP.environment)


def environment(entry, **named):
    return environment_of(Row.parse(entry), {name: Environment(**v) for name, v in named.items()})


def test_a_method_brings_its_environment_along():
    assert environment("morse") is None
    assert environment("nequip") == OWN
    assert environment({"committee": {"model": "nequip"}}) == OWN
    assert environment({"delta_learning": {"baseline": "morse", "model": {"nequip": {}}}}) == OWN


def test_a_row_changes_what_it_says():
    there = environment({"nequip": {}, "environment": {"python": "/opt/nequip/bin/python"}})
    assert there == {**OWN, "python": "/opt/nequip/bin/python"}
    older = environment({"nequip": {}, "environment": {"requirements": ["nequip==0.19.0"]}})
    assert older == {"name": "nequip", "requirements": ["nequip==0.19.0"]}


def test_the_calculator_of_a_row_brings_its_environment_along():
    entry = {"pretrained": {"calculator": {"mattersim": {}}, "refit_atomic_energies": True}}
    own = environment(entry)
    assert own["name"] == "mattersim"
    assert own["without_dependencies"] == ["mattersim==1.2.3"]
    assert environment({"pretrained": {"calculator": "mace_mp"}}) is None
    other = environment({**entry, "environment": {"requirements": ["mattersim==9"]}})
    assert other == {"name": "mattersim", "requirements": ["mattersim==9"]}
    there = environment({**entry, "environment": {"python": "/opt/python"}})
    assert there == {**own, "python": "/opt/python"}


def test_a_row_names_an_environment_of_the_suite():
    entry = {"morse": {}, "environment": "tinny"}
    with pytest.raises(LookupError, match=r"no environment 'tinny'; did you mean 'tiny'\?"):
        environment(entry, tiny={"requirements": ["tiny"]})
    assert environment({**entry, "environment": "tiny"}, tiny={"requirements": ["tiny"]}) == {
        "name": "tiny",
        "requirements": ["tiny"],
    }


def test_methods_of_different_environments_are_joined_here(monkeypatch):
    from mlffbench.estimators import Morse

    assert environment({"delta_learning": {"baseline": "mace", "model": "nequip"}}) is None
    monkeypatch.setattr(Morse, "environment", {"name": "other", "requirements": ["x"]})
    assert environment({"delta_learning": {"baseline": "morse", "model": "nequip"}}) is None


@pytest.mark.parametrize(
    ("value", "refusals"),
    [
        ({"requirements": ["torch>=2.6,<2.14", "mace-torch"]}, ["would be installed", "--trust mace-torch "]),
        ({"requirements": ["torch @ http://a.b/c.whl"]}, ["--trust torch @ http://a.b/c.whl "]),
        ({"requirements": ["torch/../wheel"]}, ["--trust torch/../wheel "]),
        (
            {"requirements": ["-r list.txt", "./here"]},
            ["'-r list.txt' is no package", "'./here' is no package"],
        ),
        ({"python": "/opt/x/bin/python"}, ["would compute the cases; if you trust it, add --trust /opt/x"]),
        ({"python": sys.executable}, []),
        ({"python": "3.12"}, []),
    ],
)
def test_packages_and_interpreters_of_a_suite_need_trust(value, refusals, monkeypatch):
    monkeypatch.setenv("MLFFBENCH_TRUST", "torch")
    said = "\n".join(untrusted(Environment(**value)))
    for words in refusals:
        assert words in said
    assert bool(said) == bool(refusals)


def test_the_packages_of_a_method_are_as_trusted_as_it_is(monkeypatch):
    monkeypatch.delenv("MLFFBENCH_TRUST", raising=False)
    row = Row.parse({"nequip": {}, "environment": {"requirements": [*OWN["requirements"], "more"]}})
    (sentence,) = untrusted(row.environment, row)
    assert sentence.startswith("'more' would be installed")


def test_the_suites_of_the_page_need_its_trust(monkeypatch):
    monkeypatch.delenv("MLFFBENCH_TRUST", raising=False)
    page = (Path(__file__).parents[3] / "docs" / "environments.md").read_text(encoding="utf-8")
    first, second = re.findall(r"^```yaml\n(.*?)^```", page, flags=re.M | re.S)
    assert len(read_suite(first).estimators) == 3
    with pytest.raises(SuiteError) as refused:
        read_suite(second)
    trusted = re.findall(r"--trust (\S+)", page)[:3]
    assert [line.split("add --trust ")[1].split()[0] for line in str(refused.value).splitlines()] == trusted
    monkeypatch.setenv("MLFFBENCH_TRUST", ",".join(trusted))
    assert len(read_suite(second).estimators) == 3
