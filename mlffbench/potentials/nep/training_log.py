"""Standard output of a training by torchnep: progress, divergence and the end of its time."""

from __future__ import annotations

import io
import math
import re
from itertools import pairwise
from time import monotonic

from mlffbench.potentials.divergence import check_finite
from mlffbench.system import progress

__all__ = ["OutOfTime", "TrainingLog"]

EPOCH = re.compile(r"Epoch\s+(\d+)\s*\|\s*loss\s+(\S+)")


class OutOfTime(Exception):
    """End of a training whose time is over."""


class TrainingLog(io.TextIOBase):
    """Text stream that torchnep prints to: one line an epoch, before it keeps that epoch's weights.

    It has no callback: an exception that is raised here ends the training, and the file of the best epoch so
    far remains.

    Parameters
    ----------
    epochs : int
        Epochs of the whole training.
    end : float
        Clock time, `time.monotonic`, at which the training has to end; an epoch that would pass it does not
        begin. Infinite: no limit.
    last : int, optional
        Epoch that ends the training in any case.

    Attributes
    ----------
    seconds : list of float
        Clock times of the ends of the epochs, and before them of the beginning.
    """

    def __init__(self, epochs: int, end: float = math.inf, last: int | None = None) -> None:
        super().__init__()
        self.epochs, self.end, self.last = epochs, end, last
        self.seconds = [monotonic()]

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        """Read a line of an epoch; forget all others.

        Raises
        ------
        FloatingPointError
            The loss is no number.
        OutOfTime
            There is no time for another epoch.
        """
        if line := EPOCH.search(text):
            self._note(int(line[1]), float(line[2]))
        return len(text)

    def _note(self, epoch: int, loss: float) -> None:
        self.seconds.append(monotonic())
        check_finite(loss, "loss", epoch)
        if epoch == self.last:
            raise OutOfTime
        progress.report("epoch", epoch, self.epochs, validation=loss)
        late = self.seconds[-1] + self.longest > self.end
        if late and 1 < epoch < self.epochs:  # the first has left no weights yet, the last is complete
            raise OutOfTime

    @property
    def longest(self) -> float:
        """Seconds of the longest epoch, without the first, which includes preparations."""
        ends = self.seconds[1:]
        return max((b - a for a, b in pairwise(ends)), default=0.0)
