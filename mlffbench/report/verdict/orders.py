"""Names of the orders of merit, and their definitions."""

from __future__ import annotations

__all__ = ["CHOICES", "DEFAULT", "MORE", "ORDERS"]

ORDERS = {  # the first is the default
    "in-domain error": "Error on the group that ranks: the in-domain one, else the first.",
    "worst group": "Largest error on a named test group, with its name; none where a group was left out.",
    "tasks passed": "Tasks whose numbers pass their thresholds, the most first.",
    "cost at equal error": "Prediction time of the methods within twice the least error, timed alike.",
}
MORE = {  # orders that a reader may choose, beside those of the table
    "energy error": "Energy error on the group that ranks.",
    "fit time": "Wall time of the fit, of the methods timed alike.",
    "prediction time": "Prediction time, of the methods timed alike.",
    "peak memory": "Memory of the whole process, at most.",
}
CHOICES = {name.replace(" ", "-"): name for name in (*ORDERS, *MORE)}  # words of the command line
DEFAULT = next(iter(ORDERS))
