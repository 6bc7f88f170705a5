"""Command ``mlffbench data list``: all datasets, without loading them."""

from __future__ import annotations

from inspect import Parameter
from typing import TYPE_CHECKING, Any

from mlffbench.cli.console import console, print_json, refusals, table
from mlffbench.cli.data.arguments import Json

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["catalogue", "dataset_facts"]


def catalogue(json_: Json = False) -> None:
    """List the datasets: frames, elements, and whether the files are here or to download."""
    from mlffbench import registry

    with refusals():
        rows = [dataset_facts(name) for name in registry.names("datasets")]
        if json_:
            print_json(rows)
            return
        columns = ["name", "what", "elements", "where", "frames"]
        console().print(table(columns, [_texts(row) for row in rows], words=4))


def dataset_facts(name: str) -> dict[str, Any]:
    """Facts of a dataset's card; None for what only the data tell."""
    from mlffbench import registry
    from mlffbench.data import Spec
    from mlffbench.datasets.sources.availability import card_of, module_of, sources_of, where

    spec = Spec(name)
    function, module = registry.load("datasets", name), module_of(spec)
    card, sources = card_of(name, module), sources_of(spec)
    return {
        "name": name,
        "what": registry.summary(function),
        "params": {k: None if v is Parameter.empty else v for k, v in registry.parameters(function).items()},
        "n_frames": _n_frames(card, [s for s in sources if s is not getattr(module, "ATOMS", None)]),
        "elements": getattr(module, "ELEMENTS", None) or _elements(card),
        "where": where(spec, sources),
    }


def _texts(row: dict[str, Any]) -> list[str | Text]:
    """Row of the table; parameters stand below the name, since the numbers are for their defaults."""
    from rich.text import Text

    defaults = [f"{k}={v}" for k, v in row["params"].items() if isinstance(v, str | int)]
    name = Text("\n").join([Text(row["name"], "bold"), *(Text(d, "dim") for d in defaults)])
    elements, n = " ".join(row["elements"] or "–"), row["n_frames"]
    return [name, row["what"], elements, row["where"], "–" if n is None else f"{n:,}"]


def _n_frames(card: Any, sources: list[Any]) -> int | None:
    """Number of frames by the card's groups, else by its files; isolated atoms are not counted."""
    groups = card.get("groups")
    if groups:
        return sum(groups.values())
    counts = [s.frames for s in sources]
    return sum(counts) if counts and None not in counts else None


def _elements(card: Any) -> list[str] | None:
    energies = card.get("isolated_atom_energies_eV")
    return list(energies) if energies else None
