"""Every file of properties/ is offered as a property, or excluded with a reason."""

from __future__ import annotations

from pathlib import Path

import mlffbench.properties
from mlffbench.cli.property.catalogue import ELSEWHERE, property_names, property_of

COMMAND = {"model", "calculator", "device", "param", "at_rest", "standard_cell", "out", "overwrite", "list",
           "json", "trust", "help"}  # fmt: skip


def test_no_file_is_forgotten():
    files = {p.stem for p in Path(mlffbench.properties.__file__).parent.glob("[!_]*.py")}
    assert files == {*property_names(), *ELSEWHERE}
    assert len(property_names()) >= 24


def test_every_parameter_is_a_structure_an_option_or_known_to_be_left_out():
    left_out = set()
    for name in property_names():
        what = property_of(name)
        others = {*what.description.parameters} - {*what.structures, *what.options, "calculator"}
        left_out |= {f"{name}.{other}" for other in others}
        assert what.description.doc.summary
        assert what.summary
        assert not COMMAND & set(what.options), name
    assert left_out == {"bulk_relaxation.optimizer", "dynamics.limits"}


def test_options_are_documented():
    for name in property_names():
        what = property_of(name)
        assert not [o for o in what.options if what.description.doc.entry(o) is None], name


def test_every_property_takes_structures_of_other_packages():
    for name in property_names():
        what = property_of(name)
        if what.structures:
            assert hasattr(what.call, "__wrapped__"), f"{name} lacks takes_any_structure"
