"""Work of earlier processes, summed over all that is read of it."""

from __future__ import annotations

from mlffbench.system import earlier_work


def test_the_work_of_other_processes_is_summed():
    other = {"process": {"pid": 1}, "seconds": 2.0, "resumed": 0}
    with earlier_work.listen() as earlier:
        assert earlier_work.note(other)
        assert earlier_work.note({**other, "seconds": 3.0, "resumed": 4})
        assert (earlier.seconds, earlier.resumed) == (5.0, 5)
        assert earlier_work.stamp(1.0)["resumed"] == 5
    assert (earlier_work.seconds(), earlier_work.times_resumed()) == (0.0, 0)
    assert earlier_work.note(other)  # nobody listens


def test_this_process_has_not_worked_before():
    with earlier_work.listen() as earlier:
        assert not earlier_work.note(earlier_work.stamp(7.0))
    assert (earlier.seconds, earlier.resumed) == (0.0, 0)
