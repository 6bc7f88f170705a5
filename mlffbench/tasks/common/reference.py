"""Reference values of properties: the potential that made a dataset's labels, or numbers stored with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from ase.calculators.calculator import BaseCalculator

from mlffbench.data import Reference
from mlffbench.registry import make

__all__ = ["ReferenceFails", "measure_both", "reference_calculator", "reference_potential", "stored_value"]

Measured = TypeVar("Measured")


def reference_potential(reference: Reference | None) -> Callable[[], BaseCalculator] | None:
    """Return a function that makes calculators of the labels' potential; None if no calculator made them."""
    if reference is None or reference.truth is None:
        return None
    return partial(make, reference.truth, ("calculators",))


def reference_calculator(reference: Reference | None) -> BaseCalculator | None:
    """Return a new calculator of the labels' potential; None if no calculator made them."""
    potential = reference_potential(reference)
    return None if potential is None else potential()


class ReferenceFails(ValueError):
    """Failure to measure a property of the reference potential: no fault of the model."""


def measure_both(
    model: Callable[[], Measured], reference: Callable[[], Measured] | None
) -> tuple[Measured, Measured | None]:
    """Return a property of the model and the same property of the reference potential, None without one.

    Raises
    ------
    ReferenceFails
        The property of the reference potential cannot be measured; that of the model is not tried then.
    ValueError
        The property of the model cannot be measured.
    """
    if reference is None:
        return model(), None
    try:
        true = reference()
    except ValueError as error:
        raise ReferenceFails(f"the reference potential itself fails: {error}") from error
    return model(), true


def stored_value(reference: Reference | None, structure: str, quantity: str = "energy") -> float | None:
    """Return the number that the dataset stores of a structure; None if it stores none."""
    return None if reference is None else reference.values.get(structure, {}).get(quantity)
