"""Cost model of a method: seconds and memory of its fit, seconds of a prediction, measured on one core.

The numbers come from `results/families`, `results/quickstart` and `results/silicon` (9 to 21 atoms in a
molecule, 60 in a cell of silicon, 60 to 400 training frames, one thread), rounded up: most fits take less.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlffbench.harness.planning.proposal.problem_kind import ProblemKind

__all__ = ["MEMORY", "START", "Cost", "Workload", "overhead"]

MEMORY = 4e9  # bytes that the largest array of a fit may have
START = 15.0  # seconds: planning before the cases, report after them
PROCESS, READ, AUDIT = 5.0, 5e-4, 2e-3  # seconds: a process; a frame read; a frame searched for twins
TYPICAL_NEIGHBOURS, TYPICAL_ELEMENTS = 12, 3  # of an organic molecule in the measured runs


@dataclass(frozen=True)
class Workload:
    """Size of a fit and of its tests.

    Attributes
    ----------
    n_frames, n_train, n_test : int
        Frames of the dataset, to train on, and in all test groups.
    atoms, forces : float
        Mean atoms in a frame; share of the frames that have forces.
    density : float
        Neighbours times pairs of elements, over those of an organic molecule: the work of a descriptor.
    """

    n_frames: int
    n_train: int
    n_test: int
    atoms: float
    forces: float
    density: float

    @classmethod
    def of(cls, problem: ProblemKind, n_train: int, n_test: int) -> Workload:
        pairs = len(problem.elements) * (len(problem.elements) + 1) / 2
        typical = TYPICAL_NEIGHBOURS * TYPICAL_ELEMENTS * (TYPICAL_ELEMENTS + 1) / 2
        forces = problem.n_forces / problem.n_frames
        return cls(
            problem.n_frames,
            n_train,
            n_test,
            problem.mean_atoms,
            forces,
            problem.neighbours * pairs / typical,
        )

    @property
    def train_atoms(self) -> float:
        return self.n_train * self.atoms

    @property
    def equations(self) -> float:
        """Energies and force components that train."""
        return self.n_train + 3 * self.forces * self.train_atoms


@dataclass(frozen=True)
class Cost:
    """Seconds of a fit and of a prediction.

    fit = fixed + per_atom · min(atoms, most_atoms) + (per_label + per_dense_label · density) · labels · size
    + per_square · labels². `predict` is a time per atom. Training that the clock stops is not counted.
    """

    fixed: float = 1.0
    per_atom: float = 0.0
    most_atoms: float = 30_000
    per_label: float = 0.0
    per_dense_label: float = 0.0
    per_square: float = 0.0
    predict: float = 1e-4

    def fit(self, work: Workload, size: float = 0.0) -> float:
        """Seconds of a fit; `size` is the number of basis functions of a kernel."""
        return (
            self.fixed
            + self.per_atom * min(work.train_atoms, self.most_atoms)
            + self.rate(work) * size
            + self.per_square * work.equations**2
        )

    def rate(self, work: Workload) -> float:
        """Seconds for each basis function of a kernel."""
        return (self.per_label + self.per_dense_label * work.density) * work.equations

    def tests(self, work: Workload) -> float:
        """Seconds of the predictions of all test groups."""
        return self.predict * work.n_test * work.atoms

    def memory(self, work: Workload, size: float = 0.0) -> float:
        """Bytes of the largest array of the fit."""
        return 8 * work.equations * (work.equations if self.per_square else size)


def overhead(work: Workload) -> float:
    """Seconds of a case beside its fit and tests: a process, reading the data, search for twins."""
    return PROCESS + READ * work.n_frames + AUDIT * (work.n_train + work.n_test)
