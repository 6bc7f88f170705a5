"""Training of a NEP by torchnep's ``train_nep``, files in and out, within a time limit."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import numpy as np
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.potentials.nep.settings import Settings
from mlffbench.potentials.nep.training_frames import write_frames
from mlffbench.potentials.nep.training_log import OutOfTime, TrainingLog
from mlffbench.potentials.networks.seeding import fixed_seed

__all__ = ["Trained", "Training"]

SHARE = 0.95  # of the time left that the epochs are planned for
WORKERS = "TORCHNEP_PREPROC_WORKERS"  # processes that torchnep may start for its neighbour lists


@dataclass(frozen=True)
class Trained:
    """Network of the best epoch as the text of its file, and the course of the training.

    Attributes
    ----------
    text : str
        ``nep.txt``, GPUMD's format.
    history : list of dict
        ``epoch``, ``loss``, ``validation`` and ``seconds`` since the start of each epoch.
    stopped_by : {"epochs", "time", "patience"}
    epochs : int
        Epochs that the learning rates were planned for.
    """

    text: str
    history: list[dict[str, float]]
    stopped_by: str
    epochs: int


@dataclass(frozen=True)
class Training:
    """Frames, labels and limits of a training.

    Attributes
    ----------
    elements : sequence of str
    parts : mapping of str to (frames, labels)
        ``train``, and ``valid`` if an epoch is to be chosen by other frames.
    settings : Settings
    max_epochs : int
    max_seconds : float or None
    seed : int
        Of the first weights and the order of batches.
    precision : {"float32", "float64"}
    device : str
    start : str or None
        Text of a network whose weights are the first.
    """

    elements: Sequence[str]
    parts: Mapping[str, tuple[Sequence[Atoms], Labels]]
    settings: Settings
    max_epochs: int
    max_seconds: float | None = None
    seed: int = 0
    precision: str = "float32"
    device: str = "cpu"
    start: str | None = None

    def run(self) -> Trained:
        """Train, and return the network of the epoch with the smallest loss.

        With a time limit two epochs are timed first: the learning rates fall over as many epochs as the rest
        of the time holds. Should these take longer, the training ends when the time is over.

        Raises
        ------
        FloatingPointError
            The training diverged.
        """
        end = monotonic() + (self.max_seconds or math.inf)
        with TemporaryDirectory(prefix="mlffbench-nep-") as name:
            folder = Path(name)
            self.write_frames(folder)
            epochs = self.max_epochs if self.max_seconds is None else self._affordable(folder, end)
            log = TrainingLog(epochs, end)
            late = self._train(folder, epochs, log)
            best = folder / "output" / "nep_best.txt"
            if not best.is_file():
                raise FloatingPointError("diverged: no epoch has a loss; a smaller learning_rate often helps")
            history = self._history(folder / "output" / "loss.out", epochs, log.seconds)
            return Trained(best.read_text(), history, self._reason(late, len(history), epochs), epochs)

    def write_frames(self, folder: Path) -> None:
        """Write ``train.xyz`` and what else there is of ``valid.xyz`` and ``start.txt``."""
        for part, (frames, labels) in self.parts.items():
            write_frames(folder / f"{part}.xyz", frames, labels, self.settings.cutoff)
        if self.start is not None:
            (folder / "start.txt").write_text(self.start, encoding="utf-8")

    def _affordable(self, folder: Path, end: float) -> int:
        """Epochs that the time allows: two are timed, with all that precedes them, and thrown away."""
        log = TrainingLog(2, last=2)
        self._train(folder, 2, log)
        begun, first, second = log.seconds
        epoch = max(second - first, 1e-3)
        preparation = max(0.0, first - begun - epoch)
        return max(1, min(self.max_epochs, int((SHARE * (end - monotonic()) - preparation) / epoch)))

    def _train(self, folder: Path, epochs: int, log: TrainingLog) -> bool:
        """Run torchnep in the folder; True if the log ended it."""
        from torchnep import train_nep

        (folder / "nep.in").write_text(self.settings.text(self.elements, epochs), encoding="utf-8")
        with _undisturbed(self.seed), redirect_stdout(log):
            try:
                train_nep(
                    str(folder / "nep.in"),
                    str(folder / "train.xyz"),
                    output_dir=str(folder / "output"),
                    device=self.device,
                    precision=self.precision,
                    restart=False,
                    print_interval=1,
                    checkpoint_interval=max(epochs, 1),
                    prediction_interval=0,
                    run_seed=self.seed,
                    valid_file=str(folder / "valid.xyz") if "valid" in self.parts else None,
                    finetune_from=None if self.start is None else str(folder / "start.txt"),
                    use_compile=False,
                )
            except OutOfTime:
                return True
        return False

    def _history(self, file: Path, epochs: int, seconds: Sequence[float]) -> list[dict[str, float]]:
        """Rows of torchnep's ``loss.out``: epoch, loss, RMSE of energies, forces and virials of training."""
        rows = np.loadtxt(file, ndmin=2)
        history = []
        for row, ended in zip(rows, seconds[1:], strict=False):
            epoch = int(row[0])
            loss = float(np.square(row[2:5]) @ self.settings.weights(epoch, epochs))
            history.append({
                "epoch": epoch, "loss": loss, "validation": float(row[1]), "seconds": ended - seconds[0],
            })  # fmt: skip
        return history

    def _reason(self, late: bool, done: int, epochs: int) -> str:
        if late or epochs < self.max_epochs:
            return "time"
        return "epochs" if done >= epochs else "patience"


@contextmanager
def _undisturbed(seed: int) -> Iterator[None]:
    """Leave random generators, warnings and environment variables as they were; no processes are started."""
    before = os.environ.get(WORKERS)
    form = warnings.formatwarning
    os.environ[WORKERS] = "1"
    try:
        with fixed_seed(seed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        warnings.formatwarning = form
        if before is None:
            del os.environ[WORKERS]
        else:
            os.environ[WORKERS] = before
