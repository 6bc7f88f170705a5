"""The only file of the reports that touches the disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mlffbench.report.dataframes import leaderboard
from mlffbench.report.figures.parity import Predictions
from mlffbench.report.formats import html, markdown
from mlffbench.report.results import Document
from mlffbench.system.atomic_write import atomic_write

__all__ = ["write"]


def write(
    documents: Iterable[Document], predictions: Predictions, folder: str | Path, title: str
) -> list[Path]:
    """Write ``leaderboard.md``, ``leaderboard.csv`` and ``report.html``, each whole or not at all.

    Parameters
    ----------
    documents : iterable of dict
        Outcome documents; none at all gives a report that says so.
    predictions : callable
        Document id -> arrays of its npz file, or None where there is none.
    folder : path
        Made if it does not exist.
    title : str

    Returns
    -------
    list of Path
        The files written.
    """
    documents = list(documents)
    texts = {
        "leaderboard.md": markdown.render(documents, title),
        "leaderboard.csv": leaderboard.long_leaderboard(documents).to_csv(index=False, lineterminator="\n"),
        "report.html": html.render(documents, predictions, title),
    }
    return [_write(Path(folder) / name, text) for name, text in texts.items()]


def _write(path: Path, text: str) -> Path:
    with atomic_write(path) as file:
        file.write(text.encode())
    return path
