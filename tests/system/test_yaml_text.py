"""YAML 1.2 as plain values, and what is no such text."""

from __future__ import annotations

import json
import time

import numpy as np
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


MERGES = "a0: &a0 {x0: 1}\n" + "".join(f"a{k}: &a{k} {{<<: [*a{k - 1}, *a{k - 1}]}}\n" for k in range(1, 40))


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("a: 1\nb: &x [*x]", 2, "contains itself"),
        ("a: &x {b: {c: *x}}", 1, "contains itself"),
        ("a: 1\n\nb: {c: !!python/object:os.system d}", 3, "tag"),
        ("a: !!binary aGk=", 1, "tag !!binary"),
        ("a: !!set {a, b}", 1, "tag !!set"),
        ("a: !!timestamp 2024-13-45", 1, "tag !!timestamp"),
        ("a: 1\nb: !!bool maybe", 2, "tag !!bool"),
        ("a: 1\nb: !!float ''", 2, "tag !!float"),
        ("a: 1\nb: !!null 5", 2, "tag !!null"),
        ("a: !!map [1]", 1, "tag !!map"),
        ("a: !!seq {a: 1}", 1, "tag !!seq"),
        ("a: !!merge b", 1, "tag !!merge"),
        ("!!int 1.5", 1, "tag !!int"),
        ("a: 1\n? [1, 2]\n: 3", 2, "a key must be one word"),
        ("a: 1\nb: 1\na: 2", 3, "'a' appears twice"),
        ("a: {1: 1, '1': 2}", 1, "'1' appears twice"),
        ("a: &x {b: 1}\nc: {<<: *x, <<: *x}", 2, "'<<' appears twice"),
        ("a: 1\nb: {<<: 5}", 2, "not valid YAML: .* for merging"),
        (BOMB, None, "more than"),
        (MERGES, None, "more than"),
        ("a: 1\nb: " + "[" * 500_000, 2, "100 levels"),
        ("- " * 200_000, 1, "100 levels"),
        ("[" * 200 + "]" * 200, 1, "100 levels"),
        ("a: 1\nb: [" + "1," * 100_000 + "]", 2, "more than 50000 entries"),
        ("a: 1\nb: " + "x" * 1_000_000, 2, "a text of 1000000 characters"),
        ("? " + "x" * 1_000_000 + "\n: 1", 1, "a text of 1000000 characters"),
        ("a: 1\nb: [1", 2, "not valid YAML"),
        ("a: 1\n---\nb: 2", 2, "not valid YAML"),
        ("a: 1\nb: \x01", 2, "not valid YAML"),
        ('a: 1\nb: "\\0"', 2, "control character '.x00'"),
        ('a: 1\nb: "\\e[31m"', 2, "control character '.x1b'"),
        ('a: 1\n"\\ud800": 1', 2, "control character '.ud800'"),
        ("a: 1\nb: " + "1" * 5000, 2, "a whole number beyond 64 bits"),
        ("a: 0x" + "f" * 17, 1, "a whole number beyond 64 bits"),
        ("a: 1\nb: -1e999", 2, "a number beyond 1.8e308"),
    ],
)
def test_other_texts_are_named_with_their_line_within_seconds(text, line, sentence):
    start = time.process_time()
    with pytest.raises(YamlError, match=sentence) as refusal:
        read_yaml(text)
    assert time.process_time() - start < 10
    assert refusal.value.line if line is None else refusal.value.line == line


def test_what_is_merged_may_be_given_again():
    assert read_yaml("a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}")["d"] == {"b": 3, "c": 2}


def test_mutations_of_a_text_give_values_or_a_sentence():
    words = ["*x", "&x", "!!int ", "!!python/name:os.system", "<<:", "? ", "- ", "[", "}", "\t", "%YAML 3",
             "---", "\x85", "\ufeff", "'", '"', "\\", "|", ">", "1e999", "#", "\n  ", ": "]  # fmt: skip
    text = "a: &x {b: 1, c: [1e-3, yes]}\nd: {<<: *x, b: 2}\ne:\n  - f: |\n      text\n  - !!str 5\n"
    rng, lines = np.random.default_rng(0), []
    for _ in range(300):
        place = int(rng.integers(len(text)))
        mutant = text[:place] + str(rng.choice(words)) + text[place + int(rng.integers(3)) :]
        try:
            json.dumps(read_yaml(mutant))
        except YamlError as refusal:
            lines.append(refusal.line)
    assert len(lines) > 50
    assert all(lines)
