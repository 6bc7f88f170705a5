"""Room on a machine: nothing is given twice, nobody is passed over for ever, the timed are alone."""

from __future__ import annotations

import threading
import time

import numpy as np

from mlffbench.harness.execution.resources import Resources
from mlffbench.harness.execution.room import Room
from mlffbench.system.machine import Machine

GB = 10**9


class Watch:
    """What runs at the moment, and whether a bound was ever broken."""

    def __init__(self, room):
        self.room, self.lock = room, threading.Lock()
        self.running, self.most, self.faults = [], 0, []

    def run(self, needed, seconds=0.01):
        with self.room.share(needed) as share:
            with self.lock:
                self.running.append((needed, share))
                self.most = max(self.most, len(self.running))
                self._check()
            time.sleep(seconds)
            with self.lock:
                self.running.remove((needed, share))

    def _check(self):
        machine, needs = self.room.machine, [needed for needed, _ in self.running]
        gpus = [name for _, share in self.running for name in share.gpus]
        bounds = {
            "jobs": len(needs) <= self.room.jobs,
            "threads": sum(n.threads or 0 for n in needs) <= machine.cores,
            "memory": sum(n.memory for n in needs) <= machine.memory,
            "a GPU twice": len(set(gpus)) == len(gpus),
            "beside a timed one": len(needs) == 1 or not any(n.is_timed and not n.gpus for n in needs),
        }
        self.faults += [name for name, kept in bounds.items() if not kept]


def start(watch, *needs, **more):
    threads = [threading.Thread(target=watch.run, args=(needed,), kwargs=more) for needed in needs]
    for thread in threads:
        thread.start()
        time.sleep(0.005)
    return threads


def test_no_bound_is_broken_and_all_get_their_turn():
    rng = np.random.default_rng(3)
    watch = Watch(Room(Machine(4, 8 * GB, ("0", "5")), jobs=3))
    needs = [
        Resources(
            threads=[None, 1, 2, 4][rng.integers(4)], memory=int(rng.integers(9)) * GB,
            gpus=int(rng.integers(3)), is_timed=bool(rng.random() < 0.3),
        )
        for _ in range(40)
    ]  # fmt: skip
    for thread in start(watch, *needs):
        thread.join(20)
        assert not thread.is_alive()
    assert watch.faults == []
    assert watch.most > 1


def test_untimed_cases_fill_the_machine():
    watch = Watch(Room(Machine(2, GB), jobs=4))
    for thread in start(watch, *[Resources()] * 4, seconds=0.2):
        thread.join(5)
    assert watch.most == 4, "as many jobs as were asked for, also if there are fewer cores"


def test_a_large_case_is_not_passed_over_by_small_ones():
    room, order = Room(Machine(2, GB), jobs=2), []

    def run(name, needed, seconds):
        with room.share(needed):
            order.append(name)
            time.sleep(seconds)

    jobs = [("a", 1, 0.3), ("b", 1, 0.1), ("large", 2, 0.1), ("c", 1, 0.1), ("d", 1, 0.1)]
    threads = [threading.Thread(target=run, args=(name, Resources(threads=n), s)) for name, n, s in jobs]
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    for thread in threads:
        thread.join(5)
    assert order[:3] == ["a", "b", "large"]


def test_a_timed_case_on_a_gpu_leaves_the_other_cores_and_gpus():
    room = Room(Machine(2, GB, ("0", "1")), jobs=2)
    needed = Resources(gpus=1, is_timed=True)
    with room.share(needed) as one, room.share(needed) as two:
        assert {one.gpus, two.gpus} == {("0",), ("1",)}
    with room.share(Resources(gpus=1, gpu=1)) as named, room.share(needed) as other:
        assert named.gpus == (), "an estimator that says cuda:1 finds it by its number among all"
        assert other.gpus == ("0",)


def test_threads_are_those_asked_for_else_a_share_and_alone_all():
    room = Room(Machine(8, GB), jobs=4)
    assert room.threads(Resources()) == 2
    assert room.threads(Resources(threads=3)) == 3
    assert room.threads(Resources(is_timed=True)) == 8
    assert Room(Machine(2, GB), jobs=4).threads(Resources()) == 1
