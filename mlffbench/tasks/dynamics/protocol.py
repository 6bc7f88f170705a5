"""Protocol of molecular dynamics, the same for model and reference: limits, length, thermostat, starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import Dataset, Split
from mlffbench.properties.bulk_dynamics import run_many
from mlffbench.properties.dynamics import Trajectory, dynamics
from mlffbench.properties.limits import Limits
from mlffbench.system.ranges import Count, NonNegative, Positive, ShareBelowOne
from mlffbench.tasks.common.small_cells import repeated_cell

__all__ = ["Protocol", "ProtocolSettings", "Start", "draw_starts", "frames_at", "n_steps"]

N_LIMITS = 1000  # reference frames that limits are taken from, at most
BONDED = 20  # one in so many of these says how molecules can be bonded
NEAR = 1.0  # K: reference frames are of this temperature


@dataclass(frozen=True)
class ProtocolSettings:
    """Thermostat, observation and limits of the trajectories.

    Parameters
    ----------
    friction : float
        Friction of Langevin's thermostat, 1/fs.
    interval : int
        Steps between observations. Vibrations above 1/(2 interval · timestep) fold back in the spectrum.
    equilibration : float
        First part of a trajectory, which is not observed.
    frames : int
        Structures of a trajectory whose distributions are taken.
    margin : float
        Distances may be this part shorter or longer than any in the dataset.
    max_seconds : float, optional
        Wall time of a trajectory, by default unlimited; in a batch, its part of the time of all.
    """

    friction: NonNegative = 0.01
    interval: Count = 5
    equilibration: ShareBelowOne = 0.2
    frames: Count = 100
    margin: Positive = 0.25
    max_seconds: Positive | None = None


@dataclass(frozen=True)
class Protocol:
    """Limits, lengths and settings of every trajectory of a case.

    Parameters
    ----------
    limits : Limits
        Where a structure stops being physical.
    bonded : sequence of Atoms
        Frames that show how atoms can be bonded.
    steps : int
        Number of time steps at constant temperature.
    timestep : float
        fs.
    """

    limits: Limits
    bonded: Sequence[Atoms]
    steps: int
    timestep: float
    settings: ProtocolSettings

    @classmethod
    def for_dataset(
        cls, dataset: Dataset, picoseconds: float, timestep: float, settings: ProtocolSettings
    ) -> Protocol:
        """Return the protocol with limits that the dataset's frames set."""
        picks = np.unique(np.linspace(0, len(dataset) - 1, N_LIMITS).astype(int))
        groups = dataset.columns.get("group", np.zeros(len(dataset)))
        frames = [dataset.frames[int(i)] for i in picks]
        limits = Limits.observed(frames, list(np.asarray(groups)[picks]), settings.margin)
        return cls(limits, frames[::BONDED], n_steps(picoseconds, timestep), timestep, settings)

    @property
    def length(self) -> float:
        """Length of a trajectory, fs."""
        return self.steps * self.timestep

    def run(
        self, calculator: BaseCalculator, starts: Sequence[Start], temperature: float
    ) -> list[Trajectory]:
        """Run Langevin dynamics from every start, together where the calculator takes batches."""
        s = self.settings
        return run_many(
            calculator, [start.atoms for start in starts], temperature, self.steps, self.timestep, s.friction,
            s.interval, self.limits, [start.seed for start in starts], s.max_seconds,
        )  # fmt: skip

    def run_alone(
        self, calculator: BaseCalculator, start: Start, temperature: float, steps: int, nve: bool = False
    ) -> Trajectory:
        """Run one trajectory of some steps, by Langevin dynamics or at constant energy."""
        s = self.settings
        return dynamics(
            calculator, start.atoms, temperature, steps, self.timestep, None if nve else s.friction,
            s.interval, self.limits, start.seed, s.max_seconds,
        )  # fmt: skip


def n_steps(picoseconds: float, timestep: float) -> int:
    """Number of time steps, at least one."""
    return max(round(1e3 * picoseconds / timestep), 1)


@dataclass(frozen=True)
class Start:
    """First structure of a trajectory, and the seed of its velocities and thermostat."""

    atoms: Atoms
    seed: int


def draw_starts(dataset: Dataset, split: Split, temperature: float, n: int, seed: int) -> list[Start]:
    """Draw n starts among the frames of the most frequent composition and the nearest temperature."""
    rng = np.random.default_rng([seed, round(temperature)])
    picks = split.train
    if "temperature" in dataset.columns:
        gap = np.abs(np.asarray(dataset.columns["temperature"], dtype=float) - temperature)
        if np.isfinite(gap).any():
            picks = np.flatnonzero(gap == np.nanmin(gap))
    frames = [dataset.frames[int(i)] for i in picks]
    common = Counter(a.numbers.tobytes() for a in frames).most_common(1)[0][0]
    alike = [a for a in frames if a.numbers.tobytes() == common]
    draws = rng.choice(len(alike), n, replace=n > len(alike))
    seeds = rng.integers(2**31, size=n).tolist()
    return [Start(repeated_cell(alike[i]), s) for i, s in zip(draws, seeds, strict=True)]


def frames_at(dataset: Dataset, temperature: float, like: Atoms) -> list[Atoms]:
    """Return the dataset's frames of a temperature and of the same atoms, or one-atom cells of them."""
    if "temperature" not in dataset.columns:
        return []
    at = np.abs(np.asarray(dataset.columns["temperature"], dtype=float) - temperature) <= NEAR
    frames = [dataset.frames[int(i)] for i in np.flatnonzero(at)]
    cell = like.numbers[:1] if len(set(like.numbers)) == 1 and like.pbc.any() else like.numbers
    return [a for a in frames if np.array_equal(a.numbers, like.numbers) or np.array_equal(a.numbers, cell)]
