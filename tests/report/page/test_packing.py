"""Compressed texts of a page."""

from __future__ import annotations

import re

from mlffbench.report.page.packing import packed, packed_json, unpacked


def test_a_text_comes_back():
    text = "Å </script> ±" * 1000
    assert unpacked(packed(text)) == text
    assert len(packed(text)) < len(text) / 10
    assert unpacked(packed_json({"a": ["µ", None]})) == '{"a":["µ",null]}'


def test_nothing_in_it_ends_a_script_element():
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*", packed("</script><script>alert(1)</script>"))
