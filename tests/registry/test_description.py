"""Descriptions of names from their source, against the imported classes and functions."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

from mlffbench import registry
from mlffbench.registry.description import COMPUTED, REQUIRED, describe, describe_function, module_summary

EXPRESSIONS = ["tuple(FILES)"]  # defaults that are no literals
FACTS = ("family", "predicts_std", "properties", "supports", "requires", "extra")


def names():
    return [(kind, name) for kind in registry.KINDS for name in registry.names(kind)]


@pytest.mark.parametrize(("kind", "name"), names())
def test_what_is_read_is_what_is_imported(kind, name):
    target, read = registry.load(kind, name), describe(kind, name)
    known = {k: v for k, v in registry.parameters(target).items() if k not in ("args", "kwargs")}
    assert dict.fromkeys(read.parameters) == dict.fromkeys(known)
    for parameter, default in known.items():
        written = REQUIRED if default is inspect.Parameter.empty else repr(default)
        assert read.parameters[parameter] in (written, str(default), *EXPRESSIONS), parameter
    if kind == "estimators":
        for fact in FACTS:
            value = read.attributes[fact]
            assert value is COMPUTED or value == getattr(target, fact), fact
    assert read.doc.summary
    undescribed = [
        p for p in known if read.doc.entry(p) is None and kind == "estimators" and p != "atomic_energies"
    ]
    assert not undescribed


def test_all_estimators_are_described_without_their_frameworks():
    code = (
        "import sys\nfrom mlffbench import registry\nfrom mlffbench.registry.description import describe\n"
        "for n in registry.names('estimators'): describe('estimators', n)\n"
        "print(*sorted({'torch', 'sklearn', 'mace', 'dscribe'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_somebody_elses_class_is_imported():
    read = describe("calculators", "ase.calculators.lj:LennardJones")
    assert read.doc.summary


def test_names_that_do_not_exist_are_refused():
    with pytest.raises(LookupError, match="did you mean 'mace'"):
        describe("estimators", "macee")


def test_a_function_and_its_module():
    read = describe_function("mlffbench.properties.elastic", "elastic_constants")
    assert list(read.parameters)[:2] == ["calculator", "atoms"]
    assert read.annotations["atoms"] == "Atoms"
    assert float(read.parameters["strain"]) == 0.005
    assert module_summary("mlffbench.properties.elastic").startswith("Elastic constants")
