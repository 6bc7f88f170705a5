"""Quantities of the task physics: conservation, symmetries, smoothness, pairs of atoms, compression."""

from __future__ import annotations

from mlffbench.report.quantities.quantity import Quantity

__all__ = ["QUANTITIES"]

TASK = "physics"
ARENA = "Y. Chiang et al., MLIP Arena, arXiv:2509.20630; bounds: ours"
ROUNDING = "bounds: rounding of float32, and what an MD run notices; ours"
OURS = "bounds: ours"

QUANTITIES = (
    Quantity(TASK, "energy_conservation", "relative_error", "violation of F = −∇E", "√⟨(ΔE+∫F·ds)²⟩/√⟨F²⟩",
             "", "Energy differences against the work of the forces along random lines, over the force: 0 "
             "for forces that are minus the gradient of the energy.",
             passed=1e-3, failed=2e-2, source=OURS),
    Quantity(TASK, "energy_conservation", "largest_step", "largest violation in one step", "max|ΔE+∫F·ds|",
             "eV", "Largest difference of energy change and work in one step of a line: a discontinuity "
             "of the energy shows with its height.", passed=1e-3, failed=1e-2, source=OURS),
    Quantity(TASK, "hessian_asymmetry", "error", "asymmetry of the Hessian", "‖H−Hᵀ‖/2‖H‖", "",
             "Antisymmetric part of the Hessian from differences of forces: 0 where forces are a gradient.",
             passed=1e-3, failed=2e-2, source=OURS),
    Quantity(TASK, "translation", "energy", "energy change by translation", "ΔE/N", "eV/atom",
             "Largest change of the energy per atom when all atoms move alike.",
             passed=1e-5, failed=1e-3, source=ROUNDING),
    Quantity(TASK, "translation", "force", "force change by translation", "ΔF", "eV/Å",
             "Largest change of a force when all atoms move alike.",
             passed=1e-4, failed=1e-2, source=ROUNDING),
    Quantity(TASK, "rotation", "energy", "energy change by rotation", "ΔE/N", "eV/atom",
             "Largest change of the energy per atom when the structure is rotated.",
             passed=1e-5, failed=1e-3, source=ROUNDING),
    Quantity(TASK, "rotation", "force", "force change by rotation", "ΔF", "eV/Å",
             "Largest change of a force that should rotate with the structure.",
             passed=1e-4, failed=1e-2, source=ROUNDING),
    Quantity(TASK, "permutation", "energy", "energy change by permutation", "ΔE/N", "eV/atom",
             "Largest change of the energy per atom when equal atoms are listed in another order.",
             passed=1e-5, failed=1e-3, source=ROUNDING),
    Quantity(TASK, "permutation", "force", "force change by permutation", "ΔF", "eV/Å",
             "Largest change of a force when atoms are listed in another order.",
             passed=1e-4, failed=1e-2, source=ROUNDING),
    Quantity(TASK, "extensivity", "error", "size extensivity", "(E(2A)−2E(A))/N", "eV/atom",
             "Energy of two distant copies less twice that of one, per atom.",
             passed=1e-5, failed=1e-3, source=ROUNDING),
    Quantity(TASK, "locality", "error", "locality", "ΔF", "eV/Å",
             "Largest change of a force by an atom that is far away.",
             passed=1e-4, failed=1e-2, source=ROUNDING),
    Quantity(TASK, "smoothness", "energy_jump", "energy jump at the cutoff", "ΔE/N", "eV/atom",
             "Largest jump of the energy per atom while every neighbour leaves the cutoff.",
             passed=1e-4, failed=1e-2, source=OURS),
    Quantity(TASK, "smoothness", "force_jump", "force jump at the cutoff", "ΔF", "eV/Å",
             "Largest jump of a force while every neighbour leaves the cutoff.",
             passed=1e-2, failed=0.3, source=OURS),
    Quantity(TASK, "compression", "holes", "holes under compression", "n", "",
             "Steps of compression that lower the energy of matter that is already too dense.",
             passed=0, failed=2, source=OURS, counted="all"),
    Quantity(TASK, "compression", "depth", "depth under compression", "E₀−min E", "eV/atom",
             "Energy per atom that compression gains below the start: matter would collapse.",
             passed=1e-3, failed=0.1, broken=10.0, source=OURS),
    Quantity(TASK, "tortuosity", "error", "tortuosity of a pair's curve − 1", "τ−1", "",
             "Length of the way that the energy of a pair of atoms takes, over the straight way down the "
             "wall and up the well, less 1.", passed=0.01, failed=1.0, broken=1e3, source=ARENA),
    Quantity(TASK, "energy_jump", "error", "energy jump of a pair", "ΔE", "eV",
             "Jumps of the energy of a pair of atoms along its distance.",
             passed=0.01, failed=0.5, source=ARENA),
    Quantity(TASK, "force_flips", "error", "sign changes of a pair's force", "n−1", "",
             "Changes of sign of the force of a pair of atoms beyond the one of a bond.",
             passed=0, failed=2, source=ARENA, counted="all"),
    Quantity(TASK, "pair_conservation", "error", "violation of F = −dE/dr of a pair", "|F+dE/dr|", "eV/Å",
             "Mean difference of the force of a pair of atoms and minus the slope of its energy.",
             passed=0.01, failed=0.5, source=ARENA),
    Quantity(TASK, "repulsion", "error", "missing repulsion of a pair", "1+ρ", "",
             "1 plus Spearman's correlation of energy and distance on the wall: 0 where the wall only rises "
             "as the atoms approach.", passed=0.01, failed=0.2, source=ARENA),
    Quantity(TASK, "holes", "error", "holes in a pair's wall", "n", "",
             "Minima in the repulsive wall of a pair of atoms, into which a hot pair falls.",
             passed=0, failed=0, source=ARENA, counted="all"),
)  # fmt: skip
