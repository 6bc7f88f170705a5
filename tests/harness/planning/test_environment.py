"""Environments of rows: the method's own, the suite's by name, and what a row changes of them."""

from __future__ import annotations

import pytest

from mlffbench.estimators import NequIP
from mlffbench.harness.planning.environment import environment_of
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


def test_a_row_names_an_environment_of_the_suite():
    entry = {"morse": {}, "environment": "tinny"}
    with pytest.raises(LookupError, match=r"no environment 'tinny'; did you mean 'tiny'\?"):
        environment(entry, tiny={"requirements": ["tiny"]})
    assert environment({**entry, "environment": "tiny"}, tiny={"requirements": ["tiny"]}) == {
        "name": "tiny",
        "requirements": ["tiny"],
    }


def test_methods_of_different_environments_cannot_be_joined(monkeypatch):
    from mlffbench.estimators import Morse

    monkeypatch.setattr(Morse, "environment", {"name": "other", "requirements": ["x"]})
    with pytest.raises(ValueError, match="delta_learning is made of methods of different environments"):
        environment({"delta_learning": {"baseline": "morse", "model": "nequip"}})
