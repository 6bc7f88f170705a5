"""Parity plots: predicted against reference, a small panel for each method."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.figures.figure import Figure
from mlffbench.report.figures.style import INK, Palette, Plot, figure, trace_style
from mlffbench.report.problems import Problem
from mlffbench.report.wording import plain

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "Frames",
    "Predictions",
    "chosen_frames",
    "no_frames",
    "parity_plots",
    "shown_groups",
    "structures",
]

Arrays = Mapping[str, np.ndarray]
Predictions = Callable[[str], Arrays | None]
Frames = Callable[[str, str, Sequence[int]], "Sequence[Atoms] | None"]  # of a document's test group
ATOMS = 20_000  # in the frames of one group that a page holds


def no_frames(id: str, group: str, numbers: Sequence[int]) -> None:
    """No structures at hand."""
    return None


class Pairs(NamedTuple):
    """True and predicted numbers of one quantity in one test group, meV, with their frames."""

    heading: str
    axis: str
    unit: str
    true: np.ndarray
    predicted: np.ndarray
    frame: np.ndarray  # number in the group
    atom: np.ndarray | None  # number in the frame
    n_diverged: int  # predictions that are not finite


def shown_groups(problem: Problem, errors: pd.DataFrame) -> list[str]:
    """The reference group and the hardest one, with the largest median error over the methods."""
    by_quantity = (errors[errors["quantity"] == quantity] for quantity in SHOWN)
    measured = next((own for own in by_quantity if own["value"].notna().any()), None)
    if measured is None or problem.reference is None:
        return [problem.reference] if problem.reference else []
    medians = measured.groupby("test")["value"].median()
    return list(dict.fromkeys([problem.reference, str(medians.idxmax())]))


def parity_plots(
    arrays: Mapping[str, Arrays], groups: list[str], palette: Palette, points: int, atoms: int = ATOMS
) -> list[Plot]:
    """Small panels, one a method, by heading: quantity and test group.

    Parameters
    ----------
    arrays : mapping
        Method -> arrays of its npz file.
    groups : list of str
        Test groups to show.
    palette : mapping
        Colours by method.
    points : int
        At most so many points a panel, drawn evenly at random; the RMSE in its caption is of all points.
    atoms : int
        Points are drawn from as many frames of a group, evenly spaced, as hold so many atoms.
    """
    plots: dict[str, list[Plot]] = {}
    for group in groups:
        for label, own in arrays.items():
            for pairs in _pairs(own, group):
                panel = _plot(pairs, group, label, palette, points, atoms, own[f"{group}/n_atoms"])
                plots.setdefault(panel.heading, []).append(panel)
    return [plot for own in plots.values() for plot in own]


def chosen_frames(n_atoms: np.ndarray, most: int) -> np.ndarray:
    """Numbers of evenly spaced frames that hold at most so many atoms together; all, if they do.

    Examples
    --------
    >>> chosen_frames(np.array([10, 10, 10, 10]), 40), chosen_frames(np.array([10, 10, 10, 10]), 25)
    (array([0, 1, 2, 3]), array([0, 2]))
    """
    total = int(n_atoms.sum())
    if total <= most:
        return np.arange(len(n_atoms))
    n = max(int(len(n_atoms) * most / total), 1)
    return np.unique(np.linspace(0, len(n_atoms), n, endpoint=False).astype(int))


def structures(
    ids: Sequence[str], arrays: Mapping[str, Arrays], groups: list[str], frames: Frames, atoms: int = ATOMS
) -> dict[str, dict[str, Any]]:
    """The frames that the points of the panels are drawn from, by test group and number.

    Parameters
    ----------
    ids : sequence of str
        Documents of these methods; the first whose frames are at hand gives them.
    """
    first = next(iter(arrays.values()), {})
    shown: dict[str, dict[str, Any]] = {}
    for group in groups:
        if (n_atoms := first.get(f"{group}/n_atoms")) is None:
            continue
        chosen = chosen_frames(n_atoms, atoms).tolist()
        own = next((f for id in ids if (f := frames(id, group, chosen)) is not None), None)
        if own is not None and [len(f) for f in own] == n_atoms[chosen].tolist():
            shown[group] = {str(i): _structure(frame) for i, frame in zip(chosen, own, strict=True)}
    return shown


def _structure(frame: Atoms) -> dict[str, Any]:
    """Symbols, positions and, of a periodic frame, cell; Å, three digits after the point."""
    rounded = lambda values: np.round(values, 3).ravel().tolist()
    cell = {"cell": rounded(frame.cell.array)} if frame.pbc.any() else {}
    return {"symbols": frame.get_chemical_symbols(), "positions": rounded(frame.positions), **cell}


def _plot(
    pairs: Pairs, group: str, label: str, palette: Palette, points: int, atoms: int, n_atoms: np.ndarray
) -> Plot:
    chosen = chosen_frames(n_atoms, atoms)
    fig = _panel(pairs, label, palette, np.flatnonzero(np.isin(pairs.frame, chosen)), points)
    id, heading = f"parity/{pairs.axis}/{group}/{label}", f"{pairs.heading}, {group}"
    return Plot(id, fig, label, _caption(pairs), small=True, heading=heading, group=group)


def _caption(pairs: Pairs) -> str:
    rmse = float(np.sqrt(np.mean((pairs.predicted - pairs.true) ** 2)))
    diverged = f", {pairs.n_diverged} predictions not finite" if pairs.n_diverged else ""
    return f"RMSE {plain(rmse)} {pairs.unit}{diverged}"


def _pairs(arrays: Arrays, group: str) -> list[Pairs]:
    """Energies per atom, less the group's mean reference energy, and force components, where stored."""
    get = lambda name: arrays.get(f"{group}/{name}")
    n, true, predicted = get("n_atoms"), get("energy_true"), get("energy_predicted")
    pairs = []
    if n is not None and true is not None and predicted is not None and np.isfinite(true).any():
        mean, frame = np.nanmean(true / n), np.arange(len(n))
        energies = true / n - mean, predicted / n - mean
        pairs.append(_finite("Energy per atom", "energy", "meV/atom", *energies, frame, None))
    true, predicted = get("forces_true"), get("forces_predicted")
    if n is not None and true is not None and predicted is not None:
        frame = np.repeat(np.repeat(np.arange(len(n)), n), 3)
        atom = np.repeat(np.concatenate([np.arange(k) for k in n]), 3)
        pairs.append(_finite("Force components", "force", "meV/Å", true, predicted, frame, atom))
    return [own for own in pairs if len(own.true)]


