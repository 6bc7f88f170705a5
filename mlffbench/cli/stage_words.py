"""Words for the stages of a case, as a user knows them."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["stage_words"]

WORDS = {
    "audit": "checking the split for copies",
    "baseline": "evaluating the baseline, frame",
    "bispectrum": "computing the bispectrum, frame",
    "calculator": "evaluating the calculator, frame",
    "conformers": "relaxing conformers",
    "conjugate gradients": "solving for the weights, step",
    "data": "reading the data",
    "displacement": "diffusion, time lag",
    "distances": "checking the split for copies, frame",
    "duplicates": "checking the split for copies, frame",
    "environment": "entering its environment",
    "epoch": "training, epoch",
    "fit": "fitting, step",
    "frequencies": "vibrations",
    "geometry": "relaxing the molecule",
    "hessian": "force constants, atom",
    "hops": "searching for minima, hop",
    "kernel": "computing the kernel, row",
    "learning curve": "learning curve, fit",
    "md": "molecular dynamics, step",
    "member": "committee, member",
    "neb": "reaction path, step",
    "near-duplicates": "checking the split for near copies, frame",
    "near-twins": "checking the split for near copies, frame",
    "phases": "energies of phases",
    "predict": "predicting the test groups",
    "preconditioner": "preparing the solver, row",
    "random cells": "making random cells",
    "read frames": "reading frames",
    "relaxations": "relaxing structures",
    "scalar recalibration": "calibrating the uncertainty",
    "sigma": "choosing the kernel width",
    "starting": "starting",
    "surface": "surface energies",
    "thermal expansion": "thermal expansion, volume",
    "torsion": "torsion, angle",
    "training part": "predicting frames of the fit",
    "trial": "tuning, trial",
    "waiting": "another run is computing it",
}
VALUES = {"error": "least error", "fmax": "largest force", "sigma": "width", "validation": "validation loss"}


def stage_words(stage: str, step: int, total: int | None, values: Mapping[str, float]) -> str:
    """Sentence on a stage: "training, epoch 12 of 200, loss 0.0123".

    Examples
    --------
    >>> stage_words("epoch", 12, 200, {"loss": 0.0123})
    'training, epoch 12 of 200, loss 0.0123'
    """
    words = WORDS.get(stage, stage)
    if total or step:
        words += f" {step:,} of {total:,}" if total else f" {step:,}"
    elif stage in WORDS:
        words = words.partition(",")[0]  # nothing is counted
    return ", ".join([words, *(f"{VALUES.get(name, name)} {value:.3g}" for name, value in values.items())])
