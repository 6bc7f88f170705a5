"""Counts of tasks and what they are of."""

from __future__ import annotations

from mlffbench.data import Score
from mlffbench.report.quantities.catalogue import find_quantity


def counts_of(task, rows):
    """Count and number of trials of every count or share of a task, by quantity and metric."""
    counted = {}
    for row in rows:
        entry = find_quantity(task, row.quantity, row.metric) if isinstance(row, Score) else None
        if entry is not None and entry.counted:
            assert row.trials is not None, f"{row.quantity} {row.metric} is of nobody knows how many"
            count = row.value * (row.trials if entry.is_share else 1)
            assert abs(count - round(count)) < 1e-9
            assert 0 <= round(count) <= row.trials
            counted[row.quantity, row.metric] = (round(count), row.trials)
    return counted
