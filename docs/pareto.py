"""Picture of the README, `pareto.svg`: error against time of every method in `results/families`.

    python docs/pareto.py

The file is written as text, so that the same results give the same file on every machine; its colours follow
the reader's light or dark theme.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

import mlffbench
from mlffbench.report.figures.style import FAMILY_COLOURS
from mlffbench.report.statistics.pareto import pareto_front

Spot = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, foot

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs" / "pareto.svg"
PANELS = {"aspirin, a molecule": "aspirin", "silicon, a crystal": "mlearn"}  # title, word of a problem
WIDTH, HEIGHT, LEFT, TOP, GAP = 880, 400, 62, 46, 64
PLOT = ((WIDTH - LEFT - GAP - 14) / 2, HEIGHT - TOP - 92)  # width and height of a panel
ERROR, TIME = "force RMSE (meV/Å)", "prediction time (µs/atom)"
TIMES, ERRORS = (0.3, 6000.0), (40.0, 5000.0)  # µs/atom, meV/Å
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2933 }
.axis, .grid, .front { fill: none; stroke: #1f2933 }
.grid { stroke-opacity: 0.14 } .front { stroke-dasharray: 4 3; stroke-opacity: 0.6 }
.title { font-weight: 600 } .small { font-size: 11px }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .axis, .grid, .front { stroke: #e6edf3 } }
"""


def main() -> None:
    """Write the picture."""
    FILE.write_text(picture(), encoding="utf-8")
    print(f"wrote {FILE.relative_to(ROOT)}")


def picture() -> str:
    """The file's text."""
    results = mlffbench.load_results(ROOT / "results" / "families")
    families = {d["case"]["label"]: d["model"]["family"] for d in results.documents if d["status"] == "ok"}
    body = []
    for i, (title, word) in enumerate(PANELS.items()):
        (problem,) = (p for p in results.problems if word in p)
        board = results.leaderboard(problem).dropna(subset=[ERROR, TIME]).set_index("method")
        board = board[~board.index.str.endswith("-1000")]  # a second row of one method
        body += panel(LEFT + i * (PLOT[0] + GAP), title, board, families)
    body += legend(sorted(set(families.values()), key=list(FAMILY_COLOURS).index))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    about = "<title>Force error against prediction time of every method, results/families</title>"
    return "\n".join([head, about, f"<style>{STYLE}</style>", *body, "</svg>"]) + "\n"


def panel(left: float, title: str, board: pd.DataFrame, families: dict[str, str]) -> Iterator[str]:
    """Axes, points and front of one problem; names stand at the front alone."""
    yield from axes(left, title)
    front = pareto_front(board[TIME].tolist(), board[ERROR].tolist())
    spots = {
        name: (across(left, t), up(e))
        for name, t, e in zip(board.index, board[TIME], board[ERROR], strict=True)
    }
    best = sorted((name for name, is_best in zip(board.index, front, strict=True) if is_best), key=spots.get)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(spots.get, best))
    yield f'<polyline class="front" points="{line}"/>'
    for name, (x, y) in spots.items():
        colour = FAMILY_COLOURS[families[name]][0]
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{5 if name in best else 4}" fill="{colour}"/>'
    yield from labels({name: spots[name] for name in best}, list(spots.values()))


def labels(named: dict[str, Spot], points: list[Spot]) -> Iterator[str]:
    """Names beside their points, each where the fewest other points and names are."""
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in points]
    for name, (x, y) in named.items():
        width = 6.4 * len(name) + 4
        places = [(x + dx, y + dy) for dx in (8, -8 - width) for dy in (14, -7, 27, -20)]
        boxes = [(a, b - 10, a + width, b + 3) for a, b in places]
        box = min(boxes, key=lambda own: sum(_meet(own, other) for other in taken))
        taken.append(box)
        yield f'<text class="small" x="{box[0]:.1f}" y="{box[3] - 3:.1f}">{name}</text>'


def _meet(a: Box, b: Box) -> bool:
    """True if two boxes overlap."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def axes(left: float, title: str) -> Iterator[str]:
    """Frame, grid, numbers and words of a panel."""
    (width, height), foot = PLOT, TOP + PLOT[1]
    yield f'<text class="title" x="{left:.1f}" y="{TOP - 16}">{title}</text>'
    for value in (1, 10, 100, 1000):
        x = across(left, value)
        yield f'<path class="grid" d="M{x:.1f} {TOP}V{foot:.1f}"/>'
        yield f'<text text-anchor="middle" x="{x:.1f}" y="{foot + 17:.1f}">{value}</text>'
    for value in (50, 100, 200, 500, 1000, 2000):
        y = up(value)
        yield f'<path class="grid" d="M{left:.1f} {y:.1f}h{width:.1f}"/>'
        yield f'<text text-anchor="end" x="{left - 6:.1f}" y="{y + 4:.1f}">{value}</text>'
    yield f'<path class="axis" d="M{left:.1f} {TOP}V{foot:.1f}h{width:.1f}"/>'
    middle = left + width / 2
    words = "time of a prediction (µs/atom)"
    yield f'<text text-anchor="middle" x="{middle:.1f}" y="{foot + 36:.1f}">{words}</text>'
    turn = f"translate({left - 44:.1f} {TOP + height / 2:.1f}) rotate(-90)"
    yield f'<text text-anchor="middle" transform="{turn}">force RMSE (meV/Å)</text>'


def legend(families: list[str]) -> Iterator[str]:
    """Families and their colours, in one line."""
    x = LEFT
    for name in families:
        yield f'<circle cx="{x}" cy="{HEIGHT - 22}" r="5" fill="{FAMILY_COLOURS[name][0]}"/>'
        yield f'<text x="{x + 10}" y="{HEIGHT - 18}">{name}</text>'
        x += 34 + 7 * len(name)


def across(left: float, value: float) -> float:
    """Place of a time on its logarithmic axis."""
    low, high = map(math.log, TIMES)
    return left + PLOT[0] * (math.log(value) - low) / (high - low)


def up(value: float) -> float:
    """Place of an error on its logarithmic axis."""
    low, high = map(math.log, ERRORS)
    return TOP + PLOT[1] * (high - math.log(value)) / (high - low)


if __name__ == "__main__":
    main()
