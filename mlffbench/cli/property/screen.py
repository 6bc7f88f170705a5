"""Results of a property on the screen, within 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms

from mlffbench.cli.console import console, table
from mlffbench.cli.property.answer import Quantity, quantities
from mlffbench.report.wording import MISSING

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["print_result"]

N_ROWS = 20  # of a list of results
N_NUMBERS = 6  # of an array in one line
LARGEST_MATRIX = 6


def print_result(result: Any) -> None:
    """Print the numbers of a result with units and meaning, then small matrices and lists of results."""
    screen, listed = console(), quantities(result)
    lists = [q for q in listed if _is_list(q.value)]
    others = [q for q in listed if not _is_list(q.value)]
    if others:
        shown = {q.name: "below" if _is_small_matrix(q) else _text(q.value) for q in others}
        rows = [[q.name, shown[q.name], q.unit, q.meaning] for q in others]
        screen.print(_quantity_table(rows))
    for q in filter(_is_small_matrix, others):
        screen.print(f"\n{q.name} ({q.unit})" if q.unit else f"\n{q.name}")
        decimals = _decimals(q.value)
        for row in q.value:
            screen.print(
                "  ".join(f"{v + 0.0:9.{decimals}f}" for v in np.round(row, decimals)), highlight=False
            )
    for q in lists:
        screen.print(f"\n{q.name}: {q.meaning}" if others else "")
        screen.print(_list(q.value))


def _quantity_table(rows: Sequence[Sequence[str]]) -> RenderableType:
    """Table whose last column, the meaning, takes the width that is left."""
    built = table(("quantity", "value", "unit", "meaning"), rows, words=4)
    built.columns[1].justify = "right"
    for column in built.columns[:3]:
        column.max_width = 24
    return built


def _is_small_matrix(quantity: Quantity) -> bool:
    value = quantity.value
    return isinstance(value, np.ndarray) and value.ndim == 2 and max(value.shape) <= LARGEST_MATRIX


def _decimals(values: np.ndarray) -> int:
    """Decimals with which the largest number has five digits."""
    largest = np.nanmax(np.abs(values), initial=0.0)
    return int(np.clip(4 - np.floor(np.log10(largest)), 0, 9)) if 0 < largest < np.inf else 4


def _is_list(value: Any) -> bool:
    """True for a list of results, such as relaxations or minima."""
    return isinstance(value, list | tuple) and bool(value) and all(is_dataclass(v) for v in value)


def _list(results: Sequence[Any]) -> RenderableType:
    """Table with a row a result and a column a number."""
    listed = [quantities(result) for result in results[:N_ROWS]]
    names = [q.name for q in listed[0] if not isinstance(q.value, np.ndarray)]
    units = {q.name: q.unit for q in listed[0]}
    heads = [f"{n}\n{units[n]}" if units[n] else n for n in names]
    rows = [
        [str(i), *(_text({q.name: q.value for q in row}[n]) for n in names)] for i, row in enumerate(listed)
    ]
    if len(results) > N_ROWS:
        rows.append([f"and {len(results) - N_ROWS} more", *[""] * len(names)])
    return table(["", *heads], rows, words=1)


# ---------------------------------------------------------------- values as texts
def _text(value: Any) -> str:
    """Text of a value; of a large one its size."""
    if value is None:
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | float | np.number):
        return _number(value)
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, Atoms):
        return value.get_chemical_formula()
    if isinstance(value, Mapping):
        return "\n".join(f"{k}: {_text(v)}" for k, v in value.items()) or MISSING
    if isinstance(value, list | tuple):
        return _sequence(value)
    return str(value)


def _sequence(values: Sequence[Any]) -> str:
    if not values:
        return MISSING
    if len(values) > N_NUMBERS:
        return f"{len(values)} {'structures' if isinstance(values[0], Atoms) else 'values'}"
    return ", ".join(map(_text, values))


def _array(values: np.ndarray) -> str:
    if values.ndim == 1 and len(values) <= N_NUMBERS:
        return " ".join(map(_number, values))
    shape = " × ".join(map(str, values.shape))
    if not values.size or not np.issubdtype(values.dtype, np.number) or not np.isfinite(values).any():
        return f"{shape} values"
    low, high = np.nanmin(values), np.nanmax(values)
    return f"{shape} values\n{_number(low)} to {_number(high)}"


def _number(value: Any) -> str:
    """Five digits, MISSING for what is not finite."""
    if isinstance(value, int | np.integer):
        return str(value)
    return f"{value + 0.0:.5g}".replace("-", "−") if np.isfinite(value) else MISSING
