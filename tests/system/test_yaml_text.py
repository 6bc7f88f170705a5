"""YAML 1.2 as plain values, and what is no such text."""

from __future__ import annotations

import pytest

from mlffbench.system.yaml_text import YamlError, read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3), ("-2E5", -2e5), ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0), ("+1.5e+2", 150.0),
        ("010", 10), ("0o10", 8), ("0x1F", 31), ("-7", -7), ("20240100", 20240100),
        ("NO", "NO"), ("yes", "yes"), ("on", "on"), ("true", True), ("1:30", "1:30"), ("1_000", "1_000"),
        ("2024-01-01", "2024-01-01"), ("null", None), ("~", None), ("", None), ("'1e-3'", "1e-3"),
        ("[1e-3, 2]", [1e-3, 2]), ("{No: -1e2}", {"No": -100.0}), (".inf", float("inf")),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
    ],
)  # fmt: skip
def test_scalars_of_yaml_1_2(text, value):
    assert read_yaml(text) == value
    assert type(read_yaml(text)) is type(value)


BOMB = "a0: &a0 [1, 1]\n" + "".join(f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]\n" for k in range(1, 40))


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("a: 1\nb: &x [*x]", 2, "contains itself"),
        ("a: 1\n\nb: {c: !!python/object:os.system d}", 3, "tag"),
        ("a: !!binary aGk=", 1, "tag !!binary"),
        ("a: !!timestamp 2024-13-45", 1, "tag !!timestamp"),
        ("a: 1\n? [1, 2]\n: 3", 2, "a key must be one word"),
        (BOMB, None, "more than"),
        ("[" * 5000, None, "nested too deeply"),
        ("[" * 200 + "]" * 200, 1, "100 levels"),
        ("a: 1\nb: [1", 2, "not valid YAML"),
        ("a: 1\n---\nb: 2", 2, "not valid YAML"),
        ("a: 1\nb: \x01", 2, "not valid YAML"),
        ("!!int 1.5", None, "not valid YAML"),
        ("a: " + "1" * 5000, None, "not valid YAML"),
    ],
)
def test_other_texts_are_named_with_their_line(text, line, sentence):
    with pytest.raises(YamlError, match=sentence) as refusal:
        read_yaml(text)
    assert line is None or refusal.value.line == line
