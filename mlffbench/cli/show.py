"""Command ``mlffbench show``: a name of any kind, explained from its docstring."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.completion import complete_names
from mlffbench.cli.console import console, print_json, refusals
from mlffbench.cli.data.arguments import Json

if TYPE_CHECKING:
    from mlffbench.registry.description import Description

__all__ = ["facts_of", "show"]

PROPERTIES = "properties"
WIDEST = 100  # columns of running text


def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A name of any kind ('mlffbench list'), or module:Name with --trust.",
            show_default=False,
            autocompletion=complete_names,
        ),
    ],
    json_: Json = False,
) -> None:
    """Explain a name: parameters, presets, needs, what it cannot do, papers."""
    with refusals():
        things = _described(name)
        if json_:
            facts = [facts_of(kind, name, description) for kind, description in things]
            print_json(facts[0] if len(facts) == 1 else facts)
            return
        from mlffbench.cli.name_page import print_page

        screen = console()
        screen.width = min(screen.width, WIDEST)
        for i, (kind, description) in enumerate(things):
            if i:
                screen.print("")
            print_page(screen, facts_of(kind, name, description))


def _described(name: str) -> list[tuple[str, Description]]:
    """Kind and description of everything with this name.

    Raises
    ------
    LookupError
        Nothing has this name, or its module is not trusted.
    """
    from mlffbench import registry
    from mlffbench.cli.property.catalogue import ELSEWHERE, property_names, property_of
    from mlffbench.registry.description import describe

    if ":" in name:
        return [_foreign(name)]
    things = [(kind, describe(kind, name)) for kind in registry.KINDS if name in registry.names(kind)]
    if name in property_names() or (name in ELSEWHERE and not things):
        things.append((PROPERTIES, property_of(name).description))
    if not things:
        known = {n for kind in registry.KINDS for n in registry.names(kind)} | set(property_names())
        near = get_close_matches(name.lower(), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise LookupError(f"nothing is named {name!r}; {hint}'mlffbench list' shows all names")
    return things


def _foreign(name: str) -> tuple[str, Description]:
    """Kind and description of somebody else's class or function."""
    from mlffbench import registry
    from mlffbench.registry.description import describe

    refusals_ = []
    for kind in ("estimators", "calculators", "datasets"):
        try:
            return kind, describe(kind, name)
        except LookupError as error:
            refusals_.append(str(error.args[0]))
    raise LookupError(refusals_[0] if registry.FOREIGN.fullmatch(name) else f"{name!r} is not module:Name")


def facts_of(kind: str, name: str, description: Description) -> dict[str, Any]:
    """All that is known of a name."""
    from mlffbench.cli.name_facts import (
        GIVEN,
        cost,
        estimator_facts,
        limits,
        packages,
        parameter_facts,
        presets,
    )

    doc, more = description.doc, {}
    structures: tuple[str, ...] = ()
    if kind == "estimators":
        more = {
            **estimator_facts(description), "cannot": list(limits(description)),
            "packages": packages(description), "presets": presets(description),
            "cost": cost(name, description),
        }  # fmt: skip
    given = GIVEN.get(kind, ())
    if kind == PROPERTIES and ":" not in name:
        structures, given = _property_words(name, description)
    return {
        "name": name, "kind": "property" if kind == PROPERTIES else kind.removesuffix("s"),
        "summary": doc.summary, "text": list(doc.extended), "structures": list(structures),
        "parameters": parameter_facts(description, given), **more,
        "notes": list(doc.notes), "references": list(doc.references),
    }  # fmt: skip


def _property_words(name: str, description: Description) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Structures that a property needs, and parameters that the command line gives it."""
    from mlffbench.cli.property.catalogue import property_of

    what = property_of(name)
    given = tuple(n for n in description.parameters if n not in what.options)
    return tuple(what.structures), given
