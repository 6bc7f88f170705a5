"""Result documents as a suite writes them, with numbers chosen by the test."""

from __future__ import annotations

import numpy as np

TESTS = {"proton_transfer": 17, "test_1200K": 50, "test_300K": 50}


def score(test, value, quantity="forces", unit="eV/Å", spread=0.1, metric="rmse"):
    """A score with the interval value · (1 ± spread); no interval where spread is None."""
    low, high = (None, None) if spread is None else (value * (1 - spread), value * (1 + spread))
    named = {"test": test, "quantity": quantity, "metric": metric, "unit": unit}
    return {**named, "value": value, "low": low, "high": high}


def outcome(label, force=0.02, seed=0, params=None, hot=3.0, **changes):
    """A document of a method with this force error in domain and `hot` times that at 1200 K."""
    split = {"name": "official", "params": {"train": "train_300K"}}
    card = {"title": "Malonaldehyde", "level": "PBE/def2-SVP", "licence": "CC0-1.0", "citation": "us"}
    predict = {"n_frames": 50, "n_atoms": 450, "prepare_seconds": 0.009, "evaluate_seconds": 0.036}
    document = {
        "schema": 2,
        "id": f"{label}-{seed}",
        "status": "ok",
        "case": {
            "suite": "quickstart",
            "label": label,
            "dataset": {"name": "malonaldehyde", "params": {}},
            "split": split,
            "estimator": {"name": label, "params": params or {}},
            "seed": seed,
            "metrics": ["rmse"],
            "tasks": [],
        },
        "failure": None,
        "dataset": {
            "name": "malonaldehyde",
            "digest": "d0",
            "n_frames": 517,
            "elements": ["H", "C", "O"],
            "card": card,
        },
        "split": {"digest": f"s{seed}", "n_train": 400, "tests": TESTS, "in_domain": "test_300K"},
        "scores": [
            score("test_300K", force),
            score("test_1200K", hot * force),
            score("test_300K", 0.001, "energy_per_atom", "eV/atom"),
            score("test_1200K", 0.004, "energy_per_atom", "eV/atom"),
            score("proton_transfer", 0.002, "energy_per_atom", "eV/atom"),
            score("speed 8 copies", 70.0, "prediction", "µs/atom", None, "time_per_atom"),
        ],
        "timings": {
            "fit": {"seconds": 10.0 + seed, "peak_memory_mb": 700.0, "peak_gpu_memory_mb": None},
            "predict": {
                "test_300K": {**predict, "peak_memory_mb": 800.0, "peak_gpu_memory_mb": None},
                "test_1200K": {**predict, "peak_memory_mb": 750.0, "peak_gpu_memory_mb": None},
            },
        },
        "profiles": {
            "proton_transfer": {
                "coordinate": [-1.0, 0.0, 1.0],
                "energy_true": [-7200.0, -7199.8, -7200.1],
                "energy_predicted": [-7100.0, -7099.7, -7100.1],
            }
        },
        "history": [
            {"epoch": 1, "loss": 0.5, "validation": 0.06},
            {"epoch": 2, "loss": 0.3, "validation": None},
        ],
        "model": {"params": {}, "device": "cpu", "dtype": "float32"},
        "provenance": {
            "machine": {"cpu": "EPYC", "cores": 2},
            "accelerator": None,
            "packages": {"torch": "2.13.0"},
            "revision": "abc123",
            "python": "3.11.7",
            "date": f"2026-11-23T01:00:0{seed}+00:00",
        },
    }
    return {**document, **changes}


def failed(label, kind="out of memory", message="17 GiB were asked for\nmore", seed=0):
    """A document of a case that fell over before it knew anything."""
    empty = {key: None for key in ("dataset", "split", "timings", "model", "provenance")}
    failure = {"kind": kind, "message": message, "traceback": "Traceback: line 3"}
    document = outcome(label, seed=seed, **empty, scores=[], profiles={}, history=[], failure=failure)
    return {**document, "status": "failed"}


def predictions(identifier):
    """Arrays of two frames of three atoms for every method but one."""
    if identifier.startswith("bare"):
        return None
    rng = np.random.default_rng(0)
    forces = rng.normal(size=(6, 3))
    forces[0] = np.nan  # no label
    arrays = {
        "n_atoms": np.array([3, 3]),
        "energy_true": np.array([-30.0, -30.3]),
        "energy_predicted": np.array([-30.0, -30.6]),
        "forces_true": forces,
        "forces_predicted": forces + 0.01,
    }
    return {f"{test}/{name}": value for test in TESTS for name, value in arrays.items()}


