"""Scores of a document that can be believed, and the reasons to set the others aside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlffbench.harness.documents.parts import TRAINING

__all__ = ["UNITS", "valid_scores"]

UNITS = {  # of the errors on test groups and on the training part
    "forces": "eV/Å",
    "energy_per_atom": "eV/atom",
    "energy_per_atom_shifted": "eV/atom",
    "energy": "eV",
    "energy_shifted": "eV",
    "stress": "eV/Å³",
}


def valid_scores(document: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """Split the scores of a document into those that can be believed and the faults of the others.

    Of a number that stands in the document twice, with two values, neither is believed.
    """
    failed: dict[str, set[Any]] = {  # names that an error cannot bear, by its task; other tasks are no errors
        "": {failure.get("test") for failure in document.get("test_failures") or []},
        TRAINING: set(),
    }
    valid: dict[tuple[str, ...], dict[str, Any]] = {}
    faults: list[str] = []
    twice: set[tuple[str, ...]] = set()
    for score in document.get("scores") or []:
        get = score.get
        key = (get("task") or "", score["test"], score["quantity"], score["metric"], get("unit") or "")
        without = failed.get(key[0])
        if (
            without is not None
            and not _is_plain(*key[1:3], key[4], get("value"), without)
            and (fault := _fault(score, without))
        ):
            faults.append(f"{score['quantity']} {score['metric']} on {score['test']} {fault}")
        elif (first := valid.setdefault(key, score)) is not score and get("value") != first.get("value"):
            if key not in twice:
                faults.append(f"{score['quantity']} {score['metric']} on {score['test']} has two values")
            twice.add(key)
    if twice:
        return [score for key, score in valid.items() if key not in twice], faults
    return list(valid.values()), faults


def _is_plain(test: str, quantity: str, unit: str, value: Any, failed: set[Any]) -> bool:
    """True for nearly all errors on test groups: nothing is odd about them."""
    if (wanted := UNITS.get(quantity)) is None:
        return True
    return unit == wanted and type(value) is float and value >= 0 and test not in failed


def _fault(score: Mapping[str, Any], failed: set[Any]) -> str:
    """Why an error on a test group or on the training part cannot be believed; '' if it can."""
    unit = UNITS.get(str(score.get("quantity")))
    if unit is None:
        return ""
    if score.get("test") in failed:
        return "is of a group that failed"
    if score.get("unit") != unit:
        return f"is in {score.get('unit')!r}, not in {unit}"
    value = score.get("value")
    if isinstance(value, bool | str):
        return f"is {value!r}, not a number"
    return "is negative" if value is not None and value < 0 else ""