def _finite(
    heading: str,
    axis: str,
    unit: str,
    true: np.ndarray,
    predicted: np.ndarray,
    frame: np.ndarray,
    atom: np.ndarray | None,
) -> Pairs:
    """The pairs of finite numbers, in meV."""
    true, predicted = np.asarray(true).ravel(), np.asarray(predicted).ravel()
    labelled, finite = np.isfinite(true), np.isfinite(true) & np.isfinite(predicted)
    n_diverged = int(labelled.sum() - finite.sum())
    atom = None if atom is None else atom[finite]
    numbers = 1000 * true[finite], 1000 * predicted[finite]
    return Pairs(heading, axis, unit, *numbers, frame[finite], atom, n_diverged)


def _panel(pairs: Pairs, label: str, palette: Palette, picks: np.ndarray, points: int) -> Figure:
    fig = figure(f"reference {pairs.axis} ({pairs.unit})", f"predicted ({pairs.unit})", height=230)
    if len(picks) > points:
        picks = np.sort(np.random.default_rng(0).choice(picks, points, replace=False))
    x, y = (np.array([float(f"{v:.4g}") for v in own[picks]]) for own in (pairs.true, pairs.predicted))
    ends = [float(min(x.min(), y.min())), float(max(x.max(), y.max()))] if len(x) else [0.0, 1.0]
    fig.add_scatter(x=ends, y=ends, mode="lines", line={"color": INK, "width": 1}, hoverinfo="skip")
    style = trace_style(palette, label)
    style["marker"] = {"color": palette[label]["color"], "size": 4, "opacity": 0.35}
    frame = pairs.frame[picks]
    place = frame if pairs.atom is None else np.column_stack([frame, pairs.atom[picks]])
    where = "frame %{customdata}" if pairs.atom is None else "frame %{customdata[0]}, atom %{customdata[1]}"
    fig.add_scatter(
        x=x, y=y, mode="markers", customdata=place,
        hovertemplate=f"{where}<br>reference %{{x}}<br>predicted %{{y}}<extra></extra>",
        **{k: v for k, v in style.items() if k != "line"},
    )  # fmt: skip
    room = 0.05 * (ends[1] - ends[0]) or 1.0
    fig.update_xaxes(range=[ends[0] - room, ends[1] + room], nticks=5)
    fig.update_yaxes(range=[ends[0] - room, ends[1] + room], nticks=5)
    return fig
