"""Coverage of the 95 % intervals, size and power of the paired test, on simulated errors in clusters.

    python benchmarks/interval_coverage.py [--repeats 4000] [--out results/statistics/interval_coverage.json]

Errors of 6 frames a cluster, k components a frame: e = s (√ρ u + √(1 − ρ) w), with u shared by the cluster,
w of each frame, both normal, and s a lognormal scale of the cluster. The truths are √⟨s²⟩ and √(2/π) ⟨s⟩.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mlffbench.harness.error_sums import ErrorSums
from mlffbench.report.statistics.paired import compare
from mlffbench.report.statistics.ranks import better_than
from mlffbench.report.statistics.samples import ErrorSample, over_clusters

SIZES = (8, 12, 20, 50, 200)
OUT = Path(__file__).parents[1] / "results" / "statistics" / "interval_coverage.json"


class Design(NamedTuple):
    """Correlation of errors in a cluster, spread of ln s, components of a frame, spread of ln sizes."""

    rho: float
    spread: float
    components: int
    sizes: float = 0.0


DESIGNS = {  # all are claimed to be covered by 93 to 97 %
    "independent frames": Design(0.0, 0.0, 1),
    "correlated energies": Design(0.3, 0.0, 1),
    "correlated forces": Design(0.3, 0.2, 3),
    "unequal clusters": Design(0.2, 0.1, 3, 0.3),
    "hard: one number a cluster": Design(0.9, 0.0, 1),
    "hard: scales of 40 %": Design(0.5, 0.4, 3),
}


def errors(design: Design, n: int, rng: np.random.Generator, n_methods: int = 1) -> list[ErrorSums]:
    """Errors of methods that are equally good and share half of their variance, summed by cluster."""
    sizes = np.maximum(2, np.round(6 * np.exp(design.sizes * rng.normal(size=n)))).astype(int)
    clusters = np.repeat(np.arange(n), sizes * design.components)
    scale = np.exp(design.spread * rng.normal(size=n))
    shared = rng.normal(size=(1 + n_methods, n, design.components))
    places = np.concatenate([np.tile(np.arange(design.components), size) for size in sizes])
    u, w = shared[:, clusters, places], rng.normal(size=(1 + n_methods, len(clusters)))
    parts = math.sqrt(design.rho) * u + math.sqrt(1 - design.rho) * w
    own = parts[1:] if n_methods == 1 else (parts[0] + parts[1:]) / math.sqrt(2.0)
    starts = np.flatnonzero(np.diff(clusters, prepend=-1))
    drawn = scale[clusters] * own
    add = lambda values: np.add.reduceat(values, starts)
    return [ErrorSums(add(np.ones_like(e)), add(e**2), add(np.abs(e))) for e in drawn]


def larger(sums: ErrorSums, factor: float) -> ErrorSums:
    """Sums of all errors times a factor."""
    return ErrorSums(sums.count, factor**2 * sums.squared, factor * sums.absolute)


def coverage(design: Design, n: int, repeats: int, rng: np.random.Generator) -> dict[str, float]:
    """Shares of the intervals of RMSE and MAE that hold the truth."""
    truths = {
        "rmse": math.exp(design.spread**2),
        "mae": math.sqrt(2 / math.pi) * math.exp(design.spread**2 / 2),
    }
    hits = dict.fromkeys(truths, 0)
    for _ in range(repeats):
        (sums,) = errors(design, n, rng)
        for metric, truth in truths.items():
            estimate = over_clusters(ErrorSample.of_sums([sums], metric))
            hits[metric] += estimate.low <= truth <= estimate.high
    return {metric: n_hits / repeats for metric, n_hits in hits.items()}


def tests(design: Design, n: int, repeats: int, rng: np.random.Generator) -> dict[str, float]:
    """Size of the paired test, its power, false rankings among 6 methods, and coverage of differences.

    Power is for errors 10 % and 20 % larger. False rankings are the share of repeats in which any of 6 equal
    methods is told apart from another. Coverage is of the interval of a difference, for errors 2 and 5 times
    those of the other method.
    """
    larger_by = {"power 10 %": 1.1, "power 20 %": 1.2}
    times = {"coverage 2 times": 2.0, "coverage 5 times": 5.0}
    counts = dict.fromkeys(("size", *larger_by, "false rankings of 6", *times), 0)
    truth = math.exp(design.spread**2)
    for _ in range(repeats):
        drawn = errors(design, n, rng, n_methods=6)
        samples = [ErrorSample.of_sums([own], "rmse") for own in drawn]
        compared = compare(samples)
        counts["size"] += compared.p_value[0, 1] <= 0.05
        counts["false rankings of 6"] += better_than(compared.difference, compared.p_value).any()
        for name, factor in {**larger_by, **times}.items():
            worse = ErrorSample.of_sums([larger(drawn[1], factor)], "rmse")
            pair = compare([samples[0], worse]).pair(0, 1)
            covers = pair.low <= (1.0 - factor) * truth <= pair.high
            counts[name] += covers if name in times else pair.p_value <= 0.05
    return {name: count / repeats for name, count in counts.items()}


def seeds(n: int, n_seeds: int, repeats: int, rng: np.random.Generator) -> float:
    """Coverage of the RMSE of methods whose seeds differ by 5 %, tested on the same frames."""
    design, hits = DESIGNS["correlated forces"], 0
    truth = math.exp(design.spread**2) * math.exp(0.05**2 / 2)
    for _ in range(repeats):
        (drawn,) = errors(design, n, rng)
        sums = [larger(drawn, factor) for factor in np.exp(0.05 * rng.normal(size=n_seeds))]
        estimate = over_clusters(ErrorSample.of_sums(sums, "rmse"))
        hits += estimate.low <= truth <= estimate.high
    return hits / repeats


def seed_tests(n_methods: int, n_seeds: int, unlike: float, repeats: int, rng: np.random.Generator) -> Any:
    """Tests of methods whose seeds spread by 5 %, times a lognormal factor of each, on the same 50 clusters.

    Size is of one pair of equal methods; false rankings are the share of repeats in which any of all equal
    methods are told apart. Power is for one error 1.5 times the others, with Holm's correction for all pairs.
    Coverage is of the interval of this difference.
    """
    names = ("size", "false rankings", "power 50 %", "coverage")
    counts, design = dict.fromkeys(names, 0), DESIGNS["correlated forces"]
    truth = math.exp(design.spread**2)
    for _ in range(repeats):
        drawn = errors(design, 50, rng, n_methods)
        spread = 0.05 * np.exp(unlike * rng.normal(size=n_methods))
        factors = np.exp(spread[:, None] * rng.normal(size=(n_methods, n_seeds)) - spread[:, None] ** 2 / 2)
        sampled = lambda own, times: ErrorSample.of_sums([larger(own, f) for f in times], "rmse")
        samples = list(map(sampled, drawn, factors))
        compared = compare(samples)
        counts["size"] += compared.p_value[0, 1] <= 0.05
        counts["false rankings"] += better_than(compared.difference, compared.p_value).any()
        compared = compare([sampled(drawn[0], 1.5 * factors[0]), *samples[1:]])
        counts["power 50 %"] += better_than(compared.difference, compared.p_value)[1, 0]
        counts["coverage"] += compared.low[0, 1] <= 0.5 * truth <= compared.high[0, 1]
    return {name: count / repeats for name, count in counts.items()}


def measured(repeats: int) -> dict[str, Any]:
    """All shares, rounded to three digits."""
    rng = np.random.default_rng(0)
    rounded = lambda shares: {name: round(float(share), 3) for name, share in shares.items()}
    return {
        "repeats": repeats,
        "standard_error": round(math.sqrt(0.05 * 0.95 / repeats), 4),
        "coverage": {
            name: {str(n): rounded(coverage(design, n, repeats, rng)) for n in SIZES}
            for name, design in DESIGNS.items()
        },
        "coverage_3_seeds": {str(n): round(seeds(n, 3, repeats, rng), 3) for n in SIZES},
        "paired_test": {
            name: {str(n): rounded(tests(DESIGNS[name], n, repeats // 4, rng)) for n in (8, 20, 50)}
            for name in ("correlated energies", "correlated forces")
        },
        "paired_test_of_seeds": {
            f"{n_methods} methods, {n_seeds} seeds{', unlike' if unlike else ''}": rounded(
                seed_tests(n_methods, n_seeds, unlike, repeats // 4, rng)
            )
            for n_methods in (2, 6, 20)
            for n_seeds, unlike in ((2, 0.0), (3, 0.0), (3, 0.7))
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=4000)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    shares = measured(given.repeats)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(shares, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for name, of_sizes in shares["coverage"].items():
        print(f"{name:28}", "  ".join(f"{n}: {s['rmse']:.3f} {s['mae']:.3f}" for n, s in of_sizes.items()))
    print("3 seeds", shares["coverage_3_seeds"])
    for name in ("paired_test", "paired_test_of_seeds"):
        print(json.dumps(shares[name], indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
