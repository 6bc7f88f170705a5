"""Documents that hold errors by cluster of test frames, so that two of them are compared in pairs."""

from __future__ import annotations

import numpy as np
from example_documents import outcome

from mlffbench.harness.error_sums import ErrorSums

N_CLUSTERS, N_FRAMES = 20, 10


def errors(scale, seed=0, own=0.0):
    """Errors of 200 frames in 20 clusters, which all methods share but for a part `own` of their spread."""
    shared = np.random.default_rng(0).normal(size=N_CLUSTERS * N_FRAMES)
    noise = np.random.default_rng([1, seed]).normal(size=shared.size)
    return scale * (shared * np.sqrt(1 - own**2) + own * noise)


def clustered(label, force=0.02, seed=0, own=0.0, digest="frames", **changes):
    """A document whose forces have such errors on test_300K; the first seed's spread is `force`, eV/Å."""
    sums = ErrorSums.of(errors(force, seed, own), np.repeat(np.arange(N_CLUSTERS), N_FRAMES))
    document = outcome(label, sums.value("rmse"), seed, **changes)
    entry = {"unit": "trajectories", "n": N_CLUSTERS, "digest": digest, "sums": {"forces": sums.to_json()}}
    return {**document, "clusters": {"test_300K": entry}}
