"""Pages of the names of the registry: what `mlffbench show` says, in the order of the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlffbench import registry
from mlffbench.cli.show import facts_of
from mlffbench.registry.description import describe
from reference.functions import module_blocks
from reference.markdown import bullets, paragraphs, parameters
from reference.page import Page

__all__ = ["common_parts", "facts_of_kind", "plain_pages", "property_pages", "suite_entry"]

Facts = Mapping[str, Any]
PLACES = {"estimators": "estimators", "tasks": "tasks", "metrics": "metrics", "splits": "problems"}


def facts_of_kind(kind: str) -> Iterator[Facts]:
    """Facts of all names of a kind, those that `mlffbench show` prints."""
    for name in registry.names(kind):
        yield facts_of(kind, name, describe(kind, name))


def plain_pages(kind: str) -> Iterator[Page]:
    """A page a name of a kind without parts of its own."""
    for facts in facts_of_kind(kind):
        yield Page(facts["name"], facts["summary"], {**common_parts(facts), "Example": suite_entry(facts)})


def property_pages() -> Iterator[Page]:
    """A page a property that a calculator and structures suffice for."""
    from mlffbench.cli.property.catalogue import property_names, property_of

    for name in property_names():
        facts = facts_of("properties", name, property_of(name).description)
        files = " ".join(f"{n}.cif" for n in facts["structures"])
        example = f"```console\nmlffbench property {name} --model best.mlff {files}\n```"
        python = module_blocks(f"mlffbench.properties.{name}")
        yield Page(name, facts["summary"], {**common_parts(facts), "Example": example}, python)


def common_parts(facts: Facts) -> dict[str, str]:
    """Parts that a docstring fills."""
    return {
        "Definition": paragraphs(facts["text"]),
        "Settings": parameters(facts["parameters"]),
        "How to read": paragraphs(facts["notes"]),
        "Papers": bullets(facts["references"]),
    }


def suite_entry(facts: Facts) -> str:
    """Entry of a suite with the name and the keywords that it needs."""
    place = PLACES.get(f"{facts['kind']}s")
    if place is None:
        return ""
    needed = ", ".join(f"{row['name']}: ..." for row in facts["parameters"] if row["default"] == "required")
    entry = f"{facts['name']}: {{{needed}}}" if needed else facts["name"]
    if place == "problems":
        entry = f"dataset: malonaldehyde\n    split: {f'{{{entry}}}' if needed else entry}"
    return f"```yaml\n{place}:\n  - {entry}\n```"
