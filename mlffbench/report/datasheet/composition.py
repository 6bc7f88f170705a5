"""Composition of the frames: elements, formulas, sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape

import numpy as np

from mlffbench.data import Dataset
from mlffbench.report.figures.style import Palette, Plot, figure, hover_text

__all__ = ["composition_plots"]

Groups = Mapping[str, np.ndarray]
MOST = 15  # formulas
TITLES = {"elements": "Atoms by element", "formulas": "Frames by formula", "sizes": "Frames by size"}


def composition_plots(dataset: Dataset, groups: Groups, palette: Palette) -> list[Plot]:
    """Bars of atoms by element, and of frames by formula and by size if these differ."""
    atoms = {name: _elements(dataset, picks) for name, picks in groups.items()}
    formulas = {name: _formulas(dataset, picks) for name, picks in groups.items()}
    sizes = {name: Counter(str(len(dataset.frames[i])) for i in picks) for name, picks in groups.items()}
    plots = [_bars(atoms, dataset.elements, palette, "element", "atoms", "elements")]
    total = sum(formulas.values(), Counter())
    caption = f"The {MOST} most frequent of {len(total)}." if len(total) > MOST else ""
    if len(total) > 1:
        frequent = [f for f, _ in total.most_common(MOST)]
        plots.append(_bars(formulas, frequent, palette, "formula", "frames", "formulas", caption))
    numbers = sorted(sum(sizes.values(), Counter()), key=int)
    if len(numbers) > 1:
        plots.append(_bars(sizes, numbers, palette, "atoms in the frame", "frames", "sizes"))
    return plots


def _elements(dataset: Dataset, picks: np.ndarray) -> Counter[str]:
    return sum((Counter(dataset.frames[i].get_chemical_symbols()) for i in picks), Counter())


def _formulas(dataset: Dataset, picks: np.ndarray) -> Counter[str]:
    return Counter(dataset.frames[i].get_chemical_formula() for i in picks)


def _bars(
    counts: Mapping[str, Counter[str]], categories: list[str], palette: Palette, x: str, y: str, id: str,
    caption: str = "",
) -> Plot:  # fmt: skip
    """Counts by category, the groups stacked."""
    fig = figure(x, y, height=300)
    for group, own in counts.items():
        name = escape(group)
        fig.add_bar(
            x=categories, y=[own[c] for c in categories], name=name, legendgroup=name,
            marker={"color": palette[group]["color"]},
            hovertemplate=f"{hover_text(group)}<br>%{{x}}: %{{y}}<extra></extra>",
        )  # fmt: skip
    fig.update_layout(barmode="stack", bargap=0.3 if len(categories) > 4 else 0.6)
    fig.update_xaxes(type="category", showgrid=False)
    return Plot(f"composition/{id}", fig, TITLES[id], caption)