def measured(label, c11, seed=0, **changes):
    """A document of a method whose silicon has this C11 and whose surface was not known."""
    value = {**score("diamond", abs(c11 - 150.0), "C11", "GPa", None, "error"), "task": "properties"}
    jump = {**score("Si8", 0.1, "smoothness", "eV/atom", None, "energy_jump"), "task": "physics"}
    curve = {
        "name": "phonon density of states, diamond", "x_label": "frequency (THz)", "y_label": "states",
        "x": [0, 1], "y": [0.0, c11], "reference_x": None, "reference_y": [0, 150], "task": "properties",
    }  # fmt: skip
    missing = {
        "task": "properties", "test": "diamond", "quantity": "surface_energy_111", "kind": "skipped",
        "message": "no reference value", "traceback": "",
    }  # fmt: skip
    return outcome(
        label, seed=seed,
        scores=[score("test_300K", 0.02), {**value, "predicted": c11, "reference": 150.0}, jump],
        curves=[curve], task_failures=[missing], **changes,
    )  # fmt: skip


def trained(document, train=0.01, validation=None, ignored=(), unit="eV/Å"):
    """The document with errors of the forces on its training part, and labels that the fit ignored."""
    errors = {"train": train, "validation": validation}
    new = [
        {**score(part, value, unit=unit), "task": "training"}
        for part, value in errors.items()
        if value is not None
    ]
    labels = {"energy": 400, "forces": 400, **dict.fromkeys(ignored, 400)}
    frames = {row["test"]: 100 if row["test"] == "train" else 40 for row in new}
    facts = {"labels": labels, "ignored": list(ignored), "frames": frames}
    return {**document, "training": facts, "scores": [*document["scores"], *new]}


def leaking(document, **tests):
    """The document with so many frames of these test groups that have a duplicate in the training set."""
    leaks = {"verdict": "leaky", "n_twins": sum(tests.values()), "n_near": 0, "tests": tests}
    return {**document, "split": {**document["split"], "leaks": leaks}}


def row(frame, method):
    """The one row of a method."""
    (only,) = frame[frame["method"] == method].to_dict("records")
    return only


def error(frame, method, test, quantity="forces"):
    """The one error of a method on a test group."""
    return row(frame[(frame["test"] == test) & (frame["quantity"] == quantity)], method)


def without(documents, label, test):
    """Take a test group from the documents of a method: it could not be predicted."""
    for document in documents:
        if document["case"]["label"] == label:
            document["scores"] = [s for s in document["scores"] if s["test"] != test]
            document["test_failures"] = [
                {"test": test, "kind": "unsupported input", "message": "Pt was not in training"}
            ]


def timed(label, micro, fingerprint=None, rates=None, **changes):
    """A document of a method whose evaluations take so many µs an atom, at any size but the smallest."""
    task = "speed(repeats=3)"
    times = {
        "1 copies, 9 atoms": {"prepare": 10.0, "evaluate": 4 * micro},
        "64 copies, 576 atoms": {"prepare": 1.0, "evaluate": micro},
        "batch of 8, 72 atoms": {"prepare": 20.0, "evaluate": 0.5 * micro},
    }
    scores = [
        {**score(test, value, part, "µs/atom", 0.2, "time_per_atom"), "task": task}
        for test, parts in times.items()
        for part, value in parts.items()
    ]
    single = [
        ("1 copies, 9 atoms", "dynamics", "days_per_ns", "days/ns", 0.25),
        ("power law", "evaluate", "prefactor", "µs", micro),
        ("power law", "evaluate", "exponent", "", 1.05),
        ("power law", "evaluate", "least_atoms", "atoms", 576.0),
        ("power law", "evaluate", "most_atoms", "atoms", 36864.0),
        ("latency", "evaluate", "launches", "launches", 1200.0),
        ("cold start", "load", "time", "s", 0.5),
        ("cold start", "first_prediction", "time", "s", 0.25),
    ]
    for test, quantity, metric, unit, value in single:
        scores.append({**score(test, value, quantity, unit, None, metric), "task": task})
    curve = {
        "name": "evaluate: time of a system", "x_label": "atoms of the system", "y_label": "evaluate (ms)",
        "x": [9.0] * 3 + [576.0] * 3, "y": [micro * n for n in (1, 2, 9, 60, 50, 70)], "log": True,
        "reference_x": None, "reference_y": None, "task": task,
    }  # fmt: skip
    alike = {"device": "cpu", "cpu": "EPYC", "torch_threads": 2, "torch version": "2.13.0"}
    product = {"library": "torch", "matrix_product_float64": 40.0, "copy": 10.0, "launches": 3e5}
    conditions = {
        "fingerprint": {**alike, **(fingerprint or {})},
        "facts": {"calibration": {**product, **(rates or {})}},
        "task": task,
    }
    document = outcome(label, curves=[curve], conditions=[conditions], **changes)
    return {**document, "scores": [*document["scores"][:5], *scores]}
