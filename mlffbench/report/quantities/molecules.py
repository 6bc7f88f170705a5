"""Quantities of molecules of the task properties: geometries, vibrations, barriers, bonds, conformers."""

from __future__ import annotations

from mlffbench.report.quantities.quantity import Quantity

__all__ = ["QUANTITIES"]

TASK = "properties"
CHEMICAL = "bounds: chemical accuracy, 1 kcal/mol = 43.4 meV, and five times that"
OURS = "bounds: ours"
COLLAPSED = 1e4  # meV: no conformer, barrier or path of a molecule is so high

QUANTITIES = (
    Quantity(TASK, "geometry", "rmsd", "geometry of the minimum", "RMSD", "Å",
             "Root mean square distance of the atoms of the relaxed minimum from the reference's, "
             "superposed.", passed=0.02, failed=0.2, broken=5.0, source=OURS),
    Quantity(TASK, "bond length", "max_error", "largest error of a bond length", "max|Δr|", "Å",
             "Largest error of a bond length at the minimum.",
             passed=0.01, failed=0.05, broken=2.0, source=OURS),
    Quantity(TASK, "bond angle", "max_error", "largest error of a bond angle", "max|Δθ|", "degrees",
             "Largest error of a bond angle at the minimum.", passed=2.0, failed=10.0, source=OURS),
    Quantity(TASK, "bonds", "changed", "changed bonds", "n", "",
             "Bonds of the minimum that the model broke or made.",
             passed=0, failed=0, source=OURS, counted="all"),
    Quantity(TASK, "wavenumbers", "imaginary", "imaginary modes of the minimum", "n_i", "",
             "Imaginary modes at the model's own minimum, beyond those of the reference.",
             passed=0, failed=0, source=OURS, counted="all"),
    Quantity(TASK, "wavenumbers", "mae", "harmonic wavenumbers", "MAE(ν̃)", "1/cm",
             "Mean absolute error of the harmonic wavenumbers at the minimum.",
             passed=10.0, failed=50.0, broken=3000.0, source=OURS),
    Quantity(TASK, "wavenumbers", "max_error", "largest error of a wavenumber", "max|Δν̃|", "1/cm",
             "Largest error of a harmonic wavenumber at the minimum.",
             passed=50.0, failed=200.0, broken=6000.0, source=OURS),
    Quantity(TASK, "profile", "rmse", "energy profile", "RMSE(E)", "meV",
             "Root mean square error of the energies along a labelled path, above its lowest frame.",
             passed=43.4, failed=217.0, broken=COLLAPSED, source=CHEMICAL),
    Quantity(TASK, "height", "error", "height of a profile", "max E − min E", "meV",
             "Error of the height of the energy along a labelled path.",
             passed=43.4, failed=217.0, broken=COLLAPSED, source=CHEMICAL),
    Quantity(TASK, "barrier", "error", "barrier", "ΔE‡", "meV",
             "Error of the barrier of a reaction path, or of a relaxed torsion scan.",
             passed=43.4, failed=217.0, broken=COLLAPSED, source=CHEMICAL),
    Quantity(TASK, "reaction energy", "error", "reaction energy", "ΔE", "meV",
             "Error of the energy of the end of a reaction path above its start.",
             passed=43.4, failed=217.0, broken=COLLAPSED, source=CHEMICAL),
    Quantity(TASK, "saddle", "rmsd", "geometry of the saddle point", "RMSD", "Å",
             "Root mean square distance of the atoms of the saddle point from the reference's, superposed.",
             passed=0.05, failed=0.3, broken=5.0, source=OURS),
    Quantity(TASK, "bond energy", "jump", "jump of a breaking bond", "ΔE", "eV",
             "Largest discontinuity of the energy while a bond is pulled apart.",
             passed=0.01, failed=0.2, source=OURS),
    Quantity(TASK, "bond energy", "fall", "fall of a breaking bond", "ΔE", "eV",
             "Energy that a bond gains on the way apart, where it should only lose: a molecule that breaks "
             "by itself.", passed=0.05, failed=0.5, broken=100.0, source=OURS),
    Quantity(TASK, "bond energy", "error", "bond energy", "D_e", "eV",
             "Error of the energy that breaks a bond.", passed=0.1, failed=0.5, broken=100.0, source=OURS),
    Quantity(TASK, "relative energy", "error", "energy of a conformer", "ΔE", "meV",
             "Error of the energy of a conformer above the lowest one.",
             passed=43.4, failed=217.0, broken=COLLAPSED, source=CHEMICAL),
    Quantity(TASK, "relative energy", "mae", "energies of conformers", "MAE(ΔE)", "meV",
             "Mean absolute error of the energies of conformers above the lowest one.",
             passed=43.4, failed=217.0, broken=COLLAPSED, source=CHEMICAL),
    Quantity(TASK, "relative energy", "rank_error", "order of conformers", "1−ρ", "",
             "1 less the rank correlation of the energies of conformers: 0 for the right order, 1 for none.",
             passed=0.1, failed=0.5, source=OURS),
    Quantity(TASK, "structures", "collapsed", "collapsed conformers", "n", "",
             "Conformers that relax into another one, beyond those of the reference.",
             passed=0, failed=0, source=OURS, counted="all"),
    Quantity(TASK, "structures", "broken", "broken conformers", "n", "",
             "Conformers whose bonds change in their relaxation.",
             passed=0, failed=0, source=OURS, counted="all"),
)  # fmt: skip
