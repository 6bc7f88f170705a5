"""Shape of an outcome document; a file that lacks it is refused before anything uses its values."""

from __future__ import annotations

import codecs
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Required

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json
from typing_extensions import TypedDict

from mlffbench.harness.case import Case, id_of
from mlffbench.harness.documents.migrations import migrated
from mlffbench.harness.documents.seal import SEAL
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


class _Part(TypedDict):
    """Part of a document, strictly typed; what a newer version adds is left alone."""

    __pydantic_config__ = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)  # type: ignore[misc]


Number = float | None
Numbers = list[Number]
Name = Annotated[str, Field(max_length=2000)]
Count = Annotated[int, Field(ge=0, lt=2**53)]


class _Named(_Part, total=False):
    name: Required[Name]
    params: dict[str, Any] | None


class _Case(_Part, total=False):
    suite: Required[Name]
    label: Required[Name]
    dataset: Required[_Named]
    split: Required[_Named]
    estimator: Required[_Named]
    seed: Required[Annotated[int, Field(ge=-(2**63), lt=2**64)] | None]
    metrics: Required[list[str]]
    tasks: Required[list[_Named]]
    budget: dict[str, Number] | None
    environment: dict[str, Any] | None
    resources: dict[str, Any] | None


class _Failure(_Part, total=False):
    kind: str | None
    message: str | None
    traceback: str | None
    where: str | None


class _TestFailure(_Failure, total=False):
    test: Required[str]


class _TaskFailure(_Failure, total=False):
    task: Required[str]
    test: str | None
    quantity: str | None


class _Dataset(_Part, total=False):
    digest: str | None
    n_frames: Count | None
    elements: list[str] | None
    card: dict[str, Any] | None


class _Leaks(_Part, total=False):
    tests: dict[str, Count] | None


class _Split(_Part, total=False):
    digest: str | None
    n_train: Count | None
    tests: dict[str, Count | None] | None
    in_domain: str | None
    leaks: _Leaks | None
    notes: dict[str, Any] | None


class _Training(_Part, total=False):
    labels: dict[str, Count] | None
    ignored: list[Name] | None
    frames: dict[str, Count] | None


class _Reference(_Part, total=False):
    level: Name | None
    labels: Name | None
    deviation: Number
    labels_rms: Number
    differs: bool | None


class _Inputs(_Part, total=False):
    columns: Required[dict[str, str | None]]
    atomic_energies: Required[str | None]
    reference: Required[str | None]
    files: Required[dict[str, str]]


class _Sums(_Part, total=False):
    count: list[Count]
    squared: list[float]
    absolute: list[float]


class _Clusters(_Part, total=False):
    unit: Name
    n: Count
    digest: Name
    reason: Name | None
    sums: dict[str, _Sums] | None


class _Score(_Part, total=False):
    test: Required[str]
    quantity: Required[str]
    metric: Required[str]
    value: Required[Number]
    unit: str | None
    low: Number
    high: Number
    predicted: Number
    reference: Number
    task: str | None


class _Curve(_Part, total=False):
    name: Required[str]
    x_label: Required[str]
    y_label: Required[str]
    x: Required[Numbers]
    y: Required[Numbers]
    reference_x: Numbers | None
    reference_y: Numbers | None
    task: str | None
    log: bool | None


class _Conditions(_Part, total=False):
    fingerprint: Required[dict[str, Any]]
    facts: dict[str, Any] | None
    task: str | None


class _Profile(_Part, total=False):
    label: str | None
    coordinate: Numbers | None
    energy_true: Numbers | None
    energy_predicted: Numbers | None


class _Timings(_Part, total=False):
    fit: dict[str, bool | Number] | None
    predict: dict[str, dict[str, Number]] | None


class _Model(_Part, total=False):
    n_parameters: Count | None
    epochs: Count | None
    stopped_by: Name | None
    captured: Name | None
    batch_parts: Count | None
    kernels: Name | None
    kernel_seconds: dict[str, Number] | None
    tuning: dict[str, Any] | None
    device: str | None
    dtype: str | None


class _KeptModel(_Part, total=False):
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None
    bytes: Count | None
    file: Name | None
    reason: Name | None


class _Extension(_Part, total=False):
    date: str | None
    revision: str | None
    tasks: list[str] | None
    metrics: list[str] | None


class _Provenance(_Part, total=False):
    date: str | None
    revision: str | None
    packages: dict[str, str | None] | None


class _Document(_Part, total=False):
    id: Required[str]
    status: Required[Literal["ok", "failed"]]
    case: Required[_Case]
    failure: _Failure | None
    dataset: _Dataset | None
    split: _Split | None
    inputs: _Inputs | Annotated[dict[str, Any], Field(max_length=0)] | None
    training: _Training | None
    reference: _Reference | None
    clusters: dict[str, _Clusters] | None
    scores: Required[list[_Score]]
    test_failures: list[_TestFailure] | None
    task_failures: list[_TaskFailure] | None
    curves: list[_Curve] | None
    conditions: list[_Conditions] | None
    timings: _Timings | None
    profiles: dict[str, _Profile] | None
    history: list[dict[str, Any]] | None
    model: _Model | None
    provenance: _Provenance | None
    predictions: str | None
    kept_model: _KeptModel | None
    extensions: list[_Extension] | None


CHECK = TypeAdapter(_Document)


def read_document(path: Path) -> dict[str, Any]:
    """Read a document and check the types of all values that a command uses; its texts are made plain.

    Its seal is left out, see `mlffbench.harness.documents.seal`.

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
        document.pop(SEAL, None)
        document = migrated(document)
    try:
        checked = CHECK.validate_python(document)
    except ValidationError as error:
        raise ValueError(_sentence(error)) from None
    if any(len(text) > LONGEST for text in _messages(checked)):
        document = plain_texts(document)
    if not ID.fullmatch(checked["id"]) or checked["id"] != path.stem:
        raise ValueError(f"it says that its id is {checked['id'][:100]!r}")
    return document


def _content(path: Path) -> bytes:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no regular file")
    if status.st_size > LARGEST:
        raise ValueError(f"it has {status.st_size:,} bytes, more than {LARGEST:,}")
    return path.read_bytes().removeprefix(codecs.BOM_UTF8)


def _messages(document: _Document) -> Iterator[str]:
    parts = (document.get("test_failures") or (), document.get("task_failures") or ())
    for failure in filter(None, (document.get("failure"), *parts[0], *parts[1])):
        yield from filter(None, (failure.get("message"), failure.get("traceback")))


def _sentence(error: ValidationError) -> str:
    """The first of the errors: the place and what is wrong there."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part)[:40] for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def is_own_case(document: dict[str, Any]) -> bool:
    """False if the case in the document is not the one that its id digests."""
    try:
        plain, id = document["case"], document["id"]
        return id_of(plain) == id or Case.from_json(plain).id == id
    except (TypeError, KeyError, AttributeError):  # written by hand, without all of a case
        return True
