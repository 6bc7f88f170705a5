"""Quantities of the task md: survival, conserved energy, observables, cost."""

from __future__ import annotations

from mlffbench.report.quantities.quantity import Quantity

__all__ = ["QUANTITIES"]

TASK = "md"
FU = "X. Fu et al., Trans. Mach. Learn. Res. (2023), arXiv:2210.07237; bounds: ours"
OURS = "bounds: ours"
W1 = "Wasserstein's W₁ of its distribution from the reference's, averaged over kinds of atoms."

QUANTITIES = (
    Quantity(TASK, "failures", "share", "failed trajectories", "1−S", "",
             "Share of the trajectories that crossed the limits of the reference data before their end.",
             passed=0.0, failed=0.1, source=FU, counted="trials", is_share=True),
    Quantity(TASK, "lifetime_lost", "share", "lost lifetime", "1−⟨t⟩/T", "",
             "1 less the restricted mean lifetime of a trajectory over its full length.",
             passed=0.0, failed=0.1, source=FU),
    Quantity(TASK, "nve_drift", "error", "energy drift", "|dE/dt|", "meV/atom/ps",
             "Drift of the total energy at constant energy (NVE).",
             passed=1.0, failed=10.0, broken=1e5, source=OURS),
    Quantity(TASK, "nve_fluctuation", "std", "energy fluctuation", "σ(E)", "meV/atom",
             "Standard deviation of the total energy at constant energy, without its drift.",
             passed=1.0, failed=10.0, broken=1e5, source=OURS),
    Quantity(TASK, "radial_distribution", "wasserstein", "radial distribution", "W₁(r)", "Å",
             f"Distances of atoms: {W1}", passed=0.02, failed=0.1, source=OURS),
    Quantity(TASK, "bond_distribution", "wasserstein", "bond lengths", "W₁(r)", "Å",
             f"Lengths of bonds: {W1}", passed=0.005, failed=0.02, source=OURS),
    Quantity(TASK, "angle_distribution", "wasserstein", "bond angles", "W₁(θ)", "°",
             f"Angles between bonds: {W1}", passed=1.0, failed=5.0, source=OURS),
    Quantity(TASK, "torsion_distribution", "wasserstein", "torsions", "W₁(φ)", "°",
             f"Dihedral angles: {W1}", passed=5.0, failed=20.0, source=OURS),
    Quantity(TASK, "vibrational_spectrum", "wasserstein", "vibrational spectrum", "W₁(ω)", "THz",
             "Wasserstein's W₁ of the vibrational density of states from the reference's.",
             passed=0.5, failed=2.0, source=OURS),
    Quantity(TASK, "diffusion", "error", "diffusion coefficient", "D", "Å²/ps",
             "Error of the coefficient of self-diffusion, where both diffuse.",
             passed=0.2, failed=0.5, relative=True, source=OURS),
    Quantity(TASK, "dynamics", "time_per_atom_step", "time of a step", "t/(N n)", "µs",
             "Wall time of a trajectory alone, per atom and step."),
    Quantity(TASK, "batched_dynamics", "time_per_atom_step", "time of a step in a batch", "t/(N n)", "µs",
             "Wall time of trajectories that move together, per atom and step."),
    Quantity(TASK, "dynamics", "days_per_ns", "days per nanosecond", "t/T", "d",
             "Days that a nanosecond of one trajectory takes."),
)  # fmt: skip
