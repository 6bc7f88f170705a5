"""JSON schema of suite files for editors: every name, keyword, default and sentence."""

from __future__ import annotations

import inspect
import json
from typing import Any

from mlffbench import registry
from mlffbench.harness.planning.plan import SKIP, Suite
from mlffbench.registry.description import describe
from mlffbench.system.constraints import constraints

__all__ = ["suite_schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KINDS = ("datasets", "splits", "estimators", "tasks", "calculators", "executors")
CODE = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"  # package.module:Name
ROW = {
    "as": {"type": ["string", "number"], "description": "Name of the row in the leaderboard."},
    "budget": {"$ref": "#/$defs/Budget"},
    "resources": {"$ref": "#/$defs/Resources"},
    "environment": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Environment"}]},
    "search": {"anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/Search"}]},
}


def suite_schema() -> dict[str, Any]:
    """Return the JSON schema of a suite file, with the names that installed packages add."""
    schema = Suite.model_json_schema()
    suite, problem = schema["properties"], schema["$defs"]["Problem"]["properties"]
    for key in ("estimators", "tasks"):
        suite[key]["items"] = _reference(key)
    for key in ("dataset", "split"):
        problem[key] = {k: v for k, v in problem[key].items() if k == "description"} | _reference(f"{key}s")
    suite["metrics"]["items"] = _name_or_code("metrics")
    suite["executor"] = {k: v for k, v in suite["executor"].items() if k == "description"}
    suite["executor"] |= _reference("executors")
    schema["$defs"] |= {kind: _spec(kind) for kind in KINDS}
    schema["$defs"].pop("Spec", None), schema["$defs"].pop("Row", None)
    return {"$schema": DIALECT, **schema, "title": "Suite of mlffbench"}


def _reference(*kinds: str) -> dict[str, Any]:
    references = [{"$ref": f"#/$defs/{kind}"} for kind in kinds]
    return references[0] if len(references) == 1 else {"anyOf": references}


def _name_or_code(kind: str) -> dict[str, Any]:
    """One of our names, or code of another package."""
    return {"anyOf": [{"enum": registry.names(kind)}, {"type": "string", "pattern": CODE}]}


def _spec(kind: str) -> dict[str, Any]:
    """A name, or a name with keywords; the user's own files without the name ``path`` around them."""
    names = {name: _keywords(kind, name) for name in registry.names(kind)}
    beside = ROW if kind == "estimators" else {}
    keyed = {
        "type": "object",
        "properties": {**names, **beside},
        "patternProperties": {CODE: {"type": ["object", "null"]}},
        "additionalProperties": False,
        **_one_name(list(names), list(beside)),
    }
    own = [{**names["path"], "type": "object"}] if kind == "datasets" else []
    return {"anyOf": [*_name_or_code(kind)["anyOf"], keyed, *own]}


def _one_name(names: list[str], beside: list[str]) -> dict[str, Any]:
    """Exactly one key that is a name or code, whatever stands beside it."""
    if not beside:
        return {"minProperties": 1, "maxProperties": 1}
    other = {"not": {"propertyNames": {"enum": [*names, *beside]}}}
    return {"oneOf": [*({"required": [name]} for name in names), other]}


def _keywords(kind: str, name: str) -> dict[str, Any]:
    """Keywords of a name: values, defaults and sentences."""
    target, doc = registry.load(kind, name), describe(kind, name).doc
    known = {k: v for k, v in constraints(target).items() if k not in SKIP.get(kind, ())}
    parts, properties = registry.parts(target), {}
    for keyword, constraint in known.items():
        values = constraint.schema
        if keyword in parts:
            optional = [{"type": "null"}] if constraint.default is None else []
            values = {"anyOf": [*map(_reference, parts[keyword]), *optional]}
        entry = doc.entry(keyword)
        properties[keyword] = _plain(values) | ({"description": entry.text} if entry else {})
    required = [k for k, c in known.items() if c.default is inspect.Parameter.empty]
    return {
        "description": doc.summary,
        "type": "object" if required else ["object", "null"],
        "properties": properties,
        "required": required,
        "additionalProperties": any(
            p.kind is p.VAR_KEYWORD for p in inspect.signature(target).parameters.values()
        ),
    }


def _plain(value: Any) -> Any:
    """The schema without values that JSON does not have, such as the default of a class of ours."""
    return json.loads(json.dumps(value, default=str))
