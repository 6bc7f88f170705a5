"""Our side of nep.py: the estimator; it leaves torchnep's input files for the other side."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ase.io import read

from mlffbench.data import labels_of
from mlffbench.estimators import NEP


class Recorded(NEP):
    """The estimator, which also keeps the files that it trains on."""

    folder: Path

    def _fit(self, frames: Any, labels: Any) -> None:
        training = self._training(frames, labels)
        training.write_frames(self.folder)
        (self.folder / "nep.in").write_text(training.settings.text(self.elements_, training.max_epochs))
        (self.folder / "seed").write_text(str(training.seed))
        super()._fit(frames, labels)


def main(order: dict[str, Any]) -> dict[str, Any]:
    train, test = (read(order[part], ":") for part in ("train", "test"))
    labels = labels_of(train)
    folder = Path(order["folder"]) / "files"
    folder.mkdir()
    model = Recorded(**order["settings"])
    model.folder = folder
    model.import_libraries()
    begun = time.process_time()
    model.fit(train, labels)
    fitted = time.process_time()
    predicted = model.predict(test)
    seconds = time.process_time() - fitted
    baseline = [sum(model.atomic_energies_[s] for s in atoms.symbols) for atoms in test]
    return {
        "fit_seconds": fitted - begun,
        "seconds": seconds,
        "network": model.text_,
        "energy": (predicted.energy - baseline).tolist(),
        "forces": [f.tolist() for f in predicted.forces],
        "stress": [s.tolist() for s in predicted.stress],
    }
