"""The page: one file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from mlffbench import __version__
from mlffbench.data import Dataset, Finding
from mlffbench.report.datasheet.composition import composition_plots
from mlffbench.report.datasheet.distances import REACH, distance_plots, sample
from mlffbench.report.datasheet.groups import groups, shown
from mlffbench.report.datasheet.labels import energy_plots, force_plots, stress_plots, volume_plots
from mlffbench.report.figures.style import Plot, palette
from mlffbench.report.wording import MISSING, flat, plain

__all__ = ["render"]

FIRST = ("level", "licence", "citation")  # of the card, above the figures; the rest stands below them


@dataclass(frozen=True)
class Block:
    """A heading, figures and a sentence."""

    title: str
    plots: list[Plot]
    sentence: str = ""


def render(facts: Mapping[str, Any], looked: Dataset, findings: Sequence[Finding] | None = None) -> str:
    """A dataset's card, counts and histograms as one HTML page.

    Parameters
    ----------
    facts : mapping
        Its `summary`.
    looked : Dataset
        The dataset or a sample of it (`thinned`), for the figures.
    findings : sequence of Finding, optional
        What the checks found; without it the page says that nothing was checked.
    """
    few = shown(groups(looked))
    look = palette(few)
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["figure_json"] = _figure_json
    template = environment.from_string(
        resources.files("mlffbench.report.datasheet").joinpath("template.html").read_text("utf-8")
    )
    card = facts["card"]
    return template.render(
        name=facts["name"],
        title=str(card.get("title") or facts["name"]),
        facts=_facts(facts),
        part=_part(facts["n_looked"], facts["n_frames"]),
        findings=findings,
        look=look if len(few) > 1 else {},
        rows=[_row(name, group) for name, group in facts["groups"].items()],
        stressed=any(g["n_stresses"] for g in facts["groups"].values()),
        blocks=[b for b in _blocks(looked, few, look) if b.plots],
        card=_flat_rows({k: v for k, v in card.items() if k not in (*FIRST, "title")}),
        version=__version__,
        plotly=Markup(get_plotlyjs()),
    )


def _blocks(dataset: Dataset, few: dict[str, np.ndarray], look: Any) -> list[Block]:
    drawn = sample(dataset, few)
    part = _part(sum(map(len, drawn.values())), len(dataset))
    return [
        Block("Energies", energy_plots(dataset, few, look)),
        Block("Forces", force_plots(dataset, few, look)),
        Block("Stresses and volumes", [*stress_plots(dataset, few, look), *volume_plots(dataset, few, look)]),
        Block("Composition", composition_plots(dataset, few, look)),
        Block("Interatomic distances", distance_plots(dataset, drawn, look),
              f"Up to {REACH:g} Å, periodic images included. {part}"),
    ]  # fmt: skip


def _part(n: int, of: int) -> str:
    return f"Of {n:,} of {of:,} frames, evenly spaced in each group." if n < of else ""


def _facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    card, size = facts["card"], facts["atoms_per_frame"]
    alone = (f"{symbol} {_signed(energy)} eV" for symbol, energy in (facts["atomic_energies"] or {}).items())
    known = {
        "frames": f"{facts['n_frames']:,}, of {_size(size)} atoms",
        "elements": " ".join(facts["elements"]),
        "formulas": f"{facts['n_formulas']:,}",
        "periodic": _periodic(facts["n_periodic"], facts["n_looked"]),
        **{word: flat(card[word]) for word in FIRST if card.get(word)},
        "isolated atoms": ", ".join(alone),
        "digest": facts["digest"] or "",
    }
    return [(name, text) for name, text in known.items() if text]


def _periodic(n: int, of: int) -> str:
    return "no" if n == 0 else "in three directions" if n == of else f"{n:,} of the frames"


def _row(name: str, group: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    """A group's cells as text and the number to sort by."""
    energy, pressure = group["energy_eV_per_atom"], group["pressure_GPa"]
    return [
        (name, None),
        (f"{group['n_frames']:,}", group["n_frames"]),
        (_size(group["atoms_per_frame"]), group["atoms_per_frame"]["max"]),
        _coverage(group["n_forces"], group["n_frames"]),
        _coverage(group["n_stresses"], group["n_frames"]),
        (MISSING, None) if energy is None else (_signed(energy["mean"]), energy["mean"]),
        _number(group["energy_std_meV_per_atom"]),
        _number(group["force_rms_eV_per_A"]),
        _number(group["force_max_eV_per_A"]),
        (MISSING, None) if pressure is None else (_span(pressure), pressure["max"]),
    ]


def _size(atoms: Mapping[str, float]) -> str:
    low, high = atoms["min"], atoms["max"]
    return f"{low}" if low == high else f"{low}–{high}"


def _signed(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")


def _coverage(n: int, of: int) -> tuple[str, float]:
    return ("all" if n == of else MISSING if n == 0 else f"{n:,}"), n / of


def _number(value: float | None) -> tuple[str, float | None]:
    return (MISSING if value is None else plain(value)), value


def _span(values: Mapping[str, float]) -> str:
    return f"{plain(values['min'])} to {plain(values['max'])}"


def _flat_rows(card: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    """A nested card as rows, the keys joined by dots."""
    rows = []
    for key, value in card.items():
        if isinstance(value, Mapping):
            rows += _flat_rows(value, f"{above}{key}.")
        else:
            rows.append((f"{above}{key}".replace("_", " "), flat(value)))
    return rows


def _figure_json(plot: Plot) -> Markup:
    """The figure for plotly.js, safe inside a script element: no < can end it."""
    return Markup(str(plot.figure.to_json()).replace("<", "\\u003c"))
