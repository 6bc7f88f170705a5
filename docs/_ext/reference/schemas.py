"""Pages of the keywords of a suite and of the parts of a document, from their schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reference.markdown import code, inline, table
from reference.page import Page

__all__ = ["document_pages", "suite_pages"]

Schema = Mapping[str, Any]
NAMES = (
    "datasets",
    "splits",
    "estimators",
    "tasks",
    "calculators",
    "executors",
)  # kinds, which have own pages
BOUNDS = {
    "minimum": "at least {}", "exclusiveMinimum": "above {}", "maximum": "at most {}",
    "exclusiveMaximum": "below {}", "pattern": "matches {}", "maxLength": "at most {} characters",
    "minItems": "at least {} entries",
}  # fmt: skip


# ---------------------------------------------------------------- suites
def suite_pages() -> Iterator[Page]:
    """A page a part of a suite file, with a section a keyword."""
    from mlffbench.harness.planning.suite_schema import ROW, suite_schema

    schema = suite_schema()
    row = {"properties": ROW, "description": "What may stand beside the name of an estimator."}
    parts = {"suite": schema, **{k.lower(): v for k, v in schema["$defs"].items() if k not in NAMES}}
    for name, part in {**parts, "row": row}.items():
        required = part.get("required", ())
        sections = [_keyword(key, value, key in required) for key, value in part["properties"].items()]
        yield Page(name, part.get("description") or f"Keywords of {name}.", more="\n\n".join(sections))


def _keyword(name: str, schema: Schema, required: bool) -> str:
    rows = {
        "Definition": inline(_sentence(schema)),
        "Type": inline(type_words(schema)),
        "Default": "required" if required else code(schema["default"]) if "default" in schema else "",
    }
    return f"## {inline(name)}\n\n{table(['', ''], [[k, v] for k, v in rows.items() if v])}"


def _sentence(schema: Schema) -> str:
    text = schema.get("description") or ""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}" if text else ""


def type_words(schema: Schema) -> str:
    """Type of a JSON schema in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2].strip("_")
        return f"one of the {name}, with keywords" if name in NAMES else name.lower()
    if "anyOf" in schema:
        words = dict.fromkeys(type_words(part) for part in schema["anyOf"])
        return " or ".join(words) if "any of a kind" not in words else "any"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    bounds = "".join(f", {text.format(f'`{schema[key]}`')}" for key, text in BOUNDS.items() if key in schema)
    return f"{_base(schema)}{bounds}"


def _base(schema: Schema) -> str:
    kind = schema.get("type", "any value")
    if kind == "array":
        return f"list of {type_words(schema['items'])}" if schema.get("items") else "list"
    if kind == "object":
        inside = schema.get("additionalProperties")
        return f"mapping to {type_words(inside)}" if isinstance(inside, dict) and inside else "mapping"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


# ---------------------------------------------------------------- documents
def document_pages() -> Iterator[Page]:
    """A page of the JSON document of a case, and one a table that reports write."""
    from mlffbench.harness.documents.document import CHECK

    schema = CHECK.json_schema()
    root = schema["$ref"].rpartition("/")[2] if "$ref" in schema else ""
    whole = schema["$defs"][root] if root else schema
    parts = {name.strip("_").lower(): part for name, part in schema["$defs"].items() if name != root}
    sections = [f"## {inline(name)}\n\n{_keys(part)}" for name, part in parts.items() if "properties" in part]
    words = "The JSON document of a case, and below it the parts that its types name."
    yield Page("document", words, {"Definition": _keys(whole)}, "\n\n".join(sections))
    yield from _tables()


def _keys(schema: Schema) -> str:
    required = schema.get("required", ())
    rows = [
        [code(key), inline(type_words(value)), "yes" if key in required else ""]
        for key, value in schema["properties"].items()
    ]
    return table(["key", "type", "always there"], rows)


def _tables() -> Iterator[Page]:
    import csv

    from reference.committed import RESULTS

    for file in ("leaderboard.csv", "scores.csv"):
        with (RESULTS / "quickstart" / file).open(encoding="utf-8", newline="") as lines:
            columns = next(csv.reader(lines))
        rows = [[code(column)] for column in columns]
        yield Page(
            file, f"Columns of the table {file} of a results folder.", {"Definition": table(["column"], rows)}
        )
