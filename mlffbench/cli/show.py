"""Command ``mlffbench show``: a name of any kind, explained from its docstring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlffbench.cli.completion import complete_names
from mlffbench.cli.console import console, print_json, refusals, table
from mlffbench.cli.data.arguments import Json

if TYPE_CHECKING:
    from rich.console import Console

    from mlffbench.registry.description import Description

__all__ = ["show"]

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
            facts = [_facts(kind, name, description) for kind, description in things]
            print_json(facts[0] if len(facts) == 1 else facts)
            return
        screen = console()
        screen.width = min(screen.width, WIDEST)
        for i, (kind, description) in enumerate(things):
            if i:
                screen.print("")
            _print(screen, _facts(kind, name, description))


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
        near = get_close_matches(name, known, n=1, cutoff=0.5)
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


def _facts(kind: str, name: str, description: Description) -> dict[str, Any]:
    """All that is known of a name."""
    from mlffbench.cli.name_facts import GIVEN, estimator_facts, limits, packages, parameter_facts, presets

    doc, more = description.doc, {}
    structures: tuple[str, ...] = ()
    if kind == "estimators":
        more = {
            **estimator_facts(description), "cannot": list(limits(description)),
            "packages": packages(description), "presets": presets(description),
        }  # fmt: skip
    if kind == PROPERTIES and ":" not in name:
        from mlffbench.cli.property.catalogue import property_of

        what = property_of(name)
        structures = tuple(what.structures)
        given = (*GIVEN, *(n for n in description.parameters if n not in what.options))
    else:
        given = GIVEN
    return {
        "name": name, "kind": "property" if kind == PROPERTIES else kind.removesuffix("s"),
        "summary": doc.summary, "text": list(doc.extended), "structures": list(structures),
        "parameters": parameter_facts(description, given), **more,
        "notes": list(doc.notes), "references": list(doc.references),
    }  # fmt: skip


# ---------------------------------------------------------------- as text
def _print(screen: Console, facts: Mapping[str, Any]) -> None:
    from rich.text import Text

    kind = f"{facts['kind']}, {facts['family']}" if facts.get("family") else facts["kind"]
    screen.print(Text(facts["name"], "bold") + Text(f"  {kind}", "dim"))
    for paragraph in (facts["summary"], *facts["text"], *facts["notes"]):
        screen.print(paragraph, highlight=False)
        screen.print("")
    if rows := [[label, text] for label, text in _lines(facts)]:
        built = table(["", ""], rows, words=2)
        built.show_header = False
        screen.print(built, "")
    _print_parameters(screen, facts["parameters"])
    if facts.get("presets"):
        screen.print(Text("Presets in numbers", "bold"))
        screen.print(_preset_table(facts["presets"]), "")
    if facts["references"]:
        screen.print(Text("References", "bold"))
        for reference in facts["references"]:
            _print_indented(screen, reference, 2)
    if usage := _usage(facts):
        screen.print(usage, highlight=False)


def _lines(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Facts of a method as lines of a table."""
    if facts["kind"] != "estimator":
        return
    quantities = ["energy", *(q for q in ("forces", "stress") if facts[q])]
    predicts = "as the model that it is made of" if facts["forces"] is None else ", ".join(quantities)
    yield "predicts", predicts + (", standard deviations" if facts["uncertainty"] else "")
    yield "runs in", ", ".join(facts["runs_in"])
    yield "installed", "yes" if facts["installed"] else f"no: pip install 'mlffbench[{facts['extra']}]'"
    if facts["packages"]:
        yield "needs", ", ".join(map(_package, facts["packages"]))
    yield "cannot", "\n".join(facts["cannot"]) or "–"
    if not facts["fitted_here"]:
        yield "fit", "none here: the model exists already"


def _package(row: Mapping[str, Any]) -> str:
    version = f" {row['version']}" if row["version"] else ""
    return f"{row['name']}{version}" + (f" (licence {row['licence']})" if row["licence"] else "")


def _print_parameters(screen: Console, rows: Sequence[Mapping[str, str]]) -> None:
    """Print the parameters with types and defaults, the meaning of each or of several indented below."""
    from rich.text import Text

    if rows:
        screen.print(Text("Parameters", "bold"))
    together: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        together.setdefault(row["text"] or row["name"], []).append(row)
    for group in together.values():
        for row in group:
            _print_indented(screen, _head(row), 2)
        if group[0]["text"]:
            _print_indented(screen, group[0]["text"], 6)
    if rows:
        screen.print("")


def _head(row: Mapping[str, str]) -> str:
    from mlffbench.registry.description import REQUIRED

    kind = f" : {row['type']}" if row["type"] else ""
    return f"{row['name']}{kind}; " + ("required" if row["default"] == REQUIRED else f"default {row['default']}")


def _print_indented(screen: Console, text: str, n: int) -> None:
    from rich.padding import Padding
    from rich.text import Text

    screen.print(Padding(Text(text), (0, 0, 0, n)))


def _preset_table(presets: Mapping[str, Mapping[str, Any]]) -> Any:
    names = dict.fromkeys(setting for settings in presets.values() for setting in settings)
    cells = [[n, *("–" if s.get(n) is None else str(s[n]) for s in presets.values())] for n in names]
    return table(["setting", *presets], cells, words=1)


def _usage(facts: Mapping[str, Any]) -> str:
    """Line that shows where the name is written."""
    name, needed = facts["name"], [p for p in facts["parameters"] if p["default"] == "required"]
    inside = ", ".join(f"{p['name']}: ..." for p in needed)
    entry = f"{name}: {{{inside}}}" if inside else name
    if facts["kind"] == "property":
        files = " ".join(f"{n}.cif" for n in facts["structures"])
        options = " ".join(f"--{p['name'].replace('_', '-')} ..." for p in needed)
        words = ["mlffbench property", name, "--model x.mlff", files, options]
        return f"\n{' '.join(filter(None, words))}"
    places = {"estimator": "estimators", "task": "tasks", "metric": "metrics"}
    if facts["kind"] in places:
        return f"\nin a suite, under {places[facts['kind']]}:  - {entry}"
    return ""
