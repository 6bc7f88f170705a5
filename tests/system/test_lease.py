"""Names held by one process at a time: two machines, owners that die, stop and wake up, damaged files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest

from mlffbench.system import lease
from mlffbench.system.lease import LeaseLost, Leases
from mlffbench.system.process_identity import ProcessIdentity

ELSEWHERE = replace(ProcessIdentity.own(), machine="another machine")


@pytest.fixture
def clock(monkeypatch):
    """A clock that tests set; leases end after a minute of it."""
    now = [0.0]
    monkeypatch.setattr(lease.time, "monotonic", lambda: now[0])
    return now


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def is_free(leases, name="a"):
    with leases.claim(name) as mine:
        return mine is not None


def watch(leases, clock, seconds, step=5.0):
    """Look every five seconds; True once the lease is free."""
    end = clock[0] + seconds
    while clock[0] < end:
        if is_free(leases):
            return True
        clock[0] += step
    return is_free(leases)


def test_a_name_has_one_owner_at_a_time(tmp_path):
    here, there = Leases(tmp_path / "new" / "leases"), Leases(tmp_path / "new" / "leases", ELSEWHERE)
    with here.claim("a.b-1") as mine, there.claim("a.b-1") as theirs, here.claim("a.b-1") as again:
        assert (mine is not None, theirs, again) == (True, None, None)
        assert is_free(there, "a.b")
        assert is_free(there, "a.b-1.2")
        assert names(here.folder) == ["a.b-1.1"]
    assert is_free(there, "a.b-1")
    assert names(here.folder) == []
    with there:
        assert is_free(there)
    assert not here.folder.exists()


OWNER = (
    "import sys, time\nfrom pathlib import Path\nfrom mlffbench.system.lease import Leases\n"
    "with Leases(Path(sys.argv[1])) as leases, leases.claim('a') as mine:\n"
    "    print(mine is not None, flush=True); time.sleep(60)"
)


def owner_process(folder, *prefix):
    command = [*prefix, sys.executable, "-c", OWNER, str(folder)]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert owner.stdout.readline() == "True\n"
    return owner


def test_the_death_of_the_owner_releases_it_at_once_on_this_machine(tmp_path):
    owner = owner_process(tmp_path)
    leases = Leases(tmp_path)
    assert not is_free(leases)
    os.kill(owner.pid, signal.SIGKILL)
    time.sleep(0.1)
    assert is_free(leases)  # a zombie holds nothing
    owner.communicate()
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs the right to make a namespace")
def test_in_another_namespace_of_processes_only_the_silence_tells(tmp_path, clock):
    owner = owner_process(tmp_path, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
    leases = Leases(tmp_path)
    assert not watch(leases, clock, 50)
    owner.kill()
    owner.communicate()
    assert not watch(leases, clock, 5)
    assert watch(leases, clock, 20)
    assert names(tmp_path) == []


def test_an_owner_elsewhere_is_dead_after_a_minute_without_a_change(tmp_path, clock):
    here, there = Leases(tmp_path), Leases(tmp_path, ELSEWHERE)
    with there.claim("a") as theirs:
        assert not watch(here, clock, 50)
        theirs.beat()
        assert not watch(here, clock, 60)
        assert watch(here, clock, 20)
        theirs.beat()
        assert theirs.is_lost
    assert is_free(here)


def test_who_has_slept_begins_to_watch_anew(tmp_path, clock):
    here, there = Leases(tmp_path), Leases(tmp_path, ELSEWHERE)
    with there.claim("a") as theirs:
        assert not is_free(here)
        clock[0] += 3600  # both were stopped
        assert not is_free(here)
        theirs.beat()
        assert not watch(here, clock, 60)


def test_an_owner_that_was_away_has_lost_the_lease(tmp_path, clock):
    here, there = Leases(tmp_path), Leases(tmp_path, ELSEWHERE)
    with there.claim("a") as theirs:
        watch(here, clock, 55)
        clock[0] += 10
        with here.claim("a") as mine:
            mine.check()
            with pytest.raises(LeaseLost):
                theirs.check()
            with pytest.raises(LeaseLost):
                theirs.renew()
            mine.renew()
            assert names(tmp_path) == ["a.1", "a.2", "a.3"]
    assert names(tmp_path) == []


def test_a_lease_that_was_taken_and_released_meanwhile_is_lost(tmp_path, clock):
    here, there = Leases(tmp_path), Leases(tmp_path, ELSEWHERE)
    with there.claim("a") as theirs:
        assert watch(here, clock, 70)
        assert names(tmp_path) == []
        with here.claim("a") as mine:  # of the first generation again
            with pytest.raises(LeaseLost):
                theirs.renew()
            theirs.release()
            mine.check()
            assert names(tmp_path) == ["a.1"]


def test_nobody_takes_over_from_an_owner_that_renews_first(tmp_path, clock):
    here, there = Leases(tmp_path), Leases(tmp_path, ELSEWHERE)
    with there.claim("a") as theirs:
        watch(here, clock, 55)
        clock[0] += 10
        theirs.renew()
        assert not is_free(here)
        theirs.check()


def test_beats_are_seen_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "BEAT", 0.05)
    monkeypatch.setattr(lease, "LEASE", 0.5)
    here = Leases(tmp_path)
    with Leases(tmp_path, ELSEWHERE) as there, there.claim("a"):
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            assert not is_free(here)
            time.sleep(0.05)


@pytest.mark.parametrize("length", [0, 1, 40, 200])
def test_a_damaged_file_holds_its_name_for_a_minute(tmp_path, clock, length):
    here = Leases(tmp_path)
    with here.claim("a"):
        file = tmp_path / "a.1"
        content = file.read_bytes()
    file.write_bytes(content[:length])
    assert not watch(here, clock, 50)
    assert watch(here, clock, 20)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "line", ["[]", '{"machine": 1}', "[" * 3000, '{"machine": "%s", "pid": -1, "start": ""}']
)
def test_a_strange_owner_is_watched(tmp_path, clock, line):
    here = Leases(tmp_path)
    (tmp_path / "a.1").write_text(line.replace("%s", here.owner.machine) + "\n0\n")
    assert not is_free(here)
    assert watch(here, clock, 80)


def test_owners_that_come_and_go_never_meet(tmp_path):
    inside, met, claims = [], [], count()

    def work(owner):
        leases = Leases(tmp_path / "leases", owner)
        for _ in range(60):
            with leases.claim("a") as mine, suppress(LeaseLost):
                if mine is not None:
                    mine.renew()
                    inside.append(1)
                    met.append(len(inside) > 1)
                    next(claims)
                    inside.pop()

    owners = [ProcessIdentity.own(), ELSEWHERE, replace(ELSEWHERE, machine="third"), None]
    threads = [threading.Thread(target=work, args=(owner,)) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert next(claims) > 20
    assert not any(met)
    assert names(tmp_path / "leases") == []


def test_heirs_of_a_dead_owner_never_meet(tmp_path):
    """Many take over from one dead owner at once: one wins."""
    dead = replace(ProcessIdentity.own(), start="0")
    for turn in range(20):
        place = tmp_path / str(turn)
        with Leases(place, dead).claim("a") as left:
            left.is_lost = True  # it never releases it
        winners, gate = [], threading.Barrier(4)

        def take(place=place, winners=winners, gate=gate):
            leases = Leases(place)
            gate.wait()
            with leases.claim("a") as mine:
                if mine is not None:
                    winners.append(1)
                    time.sleep(0.02)
                    winners.append(-1)

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert winners[:2] == [1, -1]
        assert names(place) == []


def test_links_are_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(OSError, match="link"), Leases(tmp_path / "link").claim("a"):
        pass
    assert names(tmp_path / "real") == []
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / "real" / "a.1").symlink_to(victim)
    assert not is_free(Leases(tmp_path / "real"))
    assert victim.read_text() == "untouched"


def test_a_lease_without_room_is_an_error_and_leaves_nothing(tmp_path, monkeypatch):
    def write(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OSError, match="No space"), Leases(tmp_path).claim("a"):
        pass
    assert names(tmp_path) == []


def test_names_are_living_as_long_as_their_owner_changes_them(tmp_path, clock):
    """On another machine a dead owner is known by a number that has not changed for a minute."""
    watcher = Leases(tmp_path / "leases")
    other = Leases(tmp_path / "leases", ELSEWHERE)
    assert watcher.living_names() == set()
    with other.claim("a") as held:
        for _ in range(40):  # 200 s
            held.beat()
            assert watcher.living_names() == {"a"}
            clock[0] += 5.0
        for _ in range(13):
            watcher.living_names()
            clock[0] += 5.0
        assert watcher.living_names() == set()
        assert watcher.names() == {"a"}
    assert watcher.names() == set()
