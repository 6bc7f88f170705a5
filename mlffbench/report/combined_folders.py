"""Results folders as one: every fit once, rows marked with the folder where they would be ambiguous."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlffbench.harness.documents.store import Store
from mlffbench.report.grouping import named_documents
from mlffbench.report.problems import Document, dig
from mlffbench.system.failures import INFRASTRUCTURE

__all__ = ["CombinedFolders", "combine_folders", "folder_names"]


@dataclass(frozen=True)
class CombinedFolders:
    """Documents of one results folder or several, and the predictions that belong to them.

    Attributes
    ----------
    documents : list of dict
        Sorted by id. Of several folders each id has its folder in front, ``runs/laptop/mace-1a2b``.
    stores : dict of str to tuple of Store
        By the ids of these documents: the folders that hold the fit, the document's own first.
    """

    documents: list[Document]
    stores: dict[str, tuple[Store, ...]]

    def predictions(self, id: str) -> dict[str, np.ndarray] | None:
        """Predictions of a document, from the first folder that has them; None without any."""
        name = id.rpartition("/")[2]
        found = (store.predictions(name) for store in self.stores.get(id, ()))
        return next((arrays for arrays in found if arrays is not None), None)


@dataclass(frozen=True)
class _Fit:
    """One fit, and the folders that hold it, that of the document first."""

    document: Document
    stores: tuple[Store, ...]


def combine_folders(stores: Sequence[Store], ids: Iterable[str] | None = None) -> CombinedFolders:
    """Read results folders as if they were one.

    A fit that lies in several folders counts once, as the document with most tasks and metrics. A case that
    was fitted in several folders, so that its rows would bear one name, becomes a row a folder: ``mace
    [laptop]``, ``mace [cluster]``. A case that was interrupted or lost in one folder is that of the other.

    Parameters
    ----------
    stores : sequence of Store
        One folder keeps its ids and labels as they are.
    ids : iterable of str, optional
        Cases to read; by default all.
    """
    wanted = None if ids is None else list(ids)
    folders = _different(stores)
    if len(folders) == 1:
        (store,) = folders
        documents = store.documents(wanted)
        return CombinedFolders(documents, {document["id"]: (store,) for document in documents})
    copies: dict[str, list[_Fit]] = {}
    for store in folders:
        for document in store.documents(wanted):
            copies.setdefault(document["id"], []).append(_Fit(document, (store,)))
    fits = [fit for id in sorted(copies, key="{}.json".format) for fit in _distinct_fits(copies[id])]
    named = [_with_folder(fit) for fit in _marked(fits, folder_names([s.folder for s in folders]))]
    return CombinedFolders([f.document for f in named], {f.document["id"]: f.stores for f in named})


def folder_names(folders: Sequence[Path]) -> dict[Path, str]:
    """Last parts of the paths, as many as tell them apart: ``laptop``, or ``laptop/copper``."""
    parts = [folder.absolute().parts for folder in folders]
    tails = [own[-1:] for own in parts]
    for n in range(2, max(map(len, parts), default=0) + 1):
        if len(set(tails)) == len(tails):
            break
        tails = [own[-n:] for own in parts]
    return {folder: "/".join(tail) for folder, tail in zip(folders, tails, strict=True)}


def _different(stores: Sequence[Store]) -> list[Store]:
    """The stores, without a folder that is given twice."""
    return list({store.folder.resolve(): store for store in reversed(stores)}.values())[::-1]


def _distinct_fits(copies: Sequence[_Fit]) -> list[_Fit]:
    """Fits of one id, each once; those that say nothing about a method only where there is no other."""
    sound = [fit for fit in copies if dig(fit.document, "failure", "kind") not in INFRASTRUCTURE]
    fits: dict[str, list[_Fit]] = {}
    for fit in sound or copies[:1]:
        fits.setdefault(_identity(fit.document), []).append(fit)
    return [_joined(same) for same in fits.values()]


def _identity(document: Document) -> str:
    """Key of a fit, equal in all copies of its document, whatever was added to them later."""
    if dig(document, "provenance", "date"):
        document = {name: document.get(name) for name in ("status", "provenance", "predictions")}
    return json.dumps(document, sort_keys=True)


def _joined(same: Sequence[_Fit]) -> _Fit:
    """The copy with most additions, numbers and files, and the folders of all."""
    most = max(same, key=lambda fit: _extent(fit.document))
    return replace(most, stores=(*most.stores, *(s for fit in same if fit is not most for s in fit.stores)))


def _extent(document: Document) -> tuple[int, int, bool]:
    kept = bool(dig(document, "kept_model", "sha256"))
    return len(document.get("extensions") or ()), len(document["scores"]), kept


def _marked(fits: Sequence[_Fit], names: dict[Path, str]) -> list[_Fit]:
    """The fits; rows that have fits of one seed in several folders become a row a folder."""
    store_of = {id(fit.document): fit for fit in fits}
    ambiguous: set[int] = set()
    for members in named_documents([fit.document for fit in fits]).values():
        rows: dict[str, list[Document]] = {}
        for label, document in members:
            rows.setdefault(label, []).append(document)
        for row in rows.values():
            if _is_ambiguous([store_of[id(document)] for document in row]):
                ambiguous.update(map(id, row))
    return [_labelled(fit, names) if id(fit.document) in ambiguous else fit for fit in fits]


def _is_ambiguous(row: Sequence[_Fit]) -> bool:
    """True if two folders have a fit of the row with the same seed."""
    folders: dict[Any, set[Path]] = {}
    for fit in row:
        folders.setdefault(fit.document["case"].get("seed"), set()).add(fit.stores[0].folder)
    return any(len(own) > 1 for own in folders.values())


def _labelled(fit: _Fit, names: dict[Path, str]) -> _Fit:
    case = fit.document["case"]
    label = f"{case.get('label') or case['estimator']['name']} [{names[fit.stores[0].folder]}]"
    return replace(fit, document={**fit.document, "case": {**case, "label": label}})


def _with_folder(fit: _Fit) -> _Fit:
    id = f"{fit.stores[0].folder.as_posix()}/{fit.document['id']}"
    return replace(fit, document={**fit.document, "id": id})
