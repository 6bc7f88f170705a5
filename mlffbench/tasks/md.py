"""Molecular dynamics: survival, conservation of energy, and observables against the reference's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from annotated_types import Interval
from ase.calculators.calculator import BaseCalculator

from mlffbench.data import Dataset, Split, value_name
from mlffbench.forcefield import ForceField
from mlffbench.system.ranges import Count, NonNegative, Positive, Positives
from mlffbench.tasks.common.reference import reference_potential
from mlffbench.tasks.common.settings import from_keywords
from mlffbench.tasks.common.subtasks import Row, measures_times, needs, skipped_row
from mlffbench.tasks.dynamics.observables import EnsembleAverages
from mlffbench.tasks.dynamics.protocol import (
    Protocol,
    ProtocolSettings,
    Start,
    draw_starts,
    frames_at,
    n_steps,
)
from mlffbench.tasks.dynamics.rows import (
    cost_rows,
    energy_rows,
    observable_rows,
    reference_failure_rows,
    survival_rows,
)
from mlffbench.tasks.dynamics.trajectories import nve_record, records, seconds_alone

__all__ = ["md"]


@measures_times
@needs("forces")
def md(
    model: ForceField,
    dataset: Dataset,
    split: Split,
    seed: int = 0,
    *,
    temperatures: Positives = (300.0,),
    n_trajectories: Count = 32,
    picoseconds: Positive = 1.0,
    timestep: Annotated[float, Interval(gt=0, le=100)] = 0.5,
    nve_picoseconds: NonNegative = 0.5,
    protocol: Annotated[Mapping[str, Any], ProtocolSettings] | None = None,
) -> list[Row]:
    """Survival, conserved energy and observables of molecular dynamics, a test per temperature.

    Trajectories start from frames of the dataset of the nearest ``temperature`` (a column), else of
    training, and move together. They end at limits that the reference data set (`properties.limits`), at
    ``max_seconds`` they are stopped, which is no failure. ``failures`` is 1 − the share alive at the end (0
    of 32: below 0.09 with 95 % confidence), ``lifetime_lost`` 1 − restricted mean lifetime / length.
    Observables are of the living part after the equilibration; Wasserstein's W₁ to the reference is
    averaged over kinds of atoms. The reference is the dataset's true potential (same protocol, starts,
    seeds), else its frames of the same temperature; trajectories in which that potential crosses the limits
    do not count. A cell of one atom is repeated. Times of ``batched_dynamics`` are of trajectories that
    move together, those of ``dynamics`` of one alone. Equal seeds give equal rows but for times and where
    ``max_seconds`` stops something.

    Parameters
    ----------
    temperatures : sequence of float
        K; a trajectory at constant energy (NVE) is run at the first.
    n_trajectories : int
        Trajectories at each temperature, in batches of 512 atoms on a CPU, of all on a GPU.
    picoseconds, nve_picoseconds : float
        Lengths of the trajectories at constant temperature and at constant energy.
    timestep : float
        fs.
    protocol : mapping, optional
        Keywords of `mlffbench.tasks.dynamics.protocol.ProtocolSettings`: ``friction`` (of Langevin's
        thermostat, 0.01/fs), ``interval`` (steps between observations, 5), ``equilibration`` (first part of a
        trajectory, not observed, 0.2), ``frames`` (whose distributions are taken, 100), ``margin`` (distances
        may be this part beyond any in the dataset, 0.25), ``max_seconds`` (of a trajectory, unlimited).

    Raises
    ------
    LookupError
        The protocol has no such keyword.
    """
    settings = from_keywords(ProtocolSettings, protocol, "'protocol' of md")
    if not temperatures or n_trajectories < 1 or picoseconds <= 0:
        raise ValueError("md needs at least one temperature and one trajectory, of a positive length")
    plan = Protocol.for_dataset(dataset, picoseconds, timestep, settings)
    rows: list[Row] = []
    for n, temperature in enumerate(temperatures):
        starts = draw_starts(dataset, split, temperature, n_trajectories, seed)
        if n == 0 and nve_picoseconds > 0:
            steps = n_steps(nve_picoseconds, timestep)
            potential = reference_potential(dataset.reference)
            rows += _constant_energy(model, potential, plan, temperature, starts[0], steps)
        rows += _constant_temperature(model, dataset, plan, temperature, starts)
    return rows


def _constant_energy(
    model: ForceField,
    potential: Callable[[], BaseCalculator] | None,
    protocol: Protocol,
    temperature: float,
    start: Start,
    steps: int,
) -> list[Row]:
    """Drift and fluctuation of the energy; no failure of the model's where the reference fails too."""
    test = f"{value_name(temperature)} K"
    name = f"{test}, NVE"
    record, failures = nve_record(name, model.calculator, protocol, temperature, start, steps)
    if failures or record is None or record["failure"] is None or potential is None:
        return failures or energy_rows(test, record or {})
    true, _ = nve_record(f"{name}, reference", potential, protocol, temperature, start, steps)
    if true is not None and true["failure"] is not None:
        reason = f"the reference potential itself crosses the limits ({true['failure']}); raise `margin`"
        return [skipped_row(test, "nve_drift", reason)]
    return energy_rows(test, record)


def _constant_temperature(
    model: ForceField, dataset: Dataset, protocol: Protocol, temperature: float, starts: Sequence[Start]
) -> list[Row]:
    test, first = f"{value_name(temperature)} K", starts[0].atoms
    own, rows = records(f"{test}, trajectory", model.calculator, protocol, temperature, starts)
    if not own:
        return rows
    alone, failed = seconds_alone(f"{test}, alone", model.calculator, protocol, temperature, starts[0])
    rows += failed + cost_rows(test, own, protocol, len(first), alone)
    potential = reference_potential(dataset.reference)
    if potential is None:
        rows += survival_rows(test, own, protocol)
        bonded = [*(start.atoms for start in starts), *protocol.bonded]
        reference = EnsembleAverages.of_frames(frames_at(dataset, temperature, first), bonded)
    else:
        true, failures = records(f"{test}, reference", potential, protocol, temperature, starts)
        survivors = {r["start"] for r in true if r["failure"] is None}
        counted = [r for r in own if r["start"] in survivors]
        rows += survival_rows(test, counted, protocol) if counted else []
        rows += failures + reference_failure_rows(test, true)
        reference = EnsembleAverages.of_records(true)
    return rows + observable_rows(test, EnsembleAverages.of_records(own), reference, own)
