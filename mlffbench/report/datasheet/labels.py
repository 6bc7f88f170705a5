"""Histograms of the labels: energies, forces, stresses; and of the volume where there is one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlffbench.data import Dataset
from mlffbench.report.datasheet.histogram import histogram
from mlffbench.report.datasheet.summary import energies_less_composition, forces_of, stresses_of
from mlffbench.report.figures.style import Look, Plot

__all__ = ["energy_plots", "force_plots", "stress_plots", "volume_plots"]

Groups = Mapping[str, np.ndarray]


def energy_plots(dataset: Dataset, groups: Groups, look: Look) -> list[Plot]:
    """Per atom: less what the composition explains, and as they are."""
    fitted = energies_less_composition(dataset.frames, dataset.labels.energy)
    raw = dataset.labels.energy / np.array([len(a) for a in dataset.frames])
    pairs = (
        (fitted, "energy less composition (meV/atom)", "Energy per atom, less the composition's",
         "Less the sum of one energy per element, by least squares over all frames."),
        (raw, "energy (eV/atom)", "Energy per atom, as labelled", ""),
    )  # fmt: skip
    plots = [
        histogram({name: values[picks] for name, picks in groups.items()}, look, axis, title, caption)
        for values, axis, title, caption in pairs
    ]
    return [p for p in plots if p is not None]


def force_plots(dataset: Dataset, groups: Groups, look: Look) -> list[Plot]:
    """Components and norms; nothing without forces."""
    forces = {name: forces_of(dataset, picks) for name, picks in groups.items()}
    components = {name: f.ravel() for name, f in forces.items()}
    norms = {name: np.linalg.norm(f, axis=1) for name, f in forces.items()}
    tails = "Logarithmic scale: the tails are what a model finds hardest."
    plots = [
        histogram(components, look, "force component (eV/Å)", "Force components", tails, log=True),
        histogram(norms, look, "force on an atom (eV/Å)", "Norms of the forces"),
    ]
    return [p for p in plots if p is not None]


def stress_plots(dataset: Dataset, groups: Groups, look: Look) -> list[Plot]:
    """Pressures and shear stresses; nothing without stresses."""
    stress = {name: stresses_of(dataset, picks) for name, picks in groups.items()}
    pressure = {name: -s[:, :3].mean(axis=1) for name, s in stress.items()}
    shear = {name: s[:, 3:].ravel() for name, s in stress.items()}
    plots = [
        histogram(pressure, look, "pressure (GPa)", "Pressure", "Minus a third of the stress's trace."),
        histogram(shear, look, "shear stress (GPa)", "Shear stresses", "Components yz, xz, xy.", log=True),
    ]
    return [p for p in plots if p is not None]


def volume_plots(dataset: Dataset, groups: Groups, look: Look) -> list[Plot]:
    """Volume per atom of the frames that are periodic in three directions."""
    frames = dataset.frames
    volumes = {
        name: np.array([frames[i].get_volume() / len(frames[i]) for i in picks if frames[i].pbc.all()])
        for name, picks in groups.items()
    }
    plot = histogram(volumes, look, "volume (Å³/atom)", "Volume per atom")
    return [] if plot is None else [plot]
