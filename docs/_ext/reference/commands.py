"""Pages of the commands, from the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reference.markdown import code, inline, table
from reference.page import Page

__all__ = ["command_pages"]


def command_pages() -> Iterator[Page]:
    """A page a command."""
    import typer

    from mlffbench.cli import app

    for name, command in sorted(_commands(typer.main.get_command(app), "mlffbench")):
        yield Page(name.removeprefix("mlffbench "), command.help or "", _parts(name, command))


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    inside = getattr(command, "commands", {})
    if not inside or name != "mlffbench":
        yield name, command
    for word, own in inside.items():
        if not own.hidden:
            yield from _commands(own, f"{name} {word}")


def _parts(name: str, command: Any) -> dict[str, str]:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    words = [p.metavar or p.name.upper() for p in arguments]
    usage = " ".join([name, *words, *(["[OPTIONS]"] if options else [])])
    example = (command.epilog or "").partition("Example: ")[2]
    return {
        "Definition": f"```console\n{usage}\n```",
        "Settings": "\n\n".join(filter(None, [_table("argument", arguments), _table("option", options)])),
        "Example": f"```console\n{example}\n```" if example else "",
    }


def _table(kind: str, rows: list[Any]) -> str:
    cells = [[_name(p), _default(p), inline(getattr(p, "help", None) or "")] for p in rows]
    return table([kind, "default", "meaning"], cells)


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return code(parameter.metavar or parameter.name.upper())
    names = ", ".join(code(name) for name in [*parameter.opts, *parameter.secondary_opts])
    return f"{names} {code(parameter.metavar)}" if parameter.metavar else names


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    shown = parameter.show_default
    if isinstance(shown, str):
        return inline(shown)
    value = parameter.default
    return "" if value in (None, False, ()) or callable(value) or not shown else code(value)
