"""Rows of molecular dynamics: survival, conserved energy, cost, and observables against the reference's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from mlffbench.data import Curve, Missing, Score
from mlffbench.properties.distributions import Distribution
from mlffbench.properties.survival import survival
from mlffbench.tasks.common.subtasks import Row, skipped_row
from mlffbench.tasks.dynamics.observables import EnsembleAverages
from mlffbench.tasks.dynamics.protocol import Protocol
from mlffbench.tasks.dynamics.trajectories import Record

__all__ = ["cost_rows", "energy_rows", "observable_rows", "reference_failure_rows", "survival_rows"]

KINDS = {"radial": "Å", "bond": "Å", "angle": "°", "torsion": "°"}
BIN = 0.05  # Å, of the curves


def energy_rows(test: str, record: Record) -> list[Row]:
    """Drift and fluctuation of the total energy at constant energy, or the reason why there is none."""
    drift, fluctuation = record["drift"], record["fluctuation"]
    if drift is None:
        reason = record["failure"] or "limit of wall time"
        message = f"the trajectory at constant energy ended after {record['lifetime']:g} fs: {reason}"
        return [Missing(test, "nve_drift", "diverged" if record["failure"] else "skipped", message)]
    unit = "meV/atom/ps"
    return [
        Score(test, "nve_drift", "error", abs(drift), unit, predicted=drift, reference=0.0),
        Score(test, "nve_fluctuation", "std", fluctuation, "meV/atom"),
    ]


def survival_rows(test: str, records: Sequence[Record], protocol: Protocol) -> list[Row]:
    """Share of failed trajectories, lost lifetime, and the survival curve with the failures in its name."""
    end, died = protocol.length, [r["failure"] is not None for r in records]
    estimate = survival([r["lifetime"] for r in records], died, end)
    failures = Counter(r["failure"] for r in records if r["failure"] is not None)
    counts = ", ".join(f"{n} {failure}" for failure, n in failures.items())
    lost = [1 - t / end for t in (estimate.lifetime, estimate.lifetime_high, estimate.lifetime_low)]
    share = [1 - s for s in (estimate.share, estimate.share_high, estimate.share_low)]
    return [
        Score(test, "failures", "share", share[0], "", share[1], share[2], trials=_trials(records, protocol)),
        Score(test, "lifetime_lost", "share", lost[0], "", lost[1], lost[2]),
        Curve(
            f"survival, {test}" + (f" ({counts})" if counts else ""), "time / fs", "share alive",
            np.repeat(estimate.times, 2)[1:].tolist(), np.repeat(estimate.alive, 2)[:-1].tolist(),
        ),
    ]  # fmt: skip


def _trials(records: Sequence[Record], protocol: Protocol) -> int | None:
    """Number of the trajectories; None where a limit of wall time ended one, whose fate is not known."""
    cut = any(r["failure"] is None and r["lifetime"] < protocol.length * (1 - 1e-9) for r in records)
    return None if cut else len(records)


def cost_rows(
    test: str, records: Sequence[Record], protocol: Protocol, n_atoms: int, alone: float | None
) -> list[Row]:
    """Wall time per atom and step of a batch and of one trajectory alone, and of a nanosecond of one."""
    steps = sum(r["lifetime"] for r in records) / protocol.timestep
    rows: list[Row] = []
    if steps:
        together = sum(r["seconds"] for r in records) / steps
        rows += [Score(test, "batched_dynamics", "time_per_atom_step", 1e6 * together / n_atoms, "µs")]
    if alone is not None:
        days = alone * 1e6 / protocol.timestep / 86400
        rows += [
            Score(test, "dynamics", "time_per_atom_step", 1e6 * alone / n_atoms, "µs"),
            Score(test, "dynamics", "days_per_ns", days, "d"),
        ]
    return rows


def reference_failure_rows(test: str, records: Sequence[Record]) -> list[Row]:
    """Return a warning if the reference's own potential does not stay within the limits."""
    failures = [r["failure"] for r in records if r["failure"] is not None]
    kinds = ", ".join(sorted(set(failures)))
    reason = (
        f"the reference potential itself crosses the limits in {len(failures)} of {len(records)} "
        f"trajectories ({kinds}), which are not counted; raise `margin`"
    )
    return [skipped_row(test, "reference survival", reason)] if failures else []


