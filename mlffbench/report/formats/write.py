"""Writing of the files of a report: the only module of this room that touches the disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from mlffbench.report.dataframes.tidy_scores import tidy_scores
from mlffbench.report.figures.parity import Frames, Predictions, no_frames
from mlffbench.report.formats import csv_file, html, markdown, over_problems_file, scores_file
from mlffbench.report.results import Results
from mlffbench.system.atomic_write import atomic_write

__all__ = ["write"]


def write(
    results: Results,
    predictions: Predictions,
    folder: str | Path,
    title: str,
    frames: Frames = no_frames,
) -> list[Path]:
    """Write the files of a report.

    They are ``leaderboard.md``, ``leaderboard.csv``, ``across_problems.csv``, ``scores.csv``,
    ``scores.parquet`` and ``report.html``. Each is written whole or not at all.

    Parameters
    ----------
    results : Results
        Without documents the report says that no case has been run.
    predictions : callable
        Document id -> arrays of its npz file, or None if there is none.
    folder : path
        Made if it does not exist.
    title : str
    frames : callable, optional
        Document id, test group and numbers of its frames -> these structures, or None.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    OSError
        Some could not be written; the sentence names them, the others are written.
    """
    scores = tidy_scores(results)
    contents: dict[str, Callable[[BinaryIO], object]] = {
        "leaderboard.md": _text(markdown.render(results, title)),
        "leaderboard.csv": _text(csv_file.render(results)),
        "across_problems.csv": _text(over_problems_file.render(results)),
        "scores.csv": partial(scores_file.write_csv, scores),
        "scores.parquet": partial(scores_file.write_parquet, scores),
        "report.html": _text(html.render(results, predictions, title, frames)),
    }
    written, unwritten = [], {}
    for name, write_into in contents.items():
        try:
            written.append(_write(Path(folder) / name, write_into))
        except OSError as error:
            unwritten[name] = error.strerror or str(error)
    if unwritten:
        reasons = ", ".join(dict.fromkeys(unwritten.values()))
        raise OSError(f"{', '.join(unwritten)} not written into {folder}: {reasons}")
    return written


def _write(path: Path, write_into: Callable[[BinaryIO], object]) -> Path:
    with atomic_write(path) as file:
        write_into(file)
    return path


def _text(text: str) -> Callable[[BinaryIO], object]:
    return lambda file: file.write(text.encode())
