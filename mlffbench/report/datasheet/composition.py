"""What the frames are made of: elements, formulas, sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape

import numpy as np

from mlffbench.data import Dataset
from mlffbench.report.figures.style import Look, Plot, figure

__all__ = ["composition_plots"]

Groups = Mapping[str, np.ndarray]
MOST = 15  # formulas


def composition_plots(dataset: Dataset, groups: Groups, look: Look) -> list[Plot]:
    """Bars of atoms by element, of frames by formula and by size; the last two where they differ."""
    atoms = {name: _elements(dataset, picks) for name, picks in groups.items()}
    formulas = {name: _formulas(dataset, picks) for name, picks in groups.items()}
    sizes = {name: Counter(str(len(dataset.frames[i])) for i in picks) for name, picks in groups.items()}
    plots = [_bars(atoms, dataset.elements, look, "element", "atoms", "Atoms by element")]
    total = sum(formulas.values(), Counter())
    caption = f"The {MOST} most frequent of {len(total)}." if len(total) > MOST else ""
    if len(total) > 1:
        most = [f for f, _ in total.most_common(MOST)]
        plots.append(_bars(formulas, most, look, "formula", "frames", "Frames by formula", caption))
    known = sorted(sum(sizes.values(), Counter()), key=int)
    if len(known) > 1:
        plots.append(_bars(sizes, known, look, "atoms in the frame", "frames", "Frames by size"))
    return plots


def _elements(dataset: Dataset, picks: np.ndarray) -> Counter[str]:
    return sum((Counter(dataset.frames[i].get_chemical_symbols()) for i in picks), Counter())


def _formulas(dataset: Dataset, picks: np.ndarray) -> Counter[str]:
    return Counter(dataset.frames[i].get_chemical_formula() for i in picks)


def _bars(
    counts: Mapping[str, Counter[str]], words: list[str], look: Look, x: str, y: str, title: str,
    caption: str = "",
) -> Plot:  # fmt: skip
    """Counts of each word, the groups stacked."""
    fig = figure(x, y, height=300)
    for group, own in counts.items():
        name = escape(group)
        fig.add_bar(
            x=words, y=[own[w] for w in words], name=name, legendgroup=name,
            marker={"color": look[group]["color"]}, hovertemplate=f"{name}<br>%{{x}}: %{{y}}<extra></extra>",
        )  # fmt: skip
    fig.update_layout(barmode="stack", bargap=0.3 if len(words) > 4 else 0.6)
    fig.update_xaxes(type="category", showgrid=False)
    return Plot(fig, title, caption)
