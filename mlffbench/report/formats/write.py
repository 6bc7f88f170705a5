"""Writing of the files of a report: the only module of this room that touches the disk."""

from __future__ import annotations

from pathlib import Path

from mlffbench.report.figures.parity import Predictions
from mlffbench.report.formats import csv_file, html, markdown
from mlffbench.report.results import Results
from mlffbench.system.atomic_write import atomic_write

__all__ = ["write"]


def write(results: Results, predictions: Predictions, folder: str | Path, title: str) -> list[Path]:
    """Write ``leaderboard.md``, ``leaderboard.csv`` and ``report.html``, each whole or not at all.

    Parameters
    ----------
    results : Results
        Without documents the report says that no case has been run.
    predictions : callable
        Document id -> arrays of its npz file, or None if there is none.
    folder : path
        Made if it does not exist.
    title : str

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    OSError
        Some could not be written; the sentence names them, the others are written.
    """
    texts = {
        "leaderboard.md": markdown.render(results, title),
        "leaderboard.csv": csv_file.render(results),
        "report.html": html.render(results, predictions, title),
    }
    written, unwritten = [], {}
    for name, text in texts.items():
        try:
            written.append(_write(Path(folder) / name, text))
        except OSError as error:
            unwritten[name] = error.strerror or str(error)
    if unwritten:
        reasons = ", ".join(dict.fromkeys(unwritten.values()))
        raise OSError(f"{', '.join(unwritten)} not written into {folder}: {reasons}")
    return written


def _write(path: Path, text: str) -> Path:
    with atomic_write(path) as file:
        file.write(text.encode())
    return path
