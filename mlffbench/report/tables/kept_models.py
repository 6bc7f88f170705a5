"""Kept models of one problem: their files and sizes, and the lines that use the best of them."""

from __future__ import annotations

from collections.abc import Sequence

from mlffbench.report.problems import Problem, dig, kept_file
from mlffbench.report.results import number
from mlffbench.report.tables.table import Cell, Column, Row, Table, number_cell
from mlffbench.report.wording import ase_lines, plain

__all__ = ["kept_models_table", "usage"]

KB = 1e3
FILE = 2  # column of the file


def kept_models_table(problem: Problem, order: Sequence[str]) -> Table:
    """File, relative to the results folder, and size of each kept model, methods in this order."""
    rank = {label: i for i, label in enumerate(order)}
    rows = []
    for method in sorted(problem.methods, key=lambda m: rank.get(m.label, len(rank))):
        for document in method.done:
            if file := kept_file(document):
                size = number(dig(document, "kept_model", "bytes")) / KB
                cells = [Cell(method.label), Cell(str(document["case"].get("seed"))), Cell(file)]
                rows.append(Row([*cells, number_cell(plain, size)], method=method.label))
    columns = [Column("method"), Column("seed"), Column("file in the results folder"), Column("size", "kB")]
    caption = "'mlffbench model FOLDER METHOD' prints the settings of a model and copies it. Sizes are exact."
    return Table("models", "Kept models", columns, rows, caption, words=3)


def usage(tables: Sequence[Table]) -> tuple[str, ...]:
    """Lines of Python that use the first model of a table."""
    return next((ase_lines(table.rows[0].cells[FILE].text) for table in tables), ())
