"""NequIP and Allegro by mlffbench: a fit with the CPU seconds of its epochs, and the authors' calculator."""

from __future__ import annotations

from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from ase.io import read

from mlffbench.estimators import Allegro, NequIP
from mlffbench.system import progress


def main(order: dict[str, Any]) -> dict[str, Any]:
    cls = {"nequip": NequIP, "allegro": Allegro}[order["architecture"]]
    model = cls(
        **order["size"], **order["training"], cutoff=order["cutoff"], max_epochs=order["epochs"],
        validation_fraction=order["validation"], random_state=order["seed"],
        atomic_energies=dict.fromkeys(order["elements"], 0.0),
    )  # fmt: skip
    clock = [process_time()]
    start = perf_counter()
    with progress.listen(lambda *words: clock.append(process_time())):
        model.fit(read(order["all"], ":"))
    seconds = perf_counter() - start
    frames = read(order["test"], ":")
    bare = [atoms.copy() for atoms in frames]
    start = process_time()
    predicted = model.predict(bare)
    evaluate = process_time() - start
    theirs = authors_forces(model, frames)
    difference = max(np.abs(a - b).max() for a, b in zip(predicted.forces, theirs, strict=True))
    return {
        "fit_seconds": seconds,
        "epoch_cpu_seconds": np.diff(clock).tolist(),
        "evaluate_cpu_seconds": evaluate,
        "energy": predicted.energy.tolist(),
        "forces": [f.tolist() for f in predicted.forces],
        "largest_difference_of_forces": float(difference),
        "n_parameters": model.n_parameters_,
    }


def authors_forces(model: Any, frames: list[Any]) -> list[np.ndarray]:
    """Forces of the fitted network by the package's own derivatives, neighbour list and calculator."""
    from nequip.data.transforms import ChemicalSpeciesToAtomTypeMapper, NeighborListTransform
    from nequip.integrations.ase import NequIPCalculator

    from mlffbench.potentials.nequip import network

    torch.set_default_dtype(torch.float64)
    whole = network(model.architecture, model.dtype_, model.config_, do_derivatives=True)
    whole.load_state_dict(model.module_.state_dict())
    transforms = [
        ChemicalSpeciesToAtomTypeMapper(model_type_names=model.elements_),
        NeighborListTransform(r_max=model.cutoff_),
    ]
    calculator = NequIPCalculator(whole.eval(), "cpu", transforms=transforms)
    forces = []
    for atoms in frames:
        atoms.calc = calculator
        forces.append(atoms.get_forces())
    return forces
