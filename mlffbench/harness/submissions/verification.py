"""Verification of results: everything that can be computed again is, with nobody's code but ours."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mlffbench.harness.documents.document import ID
from mlffbench.harness.submissions.contents import DIGESTS, files_of, is_submitted, wrong_digests
from mlffbench.harness.submissions.coverage import suite_refusals
from mlffbench.harness.submissions.entry import Entry, own_names_only, read_entry
from mlffbench.harness.submissions.evidence import Evidence
from mlffbench.harness.submissions.facts import data_refusals, fact_refusals
from mlffbench.harness.submissions.numbers import number_refusals
from mlffbench.harness.submissions.refusal import CHECKS, Refusal
from mlffbench.registry import without_trust
from mlffbench.system.failures import catch_failure
from mlffbench.system.strange_zip import unpack_zip

__all__ = ["Verification", "verify"]


@dataclass(frozen=True)
class Verification:
    """Result of a verification.

    Attributes
    ----------
    cases, failed : int
        Numbers of documents, and of those of failed cases.
    refusals : list of Refusal
        All reasons; the results hold if there are none.
    doubts : list of str
        Sentences on what cannot be computed again, and is no reason to refuse.
    """

    cases: int = 0
    failed: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.refusals


def verify(place: Path, suite: Path | None = None, fetch: bool = True) -> Verification:
    """Check an archive that `pack` wrote, or a results folder.

    Nothing in it is executed or unpickled, trusted modules are not used, nothing is written beside a
    temporary folder. Numbers of tasks, errors on the training part, times and sizes cannot be computed again
    without a fit: an edit of them shows by the document's seal, a forgery with a new seal does not.

    Parameters
    ----------
    place : Path
    suite : Path, optional
        The suite that the results must be of, in place of the one beside them.
    fetch : bool
        Download public data that are not on this machine.

    Raises
    ------
    OSError
        There is no such file or folder, or the disk is full.
    """
    with without_trust():
        if place.is_dir():
            return _of_folder(place, suite, fetch)
        with tempfile.TemporaryDirectory(prefix="mlffbench-verify-") as scratch:
            folder = Path(scratch)
            try:
                unpack_zip(place, folder, is_submitted)
            except ValueError as error:
                return Verification(refusals=[Refusal(place.name, "files", f"it {error}")])
            if not (folder / DIGESTS).is_file():
                reason = f"it lacks the list of digests, {DIGESTS}: 'mlffbench submit' packs an archive"
                return Verification(refusals=[Refusal(place.name, "files", reason)])
            return _of_folder(folder, suite, fetch)


def _of_folder(folder: Path, suite: Path | None, fetch: bool) -> Verification:
    try:
        names = files_of(folder)
    except OSError as error:
        return Verification(refusals=[Refusal(str(folder), "files", str(error))])
    refusals = list(wrong_digests(folder, names)) if DIGESTS in names else []
    ids = [Path(name).stem for name in names if name.endswith(".json")]
    evidence, entries = Evidence(fetch), list[Entry]()
    for id in ids:
        entry, own = read_entry(folder / f"{id}.json")
        refusals += own
        entries += [] if entry is None else [entry]
    for entry in sorted(entries, key=lambda entry: str(entry.case.dataset)):  # each dataset is loaded once
        refusals += entry_refusals(entry, folder, evidence)
    refusals += _files_without_documents(names, ids)
    if ids:
        refusals += suite_refusals(entries, _suites(folder, names, suite), evidence)
    else:
        refusals.append(Refusal(folder.name, "document", "there are no results in it"))
    failed = sum(not entry.is_finished for entry in entries)
    order = list(CHECKS)
    refusals.sort(key=lambda refusal: (refusal.entry, order.index(refusal.check)))
    return Verification(len(ids), failed, refusals, list(_doubts(entries)))


def entry_refusals(entry: Entry, folder: Path, evidence: Evidence) -> list[Refusal]:
    """Reasons to refuse one case; a document that breaks a check is refused, too."""
    if any(True for _ in own_names_only(entry.case)):
        return []  # refused already: its code is not called
    checks = [
        partial(fact_refusals, entry, folder),
        partial(data_refusals, entry, evidence),
        *([partial(number_refusals, entry, folder, evidence)] if entry.is_finished else []),
    ]
    refusals: list[Refusal] = []
    for check in checks:
        _, failure = catch_failure(partial(_take, check, refusals))
        if failure is not None:
            reason = f"a check of it ended with an error, {failure['message']}"
            refusals.append(Refusal(entry.id, "document", reason))
    return refusals


def _take(check: Callable[[], Iterable[Refusal]], refusals: list[Refusal]) -> None:
    """Add the refusals of a check one by one: those before an error count."""
    for refusal in check():
        refusals.append(refusal)


def _suites(folder: Path, names: Sequence[str], suite: Path | None) -> list[Path]:
    if suite is not None:
        return [suite]
    return [folder / name for name in names if name.startswith("suite") and name.endswith(".yaml")]


def _files_without_documents(names: Sequence[str], ids: Sequence[str]) -> Iterator[Refusal]:
    for name in names:
        id = Path(name).stem
        if name.startswith("predictions/") and id not in ids and ID.fullmatch(id):
            yield Refusal(name, "predictions", "these predictions belong to no document")


def _doubts(entries: Sequence[Entry]) -> Iterator[str]:
    """Sentences on what rests on the documents alone."""
    bare = [entry.id for entry in entries if not entry.has_seal]
    if bare:
        yield (
            f"{len(bare)} documents are older than seals: an edit of what is not computed again (tasks, "
            f"training errors, times) would not show, the first: {bare[0]}"
        )
    revisions = {str((entry.document.get("provenance") or {}).get("revision")) for entry in entries}
    if dirty := sorted(revision for revision in revisions if revision.endswith("+changes")):
        yield f"some cases were computed by uncommitted code, the first revision: {dirty[0]:.60}"
