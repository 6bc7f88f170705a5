"""Filling of the HTML templates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from mlffbench.report.page.libraries import library
from mlffbench.report.page.packing import packed_json

__all__ = ["SCRIPTS", "render_page"]

SCRIPTS = (  # of the folder script, in the order of their use
    "packs", "state", "theme", "methods", "figures", "legends", "tables", "cards", "exports", "tabs",
    "drawer", "structures", "merit", "pairs", "filters", "keyboard", "printing", "start",
)  # fmt: skip


def render_page(
    template: str,
    packs: Mapping[str, Any] | None = None,
    libraries: Sequence[str] = ("plotly", "tables"),
    **context: Any,
) -> str:
    """Fill a template that extends ``page/page.html``; the page needs no network.

    Parameters
    ----------
    template : str
        Path below ``mlffbench/report``, such as ``formats/report.html``.
    packs : mapping, optional
        Plain JSON by name, which the scripts unpack when they need it.
    libraries : sequence of str
        Libraries of `mlffbench.report.page.libraries` that the page uses.
    **context
        The template's variables.
    """
    texts = {f"library-{name}": library(name) for name in libraries}
    texts |= {name: packed_json(value) for name, value in (packs or {}).items()}
    scripts = Markup("\n".join(_source(f"page/script/{name}.js") for name in SCRIPTS))
    return (
        _environment()
        .get_template(template)
        .render(packs={name: Markup(text) for name, text in texts.items()}, scripts=scripts, **context)
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Environment of all templates, each of which is compiled once."""
    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breaks"] = _breaks
    return environment


def _breaks(name: str) -> list[str]:
    """Parts of a long name, between which a line may end."""
    return re.findall(r"[^(=,·_]*[(=,·_]?", name)[:-1]


def _source(name: str) -> str:
    return resources.files("mlffbench.report").joinpath(*name.split("/")).read_text("utf-8")
