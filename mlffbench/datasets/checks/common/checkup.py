"""All checks of a dataset: list the findings, or refuse what is certainly wrong and warn of the rest."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from mlffbench import registry
from mlffbench.data import Dataset, Finding, Labels, LazySequence
from mlffbench.datasets.checks.common.frame_selection import subsample
from mlffbench.datasets.checks.common.kept_warnings import keep_warnings

__all__ = ["admit", "admit_quietly", "checkup"]

MOST = 20_000  # frames
SHOWN = 5


def checkup(dataset: Dataset, skip: Collection[str] = ()) -> list[Finding]:
    """Run all checks: findings that refuse the dataset first, then warnings, by the checks' names.

    Of more than 20,000 frames an even sample of that size is checked, always the same, with all frames whose
    energies are not finite; the messages then say so.

    Parameters
    ----------
    dataset : Dataset
    skip : collection of str, optional
        Names of checks to leave out; a finding's `check` is such a name.

    Raises
    ------
    LookupError
        `skip` has a name that is no check.

    Examples
    --------
    >>> from mlffbench.datasets.checks import checkup
    >>> from mlffbench.datasets.lennard_jones import lennard_jones
    >>> checkup(lennard_jones())
    []
    """
    known = registry.names("checks")
    for name in skip:
        if name not in known:
            raise LookupError(f"no check {name!r}{registry.suggest(name, known)}")
    part, picks = _sampled(dataset)
    findings = [f for name in known if name not in skip for f in registry.load("checks", name)(part)]
    return [_with_frames(f, picks, len(dataset)) for f in sorted(findings, key=lambda f: not f.certain)]


def _sampled(dataset: Dataset) -> tuple[Dataset, np.ndarray]:
    """Return at most `MOST` frames, in memory, and their indices."""
    picks = np.arange(len(dataset))
    if len(dataset) <= MOST and not isinstance(dataset.frames, LazySequence):
        return dataset, picks
    picks = np.union1d(subsample(picks, MOST), np.flatnonzero(~np.isfinite(dataset.labels.energy)))
    part = dataset.labels[picks]
    forces, stress = (None if v is None else tuple(v) for v in (part.forces, part.stress))
    return (
        replace(
            dataset,
            frames=[dataset.frames[i] for i in picks.tolist()],
            labels=Labels(part.energy, forces, stress),
            columns={k: v[picks] for k, v in dataset.columns.items()},
        ),
        picks,
    )


def _with_frames(finding: Finding, picks: np.ndarray, n: int) -> Finding:
    """Return the finding with indices into the whole dataset, the first of them in the message."""
    frames = picks[list(finding.frames)].tolist()
    listed = ", ".join(map(str, frames[:SHOWN]))
    listed += f" and {len(frames) - SHOWN} more" if len(frames) > SHOWN else ""
    which = f" (frame{'s' * (len(frames) > 1)} {listed})" if frames else ""
    sampled = f" (from a sample of {len(picks):,} of {n:,} frames)" if len(picks) < n else ""
    return replace(finding, message=finding.message + which + sampled, frames=tuple(frames))


def admit(dataset: Dataset, allow: Collection[str] = ()) -> Dataset:
    """Return the dataset if it can be used: raise an error for refusals, warn of every other finding.

    Parameters
    ----------
    dataset : Dataset
    allow : collection of str, optional
        Names of checks to leave out, for data whose oddity is known.

    Raises
    ------
    ValueError
        Findings that are certain; the message lists them and how to allow them.
    LookupError
        `allow` has a name that is no check.
    """
    findings = checkup(dataset, skip=allow)
    refusals = [f for f in findings if f.certain]
    if refusals:
        lines = "; ".join(f"({f.check}) {f.message}" for f in refusals)
        names = list(dict.fromkeys(f.check for f in refusals))
        raise ValueError(
            f"{dataset.name} cannot be used as it is: {lines}. To use it nevertheless allow {names}"
        )
    keep_warnings(dataset, findings)
    for finding in findings:
        warnings.warn(f"{dataset.name}: ({finding.check}) {finding.message}", UserWarning, stacklevel=2)
    return dataset


def admit_quietly(dataset: Dataset) -> list[str]:
    """Admit a dataset but for the checks that its card allows it to fail; return the warnings as sentences.

    Raises
    ------
    ValueError, LookupError
        As `admit`.
    """
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        admit(dataset, dataset.card.get("allow", ()))
    return [str(warning.message) for warning in heard]
