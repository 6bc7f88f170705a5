"""Text of a proposed suite: YAML with a comment on each choice."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlffbench.data import Spec
from mlffbench.system.plain_text import plain_text

__all__ = ["SCHEMA_LINE", "comment", "flow", "suite_text"]

SCHEMA_LINE = "# yaml-language-server: $schema=suite.schema.json"
SCHEMA_HINT = "# help in your editor: mlffbench schema > suite.schema.json"
WIDTH = 100
BARE = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)  # a text that needs no quotes in YAML
RESERVED = ("null", "true", "false", "yes", "no", "on", "off", "y", "n")


def suite_text(
    head: Sequence[str],
    name: str,
    dataset: Spec,
    split: tuple[Spec, str],
    estimators: Sequence[tuple[Spec, str]],
    left_out: Mapping[str, str],
    tasks: Sequence[tuple[Spec, str]],
    time_limit: int,
) -> str:
    """The suite as text; each entry comes with the sentence that gives its reason.

    Parameters
    ----------
    head : sequence of str
        Sentences on the data, for the comment on top.
    left_out : mapping of str to str
        Methods that are not in the suite, and why.
    """
    lines = [SCHEMA_LINE, SCHEMA_HINT, *(line for sentence in head for line in comment(sentence))]
    lines += [f"name: {flow(name)}", "problems:", *comment(split[1], "  "), f"  - dataset: {_entry(dataset)}"]
    lines += [f"    split: {_entry(split[0])}", "estimators:", *map(_row, estimators)]
    for method, reason in left_out.items():
        lines += comment(
            f"left out: {method}, which {reason}" if _is_verb(reason) else f"left out: {method}: {reason}",
            "  ",
        )
    lines += ["tasks:", *map(_row, tasks), "metrics: [rmse, mae]"]
    lines += [f"time_limit: {time_limit} # seconds after which a case is stopped"]
    lines += ["keep_models: all # of any size; small: up to 50 MB each"]
    return "\n".join(lines) + "\n"


def _is_verb(reason: str) -> bool:
    return reason.partition(" ")[0] in ("takes", "needs", "would", "describes")


def comment(sentence: str, indent: str = "") -> list[str]:
    """Lines of a comment, wrapped."""
    text = " ".join(plain_text(sentence).split())
    return textwrap.wrap(text, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ",
                         break_long_words=False, break_on_hyphens=False)  # fmt: skip


def _row(entry: tuple[Spec, str]) -> str:
    spec, reason = entry
    keywords = f": {flow(dict(spec.params))}" if spec.params else ""
    return f"  - {flow(spec.name)}{keywords} # {' '.join(plain_text(reason).split())}"


def _entry(spec: Spec) -> str:
    """A spec as an entry of a suite."""
    if spec.name == "path":
        return flow(dict(spec.params))
    return flow({spec.name: dict(spec.params)} if spec.params else spec.name)


def flow(value: Any) -> str:
    """A plain value as YAML in one line.

    Examples
    --------
    >>> flow({"path": "my data.xyz", "train": 0.8, "leave": ["300", "hot"]})
    '{path: "my data.xyz", train: 0.8, leave: ["300", hot]}'
    """
    if isinstance(value, Mapping):
        return "{" + _joined(f"{flow(str(k))}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + _joined(map(flow, value)) + "]"
    if isinstance(value, str) and BARE.fullmatch(value) and value.lower() not in RESERVED:
        return value
    return json.dumps(value, ensure_ascii=False)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts)
