"""Style and script that the report and the datasheet share."""

from __future__ import annotations

from importlib import resources

import pytest
from jinja2 import TemplateNotFound
from markupsafe import escape

from mlffbench.report.page.page import render_page

REPORT = resources.files("mlffbench.report")


def text(*parts):
    return REPORT.joinpath(*parts).read_text("utf-8")


@pytest.mark.parametrize("template", [("formats", "report.html"), ("datasheet", "datasheet.html")])
def test_style_and_script_stand_once(template):
    shared = {*text("page", "style.css").splitlines(), *text("page", "script.js").splitlines()}
    assert not shared & {line for line in text(*template).splitlines() if len(line) > 10}


def test_a_page_holds_the_shared_style_and_script():
    page = render_page(
        "datasheet/datasheet.html", page_title="<t>", name="<n>", title="<n>", facts=[], part="",
        findings=None, palette={}, rows=[], stressed=False, blocks=[], card=[], version="0",
    )  # fmt: skip
    assert text("page", "style.css").strip() in page
    assert text("page", "script.js").strip() in page
    assert f"<title>{escape('<t>')}</title>" in page


def test_an_unknown_template_is_refused():
    with pytest.raises((FileNotFoundError, TemplateNotFound)):
        render_page("formats/none.html")
