"""Times of predictions by size: against models whose times are known, on a clock that they advance."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mlffbench import registry
from mlffbench.data import Conditions, Curve, Missing, Score
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.estimators.atomic_reference import AtomicReference
from mlffbench.splits.official import official
from mlffbench.tasks import speed as module
from mlffbench.tasks.speed import speed
from mlffbench.tasks.timings import growth

A, B = 2e-5, 1.2  # of the clockwork's evaluation, t = a Nᵇ, s
PREPARE = 1e-4  # s an atom
SHARES = {"energy": 0.4, "forces": 0.9, "stress": 0.95}  # of the time of all quantities
DATA = malonaldehyde()


class Clock:
    """A clock that stands still but for what a model adds."""

    now = 0.0

    def perf_counter(self):
        return self.now

    time = perf_counter


CLOCK = Clock()


class Clockwork(AtomicReference):
    """Predictions of known times; the first of each size takes a second more."""

    predicts_std = True
    largest = 10**9  # atoms, before the memory ends

    def _prepare(self, frames):
        CLOCK.now += PREPARE * sum(map(len, frames))
        return frames

    def _evaluate(self, inputs):
        return self._timed(inputs, 1.0)

    def _evaluate_only(self, inputs, quantities):
        return self._timed(inputs, max(share for name, share in SHARES.items() if name in quantities))

    def _timed(self, inputs, share):
        n = sum(map(len, inputs))
        if n > self.largest:
            raise MemoryError("no room for the graph")
        seen = self.__dict__.setdefault("_seen", {})
        seen[n] = seen.get(n, 0) + 1
        CLOCK.now += share * A * n**B + (1.0 if seen[n] == 1 else 0.0)
        labels = super()._evaluate(inputs)
        return dataclasses.replace(labels, energy_std=np.ones(len(inputs)))


class OneMolecule(AtomicReference):
    supports = ("periodic",)


@pytest.fixture
def clock(monkeypatch):
    for place in ("mlffbench.system.timing.time", "mlffbench.tasks.timings.growth.time"):
        monkeypatch.setattr(place, CLOCK)
    monkeypatch.setattr(module, "time", CLOCK)
    monkeypatch.setattr(module, "calibrate", lambda device: None)


def rows(cls, **keywords):
    model = cls().fit(DATA.frames[:5], DATA.labels[:5])
    return speed(model, DATA, official(DATA), **{"copies": [1, 2], "batches": [1], **keywords})


def score(scores, test, quantity, metric="time_per_atom"):
    own = [row for row in scores if isinstance(row, Score) and row.test == test]
    (one,) = [row for row in own if (row.quantity, row.metric) == (quantity, metric)]
    return one


def missing(scores):
    return [(row.test, row.kind, row.message) for row in scores if isinstance(row, Missing)]


def test_known_times_come_back_without_the_warm_up(clock):
    found = rows(Clockwork, copies=[1, 4, 16, 64], max_seconds=1e6)
    for n in (9, 36, 144, 576):
        test = f"{n // 9} copies, {n} atoms"
        assert score(found, test, "prepare").value == pytest.approx(1e6 * PREPARE)
        evaluate = score(found, test, "evaluate")
        assert evaluate.value == pytest.approx(1e6 * A * n ** (B - 1))
        assert evaluate.low == pytest.approx(evaluate.value)
        for quantity in ("energy", "forces"):
            own = score(found, test, f"evaluate_{quantity}")
            assert own.value == pytest.approx(SHARES[quantity] * evaluate.value)
        assert score(found, test, "evaluate", "warm_up").value == pytest.approx(1000.0)
    assert score(found, "power law", "evaluate", "prefactor").value == pytest.approx(1e6 * A)
    assert score(found, "power law", "evaluate", "exponent").value == pytest.approx(B)
    assert score(found, "power law", "evaluate", "least_atoms").value == 9
    assert score(found, "power law", "evaluate", "most_atoms").value == 576


def test_a_day_has_as_many_steps_as_fit_in(clock):
    found = rows(Clockwork, copies=[1], timestep=0.5)
    step = PREPARE * 9 + SHARES["forces"] * A * 9**B
    days = score(found, "1 copies, 9 atoms", "dynamics", "days_per_ns").value
    assert days == pytest.approx(2e6 * step / 86400)


def test_batches_are_rows_of_their_own(clock):
    found = rows(Clockwork, copies=[1], batches=[1, 8, 20_000], max_seconds=1e6)
    eight = score(found, "batch of 8, 72 atoms", "evaluate")
    assert eight.value == pytest.approx(1e6 * A * 72 ** (B - 1))
    assert not [row for row in found if "batch of 20000" in getattr(row, "test", "")], "180,000 atoms"


def test_samples_are_kept(clock):
    curves = [row for row in rows(Clockwork, max_seconds=1e-3) if isinstance(row, Curve)]
    (curve,) = [row for row in curves if row.name == "evaluate: time of a system"]
    assert curve.log
    assert curve.x.count(9.0) == 3, "the repeats that were asked for, though there was no time left"
    times = [y for x, y in zip(curve.x, curve.y, strict=True) if x == 9.0]
    assert times == pytest.approx([1e3 * A * 9**B] * 3)


def test_the_growth_ends_with_the_memory(clock, monkeypatch):
    monkeypatch.setattr(Clockwork, "largest", 40)
    found = rows(Clockwork, copies=None, max_seconds=1e6)
    ((test, kind, message),) = missing(found)
    assert (test, kind, message) == (
        "16 copies, 144 atoms", "out of memory", "MemoryError: no room for the graph"
    )  # fmt: skip
    assert score(found, "4 copies, 36 atoms", "evaluate")


def test_the_growth_ends_where_memory_would_end(clock, monkeypatch):
    monkeypatch.setattr(growth, "available_memory", lambda: -1)
    (end, *_) = missing(rows(Clockwork, max_seconds=1e6))
    assert end[1] == "skipped"
    assert "need more memory, about 0 GiB, than" in end[2]


def test_the_growth_ends_with_the_time(clock):
    begun = CLOCK.now
    found = rows(Clockwork, copies=None, batches=[1, 8, 64, 512], max_seconds=20.0)
    assert CLOCK.now - begun < 30.0, "20 s and the first second of the last sizes"
    reasons = missing(found)
    assert [kind for _, kind, _ in reasons] == ["skipped"] * len(reasons)
    assert "this and larger sizes would take longer, about" in reasons[0][2]
    assert "left of 12" in reasons[0][2]


def test_a_method_for_one_molecule_is_timed_on_one(monkeypatch):
    monkeypatch.setattr(module, "calibrate", lambda device: None)
    found = rows(OneMolecule, batches=[1, 2])
    assert missing(found) == [("2 copies, 18 atoms", "skipped", "OneMolecule describes one molecule")]
    assert score(found, "1 copies, 9 atoms", "evaluate").low is not None
    assert score(found, "batch of 2, 18 atoms", "evaluate")


def test_conditions_are_recorded():
    (conditions,) = [row for row in rows(AtomicReference, copies=[1]) if isinstance(row, Conditions)]
    assert conditions.fingerprint["device"] == "cpu"
    assert conditions.fingerprint["cpu"]
    assert conditions.facts["calibration"]["copy"] > 0


def test_settings_that_change_meanwhile_are_a_failure(monkeypatch):
    prints = iter([{"torch_threads": 2, "device": "cpu"}, {"torch_threads": 1, "device": "cpu", "cores": 2}])
    monkeypatch.setattr(module, "fingerprint", lambda device: next(prints))
    monkeypatch.setattr(module, "calibrate", lambda device: None)
    (changed,) = missing(rows(AtomicReference, copies=[1]))
    assert changed[1:] == ("error", "settings changed between the times: torch_threads was 2, then 1")


@pytest.mark.gpu
def test_a_card_is_named_and_its_memory_measured():
    cls = registry.load("estimators", "behler_parrinello")
    params = {**cls.test_params(), "device": "cuda"}
    model = cls(**params).fit(DATA.frames[:20], DATA.labels[:20])
    found = speed(model, DATA, official(DATA), copies=[1, 4, 16], batches=[1, 64])
    for test in ("1 copies, 9 atoms", "batch of 64, 576 atoms"):
        assert score(found, test, "evaluate", "peak_gpu_memory").value > 0
    (conditions,) = [row for row in found if isinstance(row, Conditions)]
    assert conditions.fingerprint["device"] == "cuda"
    assert conditions.fingerprint["accelerator"]
    assert conditions.facts["model"]["captured"] == model.captured_
    assert conditions.facts["calibration"]["copy"] > 100
