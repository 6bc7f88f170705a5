"""Data that a process keeps from one case to the next; every case gets a copy of its own."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["KeptData"]

Content = TypeVar("Content")


class KeptData:
    """Datasets, and what was found out about them, as bytes: no case sees what another does to its copy.

    Parameters
    ----------
    largest : int
        Bytes of all together; what was used longest ago makes room.
    """

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self._kept: OrderedDict[Any, bytes] = OrderedDict()

    def get(self, key: Any, load: Callable[[], Content]) -> Content:
        """Return a copy of the value of a key; load it if it is not here."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            copy: Content = pickle.loads(kept)  # our own bytes, which have never left this process
            return copy
        value = load()
        self._keep(key, value)
        return value

    def _keep(self, key: Any, value: Any) -> None:
        try:
            content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        except Exception:  # open files, functions: it is loaded again
            return
        if len(content) > self.largest:
            return
        self._kept[key] = content
        while sum(map(len, self._kept.values())) > self.largest:
            self._kept.popitem(last=False)
