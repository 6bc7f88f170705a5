"""YAML files against a model: file, line, and nothing without end."""

from __future__ import annotations

import os

import pytest
from pydantic import BaseModel

from mlffbench.system.yaml_file import YamlFile


class Refusal(ValueError):
    pass


class Shelf(BaseModel, extra="forbid"):
    name: str
    boxes: dict[str, int] = {}


def read(file):
    return YamlFile(file, Refusal).validated(Shelf, "a shelf is a mapping with 'name'")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r":1:1: a shelf is a mapping"),
        ("- a", r":1:1: a shelf is a mapping"),
        ("name: a\n1: 2", r":2:1: 1: a key must be a text"),
        ("name: a\nnull: 2", r":\d:\d: .*a key must be a text"),
        ("name: a\nboxes:\n  ? " + "b" * 9000 + "\n  : x", r":3:5: bbb.* \.\.\. .*integer"),
        ("name: [1]\nboxes: [2]", ":1:1: name: .*\n.*:2:1: boxes: "),
        ("name: a\nboxes: {" + ", ".join(f"b{i}: x" for i in range(50)) + "}", ".*and 30 more$"),
        ("name: &a {b: *a}", ":1:7: .*contains itself"),
        ("name: a\nname: b", ":2:1: 'name' appears twice"),
        ("\nnames: a", ":2:1: unknown key 'names'.*did you mean 'name'"),
    ],
)
def test_a_wrong_file_is_a_short_sentence_with_its_line(tmp_path, text, message):
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(Refusal, match=rf"(?is)s\.yaml{message}") as refusal:
        read(tmp_path / "s.yaml")
    assert len(str(refusal.value)) < 5000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name: a".encode("utf-16"), ":1: the file is not UTF-8 .*UTF-16"),
        ("\nname: Å".encode("latin-1"), ":2: the file is not UTF-8 .*Latin-1"),
        (b"name: a\n" * 200_000, r" has more than the 1 MB"),
    ],
)
def test_another_encoding_or_a_huge_file(tmp_path, content, message):
    (tmp_path / "s.yaml").write_bytes(content)
    with pytest.raises(Refusal, match=rf"s\.yaml{message}"):
        read(tmp_path / "s.yaml")


def test_a_mark_of_utf_8_is_no_fault(tmp_path):
    (tmp_path / "s.yaml").write_text("name: Å", encoding="utf-8-sig")
    assert read(tmp_path / "s.yaml").name == "Å"


def test_what_is_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    messages = {
        "pipe": "it is a pipe",
        "zero": "it is a device",
        "link": "No such file",
        ".": "Is a directory",
    }
    for name, message in messages.items():
        with pytest.raises(Refusal, match=f"{tmp_path / name}: {message}"):
            read(tmp_path / name)