# ---------------------------------------------------------------- observables
def observable_rows(
    test: str, predicted: EnsembleAverages, reference: EnsembleAverages, records: Sequence[Record]
) -> list[Row]:
    """Distances of distributions, spectrum and diffusion from the reference's; curves of the first two."""
    failures = sorted({r["failure"] for r in records if r["failure"] is not None})
    dead = f"no trajectory lived beyond the equilibration ({', '.join(failures) or 'limit of wall time'})"
    rows: list[Row] = []
    for kind, unit in KINDS.items():
        rows += _distribution_rows(test, kind, unit, predicted, reference, dead)
    radial = [name for name in predicted.distributions if "radial" in name]
    rows += [_radial_curve(test, name, predicted, reference) for name in radial]
    return (
        rows + _spectrum_rows(test, predicted, reference, dead) + _diffusion_rows(test, predicted, reference)
    )


def _distribution_rows(
    test: str, kind: str, unit: str, predicted: EnsembleAverages, reference: EnsembleAverages, dead: str
) -> list[Row]:
    """Wasserstein distance averaged over the elements of one kind of distribution."""
    quantity = f"{kind}_distribution"
    true = {k: d for k, d in reference.distributions.items() if d.kind == kind}
    if not predicted.distributions:
        return [skipped_row(test, quantity, dead)]
    if not reference.distributions:
        return [skipped_row(test, quantity, f"the dataset has neither frames nor a potential for {test}")]
    distances = [
        predicted.distributions[k].distance(d) for k, d in true.items() if k in predicted.distributions
    ]
    if true and len(distances) < len(true):
        gone = ", ".join(sorted(true.keys() - predicted.distributions.keys()))
        return [skipped_row(test, quantity, f"the model's trajectories have no {gone}")]
    return [Score(test, quantity, "wasserstein", float(np.mean(distances)), unit)] if distances else []


def _radial_curve(test: str, name: str, predicted: EnsembleAverages, reference: EnsembleAverages) -> Curve:
    x, y = _binned(predicted.distributions[name])
    true = reference.distributions.get(name)
    true_x, true_y = _binned(true) if true is not None else (None, None)
    return Curve(f"{name}, {test}", "r / Å", "density / Å⁻¹", x, y, true_x, true_y)


def _binned(distribution: Distribution) -> tuple[list[float], list[float]]:
    """Return the density in coarser bins, zeros included."""
    edges = np.arange(0, distribution.x.max() + 2 * BIN, BIN)
    y = np.histogram(distribution.x, edges, weights=distribution.y)[0] / (distribution.y.sum() * BIN)
    first = max(int(np.flatnonzero(y)[0]) - 1, 0)
    return (edges[first:-1] + BIN / 2).round(3).tolist(), y[first:].tolist()


def _spectrum_rows(
    test: str, predicted: EnsembleAverages, reference: EnsembleAverages, dead: str
) -> list[Row]:
    """Vibrational spectrum, and its Wasserstein distance from the reference's."""
    if predicted.spectrum is None:
        return [skipped_row(test, "vibrational_spectrum", f"{dead}, or long enough for a spectrum")]
    x, y = predicted.spectrum.frequencies.tolist(), predicted.spectrum.density.tolist()
    true = reference.spectrum
    true_xy = (None, None) if true is None else (true.frequencies.tolist(), true.density.tolist())
    curve = Curve(f"vibrational spectrum, {test}", "frequency / THz", "density / ps", x, y, *true_xy)
    if true is None:
        reason = "frames without velocities have no spectrum, and the dataset names no true potential"
        return [curve, skipped_row(test, "vibrational_spectrum", reason)]
    distance = predicted.spectrum.distance(true)
    return [curve, Score(test, "vibrational_spectrum", "wasserstein", distance, "THz")]


def _diffusion_rows(test: str, predicted: EnsembleAverages, reference: EnsembleAverages) -> list[Row]:
    """Error of the diffusion coefficient if both diffuse; a row with the reason if only one does."""
    ours, true = predicted.diffusion, reference.diffusion
    if reference.spectrum is None or (ours is None and true is None):
        return []
    if ours is None or true is None:
        who = "the reference" if ours is None else "the model"
        return [skipped_row(test, "diffusion", f"only {who} diffuses: {ours or true:.3g} Å²/ps")]
    return [Score(test, "diffusion", "error", abs(ours - true), "Å²/ps", predicted=ours, reference=true)]
