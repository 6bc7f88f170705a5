"""Values made once for each fitted model, outside its own state: no file and no copy holds them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

__all__ = ["KeptValues"]

T = TypeVar("T")


class KeptValues(Generic[T]):
    """A value for each owner, made again once one of its sources was replaced: after another fit.

    Parameters
    ----------
    make : callable
        Sources -> value, which must not refer to the owner: both would live forever.

    Examples
    --------
    >>> class Model: ...
    >>> model, weights, sums = Model(), [1.0, 2.0], KeptValues(lambda weights: [sum(weights)])
    >>> sums.of(model, weights) is sums.of(model, weights), sums.of(model, [3.0])
    (True, [3.0])
    """

    def __init__(self, make: Callable[..., T]) -> None:
        self.make = make
        self._values: WeakKeyDictionary[Any, tuple[T, tuple[Any, ...]]] = WeakKeyDictionary()

    def of(self, owner: Any, *sources: Any) -> T:
        """The owner's value, from the same sources."""
        kept = self._values.get(owner)
        if kept is not None and all(map(operator.is_, kept[1], sources)):
            return kept[0]
        value = self.make(*sources)
        self._values[owner] = value, sources
        return value
