"""Command ``mlffbench list``: the names of a kind, from their sources; nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.completion import complete_kinds
from mlffbench.cli.console import console, print_json, refusals, table
from mlffbench.cli.data.arguments import Json

if TYPE_CHECKING:
    from rich.table import Table

    from mlffbench.cli.property.catalogue import Property

__all__ = ["list_"]

PROPERTIES = "properties"


def list_(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="estimators, datasets, splits, metrics, tasks, checks, samplers, calculators or properties; "
            "also in the singular. Without one: their numbers.",
            show_default=False,
            autocompletion=complete_kinds,
        ),
    ] = None,
    json_: Json = False,
) -> None:
    """List the names of a kind; 'mlffbench show NAME' explains one."""
    with refusals():
        if kind is None:
            _print_kinds(json_)
            return
        rows = _rows(_kind(kind))
        if json_:
            print_json(rows)
            return
        if rows:
            _print_rows(rows, _kind(kind))


def _print_rows(rows: list[dict[str, Any]], kind: str) -> None:
    screen = console()
    screen.print(_estimators(rows) if kind == "estimators" else _others(rows))
    for line in _footnotes(rows) if kind == "estimators" else ():
        screen.print(line, highlight=False)
    screen.print("mlffbench show NAME: parameters, needs, papers", highlight=False)


def _footnotes(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Sentences below the table of methods."""
    if any(row["periodic"] is None for row in rows):
        yield "*: as the model that it is made of"
    if own := [row["name"] for row in rows if row["own_environment"]]:
        yield f"{', '.join(own)}: in an environment of its own, which the first fit makes"
    absent: dict[str, list[str]] = {}
    for row in rows:
        if not row["installed"] and not row["own_environment"]:
            absent.setdefault(str(row["extra"]), []).append(row["name"])
    for extra, names in absent.items():
        yield f"not installed: {', '.join(names)}: pip install 'mlffbench[{extra}]'"


def _kind(word: str) -> str:
    """Kind in the plural; the singular and capitals are accepted."""
    from mlffbench import registry

    known = (*registry.KINDS, PROPERTIES)
    singular = {k.removesuffix("s"): k for k in registry.KINDS} | {"property": PROPERTIES}
    lower = word.lower()
    kind = singular.get(lower, lower)
    if kind not in known:
        raise LookupError(f"no kind {word!r}{registry.suggest(lower, known)}")
    return kind


def _rows(kind: str) -> list[dict[str, Any]]:
    """Facts of all names of a kind."""
    from mlffbench import registry
    from mlffbench.cli.name_facts import GIVEN, estimator_facts, parameter_facts
    from mlffbench.cli.property.catalogue import property_names, property_of
    from mlffbench.registry.description import describe

    if kind == PROPERTIES:
        return [
            {"name": what.name, "summary": what.summary, "parameters": _options(what)}
            for what in map(property_of, property_names())
        ]
    rows = []
    for name in registry.names(kind):
        description = describe(kind, name)
        facts = estimator_facts(description) if kind == "estimators" else {}
        head = {"name": name, "summary": description.doc.summary}
        rows.append(head | facts | {"parameters": parameter_facts(description, GIVEN.get(kind, ()))})
    return rows


def _options(what: Property) -> list[dict[str, str]]:
    """Options of a property."""
    from mlffbench.cli.name_facts import parameter_facts

    return parameter_facts(what.description, {*what.description.parameters} - {*what.options})


def _estimators(rows: list[dict[str, Any]]) -> Table:
    """Table of the methods, within 80 columns."""
    columns = ["method", "family", "installed", "periodic", "stress", "uncertainty"]
    word = {True: "yes", False: "no", None: "*"}
    cells = [
        [
            row["name"], row["family"] or "–",
            *(word[row[k]] for k in ("installed", "periodic", "stress", "uncertainty")),
        ]
        for row in rows
    ]  # fmt: skip
    return table(columns, cells, words=6)


def _others(rows: list[dict[str, Any]]) -> Table:
    return table(["name", "what"], [[row["name"], row["summary"]] for row in rows], words=2)


def _print_kinds(json_: bool) -> None:
    """Print the kinds and the number of names of each."""
    from mlffbench import registry
    from mlffbench.cli.property.catalogue import property_names

    known = {kind: registry.names(kind) for kind in registry.KINDS} | {PROPERTIES: property_names()}
    if json_:
        print_json(known)
        return
    rows = [[kind, str(len(names)), ", ".join(names)] for kind, names in known.items()]
    built = table(["kind", "n", "names"], rows, words=3)
    console().print(built)
