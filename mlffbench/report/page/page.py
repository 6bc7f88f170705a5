"""Filling of the HTML templates."""

from __future__ import annotations

from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from mlffbench.report.figures.style import Plot

__all__ = ["render_page"]


def render_page(template: str, **context: Any) -> str:
    """Fill a template that extends ``page/page.html``; the page needs no network.

    Parameters
    ----------
    template : str
        Path below ``mlffbench/report``, such as ``formats/report.html``.
    **context
        The template's variables.
    """
    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure_json"] = _figure_json
    return environment.get_template(template).render(plotly=Markup(get_plotlyjs()), **context)


def _source(name: str) -> str:
    return resources.files("mlffbench.report").joinpath(*name.split("/")).read_text("utf-8")


def _figure_json(plot: Plot) -> Markup:
    """The figure for plotly.js, safe inside a script element: no < can end it."""
    return Markup(str(plot.figure.to_json()).replace("<", "\\u003c"))
