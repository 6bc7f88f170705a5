"""Leases: names in a shared folder, each held by one process at a time, on whatever machine it runs.

A lease is a file that only one process can create, and whose owner changes a number in it every few seconds.
An owner is dead at once if it ran on this machine and has ended, else when its number has not changed for a
minute by the clock of the process that looks: no clock is compared with another. Who takes the lease of a
dead owner creates the next generation of the file, which again only one can; an owner that wakes up sees the
next generation, and has lost the lease (C. Gray, D. Cheriton, Proc. SOSP 1989, 202).
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

from mlffbench.system.lease_file import (
    change,
    create,
    generation_path,
    generations,
    head,
    lease_names,
    read,
    remove,
)
from mlffbench.system.process_identity import ProcessIdentity

__all__ = ["Lease", "LeaseLost", "Leases"]

BEAT = 5.0  # s, between changes of the number
LEASE = 60.0  # s without a change, after which an owner counts as dead
GAP = 30.0  # s between looks, after which a process begins to watch anew: it may have slept with the owner
POLL = 0.5  # s, between looks at a lease that another process holds
ATTEMPTS = 20


class LeaseLost(Exception):
    """Another process has taken over what this one held."""


class Lease:
    """One name, held by this process as long as `is_lost` is False.

    Parameters
    ----------
    place : Path
        Path of its files, without the generation.
    generation : int
    owner : ProcessIdentity

    Attributes
    ----------
    is_lost : bool
        True once it is known that another process has taken the lease.
    """

    def __init__(self, place: Path, generation: int, owner: ProcessIdentity) -> None:
        self._place, self._generation = place, generation
        self._owner = json.dumps({**owner.to_json(), "token": secrets.token_hex(16)}).encode() + b"\n"
        self._number, self._lock = 0, Lock()
        self.is_lost = False

    def create(self) -> bool:
        """Create the file of this generation; False if it exists."""
        return create(self._path(), self._owner)

    def withdraw(self) -> None:
        """Remove the file that `create` made."""
        remove(self._path())

    def beat(self) -> None:
        """Show that the owner is alive, or see that the lease is lost."""
        with self._lock, suppress(OSError):
            self._number += 1
            self.is_lost = (
                self.is_lost or self._is_taken() or not change(self._path(), self._owner, self._number)
            )

    def check(self) -> None:
        """Raise LeaseLost if another process has taken the lease, as far as the file system tells."""
        with self._lock:
            self.is_lost = self.is_lost or self._is_taken() or not self._is_own()
            if self.is_lost:
                raise LeaseLost(self._place.name)

    def renew(self) -> None:
        """Take the next generation, which no other process can have then, for another minute.

        Raises
        ------
        LeaseLost
            Another one has it.
        OSError
            The folder cannot be written.
        """
        with self._lock:
            if not self.is_lost and create(self._path(1), self._owner):
                if self._is_own():
                    self._generation += 1
                    return
                remove(self._path(1))
            self.is_lost = True
            raise LeaseLost(self._place.name)

    def release(self) -> None:
        """Remove the files of this lease and of its dead owners; the newest is the last to go."""
        with self._lock:
            if self.is_lost or not self._is_own():
                return
            for generation in generations(self._place):
                if generation <= self._generation:
                    remove(generation_path(self._place, generation))

    def _path(self, later: int = 0) -> Path:
        return generation_path(self._place, self._generation + later)

    def _is_taken(self) -> bool:
        return self._path(1).exists()

    def _is_own(self) -> bool:
        return head(read(self._path())) == self._owner


@dataclass(frozen=True)
class _Look:
    """Content of a file, and the times when it was first and last seen."""

    content: bytes
    since: float
    last: float


class Leases:
    """Leases that this process takes in a folder; a context in which they are kept alive.

    Parameters
    ----------
    folder : Path
        Created with the first lease, removed with the last.
    owner : ProcessIdentity, optional
        This process.
    """

    def __init__(self, folder: Path, owner: ProcessIdentity | None = None) -> None:
        self.folder, self.owner = folder, owner or ProcessIdentity.own()
        self._held: set[Lease] = set()
        self._looks: dict[Path, _Look] = {}
        self._lock, self._ending = Lock(), Event()
        self._heart = Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._heart.join()
        with suppress(OSError):
            self.folder.rmdir()

    def _beat(self) -> None:
        while not self._ending.wait(BEAT):
            with self._lock:
                held = list(self._held)
            for lease in held:
                lease.beat()

    def names(self) -> set[str]:
        """Names for which there are files, of owners that are alive or dead."""
        return lease_names(self.folder)

    def dead_names(self) -> set[str]:
        """Names whose last owner ran on this machine and has ended."""
        return {name for name in self.names() if self._has_ended(self.folder / name)}

    def living_names(self) -> set[str]:
        """Names whose owner is alive, as far as this process has seen; it looks every few seconds.

        An owner on another machine that is dead counts as alive for the first minute of looking.
        """
        return {name for name in self.names() if self._is_living(self.folder / name)}

    def _is_living(self, place: Path) -> bool:
        last = max(generations(place), default=0)
        path = generation_path(place, last)
        content = read(path) if last else None
        return content is not None and not self._is_dead(path, content)

    def _has_ended(self, place: Path) -> bool:
        last = max(generations(place), default=0)
        owner = _owner(read(generation_path(place, last)) or b"") if last else None
        return owner is not None and owner.has_ended(self.owner)

    @contextmanager
    def claim(self, name: str) -> Iterator[Lease | None]:
        """Hold a name inside the ``with`` block; None if another process, or thread, holds it.

        Raises
        ------
        OSError
            The folder cannot be written, or is a link.
        """
        lease = self._taken(name)
        if lease is None:
            yield None
            return
        with self._lock:
            self._held.add(lease)
        try:
            yield lease
        finally:
            with self._lock:
                self._held.discard(lease)
            lease.release()

    @contextmanager
    def wait_for(self, name: str, waiting: Callable[[], object]) -> Iterator[Lease]:
        """Wait until a name is free, calling `waiting`, and hold it inside the ``with`` block."""
        while True:
            with self.claim(name) as lease:
                if lease is not None:
                    yield lease
                    return
            waiting()
            time.sleep(POLL)

    def _taken(self, name: str) -> Lease | None:
        place = self.folder / name
        for _ in range(ATTEMPTS):
            last = max(generations(place), default=0)
            before = read(generation_path(place, last)) if last else b""
            if before is None:  # its owner is releasing it
                continue
            if last and not self._is_dead(generation_path(place, last), before):
                return None
            lease = Lease(place, last + 1, self.owner)
            if not lease.create():
                return None
            if max(generations(place), default=0) == last + 1 and _is_unchanged(place, last, before):
                return lease
            lease.withdraw()  # it was released and taken again while this process looked
        return None

    def _is_dead(self, path: Path, content: bytes) -> bool:
        owner = _owner(content)
        if owner is not None and owner.has_ended(self.owner):
            return True
        now = time.monotonic()
        look = self._looks.get(path)
        if look is None or look.content != content or now - look.last > GAP:
            look = _Look(content, now, now)
        self._looks[path] = replace(look, last=now)
        return now - look.since > LEASE


def _is_unchanged(place: Path, generation: int, before: bytes) -> bool:
    """True if the dead owner's file is still there, or there was none."""
    if not generation:
        return True
    content = read(generation_path(place, generation))
    return content is not None and head(content) == head(before)


def _owner(content: bytes) -> ProcessIdentity | None:
    """Owner that a file names; None if it does not."""
    try:
        return ProcessIdentity.of(json.loads(head(content)))
    except (ValueError, RecursionError):
        return None
