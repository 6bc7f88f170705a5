"""Datasets that a process keeps from one case to the next; every case gets a copy of its own."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable

from mlffbench.data import Dataset

__all__ = ["KeptData"]


class KeptData:
    """Datasets in memory, as bytes: no case sees what another one does to its copy.

    Parameters
    ----------
    largest : int
        Bytes of all together; the dataset used longest ago makes room.
    """

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, name: str, load: Callable[[], Dataset]) -> Dataset:
        """Return a copy of a dataset; load it if it is not here."""
        kept = self._kept.get(name)
        if kept is not None:
            self._kept.move_to_end(name)
            copy: Dataset = pickle.loads(kept)  # our own bytes, which have never left this process
            return copy
        dataset = load()
        assert dataset.digest  # which the copies then have, too
        self._keep(name, dataset)
        return dataset

    def _keep(self, name: str, dataset: Dataset) -> None:
        try:
            content = pickle.dumps(dataset, pickle.HIGHEST_PROTOCOL)
        except Exception:  # open files, functions: it is loaded again
            return
        if len(content) > self.largest:
            return
        self._kept[name] = content
        while sum(map(len, self._kept.values())) > self.largest:
            self._kept.popitem(last=False)
