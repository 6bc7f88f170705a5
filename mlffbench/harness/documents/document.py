"""Shape of an outcome document; a file that lacks it is refused before anything uses its values."""

from __future__ import annotations

import codecs
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from mlffbench.harness.case import Case
from mlffbench.harness.documents.migrations import migrated
from mlffbench.system.plain_text import LONGEST, plain_texts

__all__ = ["ID", "is_own_case", "read_document"]

ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
LARGEST = 200 * 2**20  # bytes of a document
UNUSUAL = {  # in a document's bytes: control characters and marks of the writing direction, escaped or not
    start: re.compile(pattern)
    for start, pattern in {
        b"\\": rb"\\u(?:00[0189]|007[fF]|061[cC]|20[026])|\\[bfr]",
        b"\x7f": rb"\x7f",
        b"\xc2": rb"\xc2[\x80-\x9f]",
        b"\xd8": rb"\xd8\x9c",
        b"\xe2": rb"\xe2[\x80\x81][\x8e\x8f\xa6-\xae]",
    }.items()
}


class _Part(BaseModel):
    """Part of a document, strictly typed; what a newer version adds is left alone."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


Number = float | None
Numbers = list[Number]
Name = Annotated[str, Field(max_length=2000)]
Count = Annotated[int, Field(ge=0, lt=2**53)]


class _Named(_Part):
    name: Name
    params: dict[str, Any] | None = None


class _Case(_Part):
    suite: Name
    label: Name
    dataset: _Named
    split: _Named
    estimator: _Named
    seed: Annotated[int, Field(ge=-(2**63), lt=2**64)] | None
    metrics: list[str]
    tasks: list[_Named]
    budget: dict[str, Number] | None = None
    environment: dict[str, Any] | None = None
    resources: dict[str, Any] | None = None


class _Failure(_Part):
    kind: str | None = None
    message: str | None = None
    traceback: str | None = None
    where: str | None = None


class _TestFailure(_Failure):
    test: str


class _TaskFailure(_Failure):
    task: str
    test: str | None = None
    quantity: str | None = None


class _Dataset(_Part):
    digest: str | None = None
    n_frames: Count | None = None
    elements: list[str] | None = None
    card: dict[str, Any] | None = None


class _Leaks(_Part):
    tests: dict[str, Count] | None = None


class _Split(_Part):
    digest: str | None = None
    n_train: Count | None = None
    tests: dict[str, Count | None] | None = None
    in_domain: str | None = None
    leaks: _Leaks | None = None
    notes: dict[str, Any] | None = None


class _Inputs(_Part):
    columns: dict[str, str | None]
    atomic_energies: str | None
    reference: str | None
    files: dict[str, str]


class _Score(_Part):
    test: str
    quantity: str
    metric: str
    value: Number
    unit: str | None = None
    low: Number = None
    high: Number = None
    predicted: Number = None
    reference: Number = None
    task: str | None = None


class _Curve(_Part):
    name: str
    x_label: str
    y_label: str
    x: Numbers
    y: Numbers
    reference_x: Numbers | None = None
    reference_y: Numbers | None = None
    task: str | None = None
    log: bool | None = None


class _Conditions(_Part):
    fingerprint: dict[str, Any]
    facts: dict[str, Any] | None = None
    task: str | None = None


class _Profile(_Part):
    label: str | None = None
    coordinate: Numbers | None = None
    energy_true: Numbers | None = None
    energy_predicted: Numbers | None = None


class _Timings(_Part):
    fit: dict[str, bool | Number] | None = None
    predict: dict[str, dict[str, Number]] | None = None


class _Model(_Part):
    n_parameters: Count | None = None
    epochs: Count | None = None
    stopped_by: Name | None = None
    captured: Name | None = None
    batch_parts: Count | None = None
    kernels: Name | None = None
    kernel_seconds: dict[str, Number] | None = None
    tuning: dict[str, Any] | None = None
    device: str | None = None
    dtype: str | None = None


class _KeptModel(_Part):
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    bytes: Count | None = None
    file: Name | None = None
    reason: Name | None = None


class _Extension(_Part):
    date: str | None = None
    revision: str | None = None
    tasks: list[str] | None = None
    metrics: list[str] | None = None


class _Provenance(_Part):
    date: str | None = None
    revision: str | None = None
    packages: dict[str, str | None] | None = None


class _Document(_Part):
    id: str
    status: Literal["ok", "failed"]
    case: _Case
    failure: _Failure | None = None
    dataset: _Dataset | None = None
    split: _Split | None = None
    inputs: _Inputs | Annotated[dict[str, Any], Field(max_length=0)] | None = None
    scores: list[_Score]
    test_failures: list[_TestFailure] | None = None
    task_failures: list[_TaskFailure] | None = None
    curves: list[_Curve] | None = None
    conditions: list[_Conditions] | None = None
    timings: _Timings | None = None
    profiles: dict[str, _Profile] | None = None
    history: list[dict[str, Any]] | None = None
    model: _Model | None = None
    provenance: _Provenance | None = None
    predictions: str | None = None
    kept_model: _KeptModel | None = None
    extensions: list[_Extension] | None = None


def read_document(path: Path) -> dict[str, Any]:
    """Read a document and check the types of all values that a command uses; its texts are made plain.

    Raises
    ------
    ValueError
        The file is not an outcome document with the id that its name says, or is of a newer mlffbench.
    OSError
        It cannot be read.
    """
    content = _content(path)
    document = from_json(content, allow_inf_nan=False, cache_strings="keys")
    if any(start in content and pattern.search(content) for start, pattern in UNUSUAL.items()):
        document = plain_texts(document)
    if isinstance(document, dict):
        document = migrated(document)
    try:
        checked = _Document.model_validate(document)
    except ValidationError as error:
        raise ValueError(_sentence(error)) from None
    if any(len(text) > LONGEST for text in _messages(checked)):
        document = plain_texts(document)
    if not ID.fullmatch(checked.id) or checked.id != path.stem:
        raise ValueError(f"it says that its id is {checked.id[:100]!r}")
    return document


def _content(path: Path) -> bytes:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no regular file")
    if status.st_size > LARGEST:
        raise ValueError(f"it has {status.st_size:,} bytes, more than {LARGEST:,}")
    return path.read_bytes().removeprefix(codecs.BOM_UTF8)


def _messages(document: _Document) -> Iterator[str]:
    failures = [document.failure, *(document.test_failures or ()), *(document.task_failures or ())]
    for failure in filter(None, failures):
        yield from filter(None, (failure.message, failure.traceback))


def _sentence(error: ValidationError) -> str:
    """The first of the errors: the place and what is wrong there."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part)[:40] for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def is_own_case(document: dict[str, Any]) -> bool:
    """False if the case in the document is not the one that its id digests."""
    try:
        return Case.from_json(document["case"]).id == document["id"]
    except (TypeError, KeyError):  # written by hand, without all of a case
        return True
