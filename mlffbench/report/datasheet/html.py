"""The page of a dataset: one file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlffbench import __version__
from mlffbench.data import Dataset, Finding
from mlffbench.report.datasheet.composition import composition_plots
from mlffbench.report.datasheet.distances import REACH, distance_plots, distance_sample
from mlffbench.report.datasheet.groups import groups, shown
from mlffbench.report.datasheet.labels import energy_plots, force_plots, stress_plots, volume_plots
from mlffbench.report.figures.style import Palette, Plot, palette_of
from mlffbench.report.page.page import render_page
from mlffbench.report.wording import MISSING, flat, plain

__all__ = ["render"]

FIRST = ("level", "licence", "citation")  # entries of the card above the figures; the others stand below


@dataclass(frozen=True)
class Block:
    """A heading, figures and a sentence; the id names it within the page."""

    id: str
    title: str
    plots: list[Plot]
    sentence: str = ""


def render(facts: Mapping[str, Any], sample: Dataset, findings: Sequence[Finding] | None = None) -> str:
    """A dataset's card, counts and histograms as one HTML page.

    Parameters
    ----------
    facts : mapping
        Its `summary`.
    sample : Dataset
        The dataset or a `subsample` of it, for the figures.
    findings : sequence of Finding, optional
        Findings of the checks; without them the page says that nothing was checked.
    """
    few = shown(groups(sample))
    palette = palette_of(few)
    card = facts["card"]
    blocks = [b for b in _blocks(sample, few, palette) if b.plots]
    return render_page(
        "datasheet/datasheet.html",
        packs={"figures": {plot.id: plot.figure.plain() for block in blocks for plot in block.plots}},
        page_data={
            "methods": [{"label": name, "family": "", **palette[name]} for name in palette],
            "problems": [],
        },
        places={name: m for m, name in enumerate(palette)},
        page_title=facts["name"],
        name=facts["name"],
        title=str(card.get("title") or facts["name"]),
        facts=_facts(facts),
        part=_part(facts["n_looked"], facts["n_frames"]),
        findings=findings,
        palette=palette if len(few) > 1 else {},
        rows=[_row(name, group) for name, group in facts["groups"].items()],
        stressed=any(g["n_stresses"] for g in facts["groups"].values()),
        blocks=blocks,
        card=_flat_rows({k: v for k, v in card.items() if k not in (*FIRST, "title")}),
        version=__version__,
    )


def _blocks(dataset: Dataset, few: dict[str, np.ndarray], palette: Palette) -> list[Block]:
    measured = distance_sample(dataset, few)
    part = _part(sum(map(len, measured.values())), len(dataset))
    stresses = [*stress_plots(dataset, few, palette), *volume_plots(dataset, few, palette)]
    return [
        Block("energies", "Energies", energy_plots(dataset, few, palette)),
        Block("forces", "Forces", force_plots(dataset, few, palette)),
        Block("stresses", "Stresses and volumes", stresses),
        Block("composition", "Composition", composition_plots(dataset, few, palette)),
        Block("distances", "Interatomic distances", distance_plots(dataset, measured, palette),
              f"Up to {REACH:g} Å, periodic images included. {part}"),
    ]  # fmt: skip


def _part(n: int, of: int) -> str:
    """A sentence on the sample that a figure shows; empty if it shows all frames."""
    return f"A sample of {n:,} of {of:,} frames, evenly spaced in each group." if n < of else ""


def _facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    card, size = facts["card"], facts["atoms_per_frame"]
    isolated = (
        f"{symbol} {_signed(energy)} eV" for symbol, energy in (facts["atomic_energies"] or {}).items()
    )
    texts = {
        "frames": f"{facts['n_frames']:,}, of {_size(size)} atoms",
        "elements": " ".join(facts["elements"]),
        "formulas": f"{facts['n_formulas']:,}",
        "periodic": _periodic(facts["n_periodic"], facts["n_looked"]),
        **{word: flat(card[word]) for word in FIRST if card.get(word)},
        "isolated atoms": ", ".join(isolated),
        "digest": facts["digest"] or "",
    }
    return [(name, text) for name, text in texts.items() if text]


def _periodic(n: int, of: int) -> str:
    return "no" if n == 0 else "in three directions" if n == of else f"{n:,} of the frames"


def _row(name: str, group: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    """Cells of a group: texts and the numbers that sort them."""
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
