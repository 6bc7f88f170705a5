"""Histograms of the labels (energies, forces, stresses) and of the volume of periodic frames."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mlffbench.data import Dataset
from mlffbench.report.datasheet.histogram import histogram
from mlffbench.report.datasheet.summary import energies_less_composition, forces_of, stresses_of
from mlffbench.report.figures.style import Palette, Plot

__all__ = ["energy_plots", "force_plots", "stress_plots", "volume_plots"]

Groups = Mapping[str, np.ndarray]


def energy_plots(dataset: Dataset, groups: Groups, palette: Palette) -> list[Plot]:
    """Energies per atom, less the composition's part and as labelled."""
    fitted = energies_less_composition(dataset.frames, dataset.labels.energy)
    raw = dataset.labels.energy / np.array([len(a) for a in dataset.frames])
    plots = [
        histogram(
            {name: fitted[picks] for name, picks in groups.items()}, palette,
            "energies/less_composition", "Energy per atom, less the composition's",
            "energy less composition (meV/atom)",
            "Less the sum of one energy per element, by least squares over all frames.",
        ),
        histogram(
            {name: raw[picks] for name, picks in groups.items()}, palette,
            "energies/labelled", "Energy per atom, as labelled", "energy (eV/atom)",
        ),
    ]  # fmt: skip
    return [p for p in plots if p is not None]


def force_plots(dataset: Dataset, groups: Groups, palette: Palette) -> list[Plot]:
    """Force components and norms; no plot without forces."""
    forces = {name: forces_of(dataset, picks) for name, picks in groups.items()}
    components = {name: f.ravel() for name, f in forces.items()}
    norms = {name: np.linalg.norm(f, axis=1) for name, f in forces.items()}
    tails = "Logarithmic scale: the tails are what a model finds hardest."
    plots = [
        histogram(
            components, palette, "forces/components", "Force components", "force component (eV/Å)",
            tails, log=True,
        ),
        histogram(norms, palette, "forces/norms", "Norms of the forces", "force on an atom (eV/Å)"),
    ]  # fmt: skip
    return [p for p in plots if p is not None]


def stress_plots(dataset: Dataset, groups: Groups, palette: Palette) -> list[Plot]:
    """Pressures and shear stresses; no plot without stresses."""
    stress = {name: stresses_of(dataset, picks) for name, picks in groups.items()}
    pressure = {name: -s[:, :3].mean(axis=1) for name, s in stress.items()}
    shear = {name: s[:, 3:].ravel() for name, s in stress.items()}
    plots = [
        histogram(
            pressure, palette, "stresses/pressure", "Pressure", "pressure (GPa)",
            "Minus a third of the stress's trace.",
        ),
        histogram(
            shear, palette, "stresses/shear", "Shear stresses", "shear stress (GPa)",
            "Components yz, xz, xy.", log=True,
        ),
    ]  # fmt: skip
    return [p for p in plots if p is not None]


def volume_plots(dataset: Dataset, groups: Groups, palette: Palette) -> list[Plot]:
    """Volume per atom of the frames that are periodic in three directions."""
    frames = dataset.frames
    volumes = {
        name: np.array([frames[i].get_volume() / len(frames[i]) for i in picks if frames[i].pbc.all()])
        for name, picks in groups.items()
    }
    plot = histogram(volumes, palette, "stresses/volume", "Volume per atom", "volume (Å³/atom)")
    return [] if plot is None else [plot]
