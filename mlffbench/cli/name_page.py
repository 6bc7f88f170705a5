"""Page of a name in the terminal: text, facts, parameters, presets, references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from mlffbench.cli.console import table
from mlffbench.registry.description import REQUIRED

__all__ = ["cost_words", "print_page"]


def print_page(screen: Console, facts: Mapping[str, Any]) -> None:
    """Print all that is known of a name."""
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
    yield "installed", _installed(facts)
    if facts["packages"]:
        yield "needs", ", ".join(map(_package, facts["packages"]))
    yield "licence", "MIT, as mlffbench" + ("; beside that of what it needs" if facts["packages"] else "")
    if facts["cost"]:
        yield "cost", cost_words(facts["cost"])
    yield "cannot", "\n".join(facts["cannot"]) or "–"
    if not facts["fitted_here"]:
        yield "fit", "none here: the model exists already"


def _installed(facts: Mapping[str, Any]) -> str:
    here = "yes" if facts["installed"] else f"no: pip install 'mlffbench[{facts['extra']}]'"
    if not facts["own_environment"]:
        return here
    return f"in an environment of its own, which the first fit makes; here {here.partition(':')[0]}"


def cost_words(cost: Mapping[str, Any]) -> str:
    """Cost in words, to one digit, since machines differ."""
    seconds = cost["fit_seconds"]
    fit = (
        "a fit ends by max_epochs or max_seconds"
        if seconds is None
        else f"a fit takes about {_about(seconds)} s for {cost['frames']} structures of {cost['atoms']} atoms"
    )
    return f"{fit}, a prediction {_about(cost['predict_us_per_atom'])} µs an atom; measured on one core"


def _about(value: float) -> str:
    """One significant digit, without an exponent."""
    return f"{float(f'{value:.1g}'):g}"


def _package(row: Mapping[str, Any]) -> str:
    version = f" {row['version']}" if row["version"] else ""
    return f"{row['name']}{version}" + (f" (licence {row['licence']})" if row["licence"] else "")


def _print_parameters(screen: Console, rows: Sequence[Mapping[str, str]]) -> None:
    """Print the parameters with types and defaults, the meaning of each or of several indented below."""

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

    kind = f" : {row['type']}" if row["type"] else ""
    return f"{row['name']}{kind}; " + (
        "required" if row["default"] == REQUIRED else f"default {row['default']}"
    )


def _print_indented(screen: Console, text: str, n: int) -> None:

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
