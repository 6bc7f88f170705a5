"""Layout of documents: the same content, a line for what belongs together."""

import json

import pytest

from mlffbench.harness.documents.layout import document_text

DOCUMENT = {
    "id": "a-1",
    "empty": {},
    "none": [],
    "curves": [{"x": [0.1, 0.2], "y": [1.0, None], "name": "pair\nSi-Si [Å]"}],
    "scores": [{"value": 1.5, "unit": "eV/Å"}, {"value": 2.5, "unit": 'a "b" {c}'}],
    "matrix": [[1, 2], [3, 4]],
    "failure": None,
}


def test_the_content_is_unchanged():
    assert json.loads(document_text(DOCUMENT)) == DOCUMENT
    assert list(json.loads(document_text(DOCUMENT))) == list(DOCUMENT)


def test_scores_and_lists_of_numbers_take_a_line_each():
    lines = document_text(DOCUMENT).splitlines()
    assert '  {"value": 1.5, "unit": "eV/Å"},' in lines
    assert '   "x": [0.1, 0.2],' in lines
    assert "  [3, 4]" in lines
    assert not any(line.endswith(" ") for line in lines)


def test_a_long_object_is_divided_into_lines():
    lines = document_text({"provenance": {f"key{i}": "v" * 50 for i in range(9)}}).splitlines()
    assert max(map(len, lines)) < 100


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="JSON"):
        document_text({"scores": [{"value": float("nan")}]})
