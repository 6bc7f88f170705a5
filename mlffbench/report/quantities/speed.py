"""Quantities of the task speed: times by size, the law of their growth, the machine's limits, cold start."""

from __future__ import annotations

from mlffbench.report.quantities.quantity import Quantity

__all__ = ["QUANTITIES", "SUMMARY"]

TASK, TABLE = "speed", "speed summary"
PARTS = (  # of a prediction
    ("prepare", "preparation", "neighbour lists, graphs and descriptors"),
    ("evaluate", "evaluation", "all that the model predicts, after the preparation"),
    ("evaluate_energy", "evaluation of energies", "the energy alone"),
    ("evaluate_forces", "evaluation of forces", "energy and forces"),
    ("evaluate_stress", "evaluation of stress", "energy, forces and stress"),
    ("evaluate_std", "evaluation of deviations", "energy and its standard deviation"),
)

MEASURED = (
    Quantity(TASK, "dynamics", "days_per_ns", "days per nanosecond", "t/T", "days/ns",
             "Days of a nanosecond of dynamics, with preparation and evaluation of forces in each step."),
    Quantity(TASK, "evaluate", "warm_up", "warm-up", "t₁−t", "ms",
             "Time that the first calls of a size took beyond the median: compilation, capture, allocation."),
    Quantity(TASK, "evaluate", "peak_memory", "peak memory", "M", "MB", "Memory of the first call, at most."),
    Quantity(TASK, "evaluate", "peak_gpu_memory", "peak GPU memory", "M", "MB",
             "Memory of the card in the first call, at most."),
    Quantity(TASK, "evaluate", "electric_energy", "electric energy", "W/N", "mJ/atom",
             "Electric energy of an evaluation per atom, idle power included."),
    Quantity(TASK, "evaluate", "prefactor", "prefactor of growth", "a", "µs",
             "a of t = a·Nᵇ, the time of an evaluation of N atoms."),
    Quantity(TASK, "evaluate", "exponent", "exponent of growth", "b", "",
             "b of t = a·Nᵇ: 1 for times that grow like the number of atoms."),
    Quantity(TASK, "evaluate", "least_atoms", "smallest system of the law", "N_min", "atoms",
             "Fewest atoms that obey the power law.", "none"),
    Quantity(TASK, "evaluate", "most_atoms", "largest system of the law", "N_max", "atoms",
             "Most atoms that obey the power law.", "none"),
    Quantity(TASK, "evaluate", "launches", "launches", "t·r", "launches",
             "Small kernels that the machine could have launched in the time of the smallest evaluation."),
    Quantity(TASK, "evaluate", "times_launch_floor", "times the launch floor", "t·r/n", "×",
             "That number over the model's own launches: 1 is the machine's limit."),
    Quantity(TASK, "evaluate", "matrix_product", "time in matrix products", "t·F/N", "MFLOP/atom",
             "Operations of a matrix product that the machine could have done in the time of an atom."),
    Quantity(TASK, "evaluate", "times_matrix_product_floor", "times the product floor", "t·F/f", "×",
             "Those operations over the model's own: 1 is the machine's limit."),
    Quantity(TASK, "evaluate", "copy", "time in copies", "t·B/N", "kB/atom",
             "Bytes that the machine could have copied in the time of an atom."),
    Quantity(TASK, "start", "time", "start of Python", "t", "s",
             "Time until a new Python process, mlffbench and the device are there."),
    Quantity(TASK, "load", "time", "loading of the model", "t", "s",
             "Time of loading the saved model, with the imports of its libraries."),
    Quantity(TASK, "first_prediction", "time", "first prediction", "t", "s",
             "Time of the first prediction of a loaded model."),
)  # fmt: skip
SUMMARY = (
    Quantity(TABLE, "latency", "", "latency", "t", "ms",
             "Preparation and evaluation of the smallest system."),
    Quantity(TABLE, "ns_per_day", "", "dynamics", "T/t", "ns/day",
             "Nanoseconds of dynamics of the smallest system in a day.", "higher"),
    Quantity(TABLE, "best", "", "best", "min t/N", "µs/atom",
             "Least time of an evaluation per atom, over all systems and batches."),
    Quantity(TABLE, "best_atoms", "", "at", "N", "atoms", "Atoms of that system or batch.", "none"),
    Quantity(TABLE, "prefactor", "", "a", "a", "µs", "a of t = a·Nᵇ, the time of an evaluation of N atoms."),
    Quantity(TABLE, "exponent", "", "b", "b", "", "b of t = a·Nᵇ."),
    Quantity(TABLE, "least_atoms", "", "from", "N_min", "atoms", "Fewest atoms that obey the law.", "none"),
    Quantity(TABLE, "most_atoms", "", "to", "N_max", "atoms", "Most atoms that obey the law.", "none"),
    Quantity(TABLE, "launches", "", "launches", "t·r", "",
             "Time of the smallest evaluation in small kernels of this machine."),
    Quantity(TABLE, "times_launch_floor", "", "× floor", "t·r/n", "launches",
             "Launches over the model's own: 1 is the machine's limit."),
    Quantity(TABLE, "matrix_product", "", "product", "t·F/N", "MFLOP/atom",
             "Time of an atom in operations of this machine's matrix product."),
    Quantity(TABLE, "times_matrix_product_floor", "", "× floor", "t·F/f", "product",
             "Those operations over the model's own: 1 is the machine's limit."),
    Quantity(TABLE, "cold_start", "", "cold start", "t", "s",
             "Time from the model's file, or the start of Python, to the end of the first prediction."),
)  # fmt: skip

QUANTITIES = (
    *(
        Quantity(TASK, name, "time_per_atom", f"{noun} time", "t/N", "µs/atom",
                 f"Median time per atom: {what}.")
        for name, noun, what in PARTS
    ),
    *MEASURED,
    *SUMMARY,
)  # fmt: skip
