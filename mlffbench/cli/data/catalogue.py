"""``mlffbench data list``: which datasets there are, without loading any."""

from __future__ import annotations

from inspect import Parameter
from typing import TYPE_CHECKING, Any

from mlffbench.cli.console import console, print_json, refusals, table
from mlffbench.cli.data.arguments import Json

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["catalogue"]


def catalogue(json_: Json = False) -> None:
    """What there is: frames, elements, and whether it is here or to download."""
    from mlffbench import registry

    with refusals():
        rows = [_row(name) for name in registry.names("datasets")]
        if json_:
            print_json(rows)
            return
        columns = ["name", "what", "elements", "where", "frames"]
        console().print(table(columns, [_texts(row) for row in rows], words=4))


def _row(name: str) -> dict[str, Any]:
    """What the file says of itself; None where only the data know."""
    from mlffbench import registry
    from mlffbench.cli.data.availability import card_of, module_of, sources_of, where
    from mlffbench.data import Spec

    spec = Spec(name)
    thing, module = registry.load("datasets", name), module_of(spec)
    card, sources = card_of(name, module), sources_of(spec)
    return {
        "name": name,
        "what": registry.summary(thing),
        "params": {k: None if v is Parameter.empty else v for k, v in registry.parameters(thing).items()},
        "n_frames": _n_frames(card, [s for s in sources if s is not getattr(module, "ATOMS", None)]),
        "elements": getattr(module, "ELEMENTS", None) or _elements(card),
        "where": where(spec, sources),
    }


def _texts(row: dict[str, Any]) -> list[str | Text]:
    """A row of the table; parameters stand below the name, since the numbers are for their defaults."""
    from rich.text import Text

    defaults = [f"{k}={v}" for k, v in row["params"].items() if isinstance(v, str | int)]
    name = Text("\n").join([Text(row["name"], "bold"), *(Text(d, "dim") for d in defaults)])
    elements, n = " ".join(row["elements"] or "–"), row["n_frames"]
    return [name, row["what"], elements, row["where"], "–" if n is None else f"{n:,}"]


def _n_frames(card: Any, sources: list[Any]) -> int | None:
    """As the card counts its groups, else as the files do; isolated atoms are no frames."""
    groups = card.get("groups")
    if groups:
        return sum(groups.values())
    counts = [s.frames for s in sources]
    return sum(counts) if counts and None not in counts else None


def _elements(card: Any) -> list[str] | None:
    found = card.get("isolated_atom_energies_eV")
    return list(found) if found else None
