"""Sides of a comparison as a user names them: folders, folders of a git revision, methods, revisions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from mlffbench.harness.documents.store import Store
from mlffbench.registry import suggest
from mlffbench.report.combined_folders import combine_folders
from mlffbench.report.comparison.pairs import Side
from mlffbench.report.problems import Document, Problem, dig
from mlffbench.report.results import Results
from mlffbench.report.results_folder import stores_in
from mlffbench.system.committed_folder import committed_folder

__all__ = ["choose_rows", "read_sides"]

REVISION = re.compile(r"[0-9a-f]{4,40}")


def read_sides(a: str, b: str, places: Sequence[Path] = ()) -> tuple[Side, Side]:
    """Read two sides.

    Parameters
    ----------
    a, b : str
        Results folders, or ``REVISION:FOLDER``, a folder as a revision of git holds it. With `places` rows of
        the leaderboards there, or revisions of mlffbench that computed them.
    places : sequence of Path
        Results folders.

    Raises
    ------
    OSError
        There is no such folder.
    ValueError
        It holds no results, or git does not know the revision.
    LookupError
        No row and no revision has such a name.
    """
    if places:
        stores = _stores(places)
        return _named(a, stores), _named(b, stores)
    return _of_folder(a, b), _of_folder(b, a)


def choose_rows(
    sides: tuple[Side, Side], methods: Sequence[str] = (), problems: Sequence[str] = ()
) -> tuple[Side, Side]:
    """Leave only rows of these names, on problems whose names contain one of these texts.

    Raises
    ------
    LookupError
        Neither side has one of them.
    """
    labels = [m.label for side in sides for _, m in side.results.methods()]
    names = [p.name for side in sides for p in side.results.problems]
    for method in methods:
        if method not in labels:
            raise LookupError(f"no method {method!r}{suggest(method, set(labels))}")
    for text in problems:
        if not any(text.lower() in name.lower() for name in names):
            raise LookupError(f"no problem {text!r}{suggest(text, set(names))}")

    def chosen(problem: Problem) -> Problem:
        kept = (m for m in problem.methods if not methods or m.label in methods)
        return replace(problem, methods=tuple(kept))

    def left(side: Side) -> Side:
        matching = [p for p in side.results.problems if _contains(p.name, problems)]
        rows = tuple(p for p in map(chosen, matching) if p.methods)
        return replace(side, results=Results(side.results.documents, rows))

    return left(sides[0]), left(sides[1])


def _contains(name: str, texts: Iterable[str]) -> bool:
    texts = list(texts)
    return not texts or any(text.lower() in name.lower() for text in texts)


def _of_folder(name: str, other: str) -> Side:
    """Side of one folder, or of one that a revision of git holds."""
    revision, colon, folder = name.partition(":")
    with ExitStack() as stack:
        if Path(name).is_dir() or not colon:
            place = Path(name)
            if not place.is_dir():
                raise FileNotFoundError(_no_folder(name, other))
        else:
            place = stack.enter_context(committed_folder(revision, folder))
        stores = _stores([place], name)
        results = Results.from_documents(combine_folders(stores).documents)
        return Side(name, results, set_aside=_set_aside(stores))


def _no_folder(name: str, other: str) -> str:
    """Sentence on a word that is no folder."""
    try:
        list(stores_in(Path(name)))
    except FileNotFoundError as error:
        return f"{error}; methods and revisions need the folder: mlffbench compare {name} {other} --in FOLDER"
    return name


def _stores(places: Sequence[Path], name: str = "") -> list[Store]:
    """Results folders in these places.

    Raises
    ------
    ValueError
        They hold no document that can be used.
    """
    stores = [store for place in places for store in stores_in(place)]
    if not any(store.documents() for store in stores):
        said = name or ", ".join(map(str, places))
        raise ValueError(f"{said} holds no results that can be used; 'mlffbench run SUITE' writes them")
    return stores


def _set_aside(stores: Sequence[Store]) -> dict[Path, str]:
    return {path: reason for store in stores for path, reason in store.set_aside.items()}


def _named(name: str, stores: Sequence[Store]) -> Side:
    """Side of one row, or of all documents of one revision."""
    results, set_aside = Results.from_documents(combine_folders(stores).documents), _set_aside(stores)
    labels = list(dict.fromkeys(method.label for _, method in results.methods()))
    if name in labels:
        return Side(name, results, name, set_aside)
    of_estimator = {m.label for _, m in results.methods() for d in (*m.done, *m.failed)
                    if d["case"]["estimator"]["name"] == name}  # fmt: skip
    if len(of_estimator) == 1:
        return Side(name, results, of_estimator.pop(), set_aside)
    if of_estimator:
        raise LookupError(f"{name!r} is the method of several rows; write one of {sorted(of_estimator)}")
    documents = [document for store in stores for document in store.documents()]  # rows without folders
    own = [d for d in documents if _revision(d).startswith(name)] if REVISION.fullmatch(name) else []
    if own:
        return Side(name, Results.from_documents(own), set_aside=set_aside)
    known = [*labels, *(revision[:10] for revision in sorted({_revision(d) for d in documents} - {""}))]
    raise LookupError(f"no method and no revision {name!r}{suggest(name, known)}")


def _revision(document: Document) -> str:
    return str(dig(document, "provenance", "revision") or "")
