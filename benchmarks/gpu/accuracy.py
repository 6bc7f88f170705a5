"""Time to a fixed force error on AcAc: kernel methods by number of frames, networks by time of training.

The error is that of test_300K. Curves are kept whole, so that other targets can be read off.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from _curve import Points, recorded, seconds_to
from _gpu import Claim, Fact, Parts, Run, capturing, dataset, estimator, rmse

from mlffbench.system.timing import measure

TARGET = 40.0  # meV/Å at 300 K
KERNELS = ("soap_gpr", "soap_kernel_ridge", "sgdml")
NETWORKS: dict[str, dict[str, Any]] = {
    "behler_parrinello": {"dtype": "float32"},
    "equivariant_network": {},
    "mace": {"preset": "medium"},
}
SIZES = (50, 100, 200, 500)
SECONDS, EVERY, TESTS = 10.0, 1.0, 130


def parts(run: Run) -> Parts:
    return {name: partial(by_size, name) for name in KERNELS} | {
        name: partial(by_time, name) for name in NETWORKS
    }


def by_size(name: str, run: Run) -> dict[str, Any]:
    """Seconds and errors of fits to more and more frames."""
    data, train, tests = dataset(run, SIZES[-1], TESTS)
    points: Points = []
    for n in (20, *((20,) if run.small else SIZES)):  # the first fit loads the libraries
        picks, held = train[:n], tests["300K"]
        model = estimator(run, name, data, {})
        with measure(run.device) as fit:
            model.fit([data.frames[i] for i in picks], data.labels[picks])
        predicted = model.predict([data.frames[i] for i in held])
        points.append({"frames": n, "seconds": fit.seconds, "300K": rmse(data, held, predicted)})
        run.note({"points": points})
    return _answer(sorted(points[1:], key=lambda p: p["seconds"]))


def by_time(name: str, run: Run) -> dict[str, Any]:
    """Errors while one network trains on all frames."""
    data, train, tests = dataset(run, SIZES[-1], TESTS)
    longest = {"max_epochs": 3} if run.small else {"max_epochs": 100_000, "max_seconds": SECONDS}
    model = estimator(run, name, data, NETWORKS[name], **longest)
    keep = lambda points: run.note({"points": points})
    every = 0.0 if run.small else EVERY
    with capturing(run), recorded(model, data, {"300K": tests["300K"]}, every, keep) as points:
        model.fit([data.frames[i] for i in train], data.labels[train])
    return _answer(points) | {"captured": getattr(model, "captured_", None)}


def _answer(points: Points) -> dict[str, Any]:
    errors = [p["300K"]["forces_rmse_mev_per_angstrom"] for p in points]
    reached = {"target_mev_per_angstrom": TARGET, "seconds_to_target": seconds_to(TARGET, points, "300K")}
    return {**reached, "best_mev_per_angstrom": min(errors), "points": points}


def claims(numbers: Mapping[str, Any]) -> list[Claim]:
    return []


def facts(numbers: Mapping[str, Any]) -> list[Fact]:
    finished = {name: values for name, values in numbers.items() if "seconds_to_target" in values}
    what = f"AcAc, forces at 300 K to {TARGET:g} meV/Å"
    return [Fact(f"{what}, {name}", v["seconds_to_target"], "s") for name, v in finished.items()]
