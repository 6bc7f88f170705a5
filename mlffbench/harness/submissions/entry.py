"""Entry of a submission: a document as its file holds it, and as this mlffbench reads it."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.harness.case import Case, id_of
from mlffbench.harness.documents.document import LARGEST, read_document
from mlffbench.harness.documents.predictions import predicted_tests
from mlffbench.harness.documents.seal import SEAL, seal_of
from mlffbench.harness.outcome import SCHEMA
from mlffbench.harness.submissions.refusal import Refusal
from mlffbench.system.failures import catch_failure
from mlffbench.system.regular_file import read_bytes

__all__ = ["Entry", "own_names_only", "read_entry"]


@dataclass(frozen=True)
class Entry:
    """A document whose case can be read.

    Attributes
    ----------
    id : str
        That of the file's name.
    document : mapping
        In the present schema.
    case : Case
    has_seal : bool
    """

    id: str
    document: Mapping[str, Any]
    case: Case
    has_seal: bool

    @property
    def is_finished(self) -> bool:
        return self.document["status"] == "ok"

    @property
    def tests(self) -> list[str]:
        """Test groups that were predicted."""
        return list(predicted_tests(self.document))


def read_entry(path: Path) -> tuple[Entry | None, list[Refusal]]:
    """Read a document; None if its case cannot be told, with the reasons."""
    if path.is_symlink():
        return None, [Refusal(path.stem, "files", "its document is a link, through which nothing is read")]
    value, failure = catch_failure(lambda: (_raw(path), read_document(path)))
    if failure is not None:
        return None, [Refusal(path.stem, "document", f"it cannot be read: {failure['message']}")]
    raw, document = value
    refusals = list(_of_schema(path.stem, raw))
    case, failure = catch_failure(lambda: Case.from_json(document["case"]))
    if failure is not None:
        reason = f"its case lacks what decides the fit: {failure['message']}"
        return None, [*refusals, Refusal(path.stem, "id", reason)]
    entry = Entry(path.stem, document, case, SEAL in raw)
    return entry, [*refusals, *_of_seal(path.stem, raw), *_of_id(entry)]


def _raw(path: Path) -> dict[str, Any]:
    """The document as it stands, in whatever schema."""
    content: dict[str, Any] = json.loads(read_bytes(path, LARGEST).removeprefix(codecs.BOM_UTF8))
    return content


def _of_schema(id: str, raw: Mapping[str, Any]) -> Iterator[Refusal]:
    if (schema := raw.get("schema", 1)) != SCHEMA:
        reason = f"it has schema {schema}, and only {SCHEMA} names all that is checked: run the case again"
        yield Refusal(id, "document", reason)


def _of_seal(id: str, raw: Mapping[str, Any]) -> Iterator[Refusal]:
    if SEAL in raw and raw[SEAL] != seal_of(raw):
        yield Refusal(id, "seal", "its content is not the one that was stored: it was edited afterwards")


def _of_id(entry: Entry) -> Iterator[Refusal]:
    digests = {entry.case.id, id_of(entry.document["case"])}
    if entry.id not in digests:
        reason = f"data, split, method, seed and budget in it are those of the case {entry.case.id}"
        yield Refusal(entry.id, "id", reason)
    for kind, name in own_names_only(entry.case):
        reason = f"the {kind.removesuffix('s')} {name!r} is code of another package, which is not used here"
        yield Refusal(entry.id, "method" if kind == "estimators" else "id", reason)


def own_names_only(case: Case) -> Iterator[tuple[str, str]]:
    """Yield kinds and names of a case that are not mlffbench's own; their code is not called."""
    named = [("datasets", case.dataset), ("splits", case.split), ("estimators", case.estimator)]
    named += [("metrics", Spec(name)) for name in case.metrics]
    for kind, spec in named:
        if ":" in spec.name or registry.plugin(kind, spec.name) is not None:
            yield kind, spec.name
