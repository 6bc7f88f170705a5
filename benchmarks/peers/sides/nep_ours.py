"""Our side of nep.py: the estimator; it leaves torchnep's input files for the other side."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ase.io import read

from mlffbench.data import labels_of
from mlffbench.estimators import NEP


def keep_files(model: NEP, folder: Path) -> None:
    """Let the model also write the files that it trains on into a folder."""
    fit = model._fit

    def recorded(frames: Any, labels: Any) -> None:
        training = model._training(frames, labels)
        training.write_frames(folder)
        (folder / "nep.in").write_text(training.settings.text(model.elements_, training.max_epochs))
        (folder / "seed").write_text(str(training.seed))
        fit(frames, labels)

    model._fit = recorded  # type: ignore[method-assign]


def main(order: dict[str, Any]) -> dict[str, Any]:
    train, test = (read(order[part], ":") for part in ("train", "test"))
    labels = labels_of(train)
    folder = Path(order["folder"]) / "files"
    folder.mkdir()
    model = NEP(**order["settings"])
    keep_files(model, folder)
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
