"""Style and script that the report and the datasheet share."""

from __future__ import annotations

from importlib import resources

import pytest
from jinja2 import TemplateNotFound
from markupsafe import escape

from mlffbench.report.page.page import SCRIPTS, render_page

REPORT = resources.files("mlffbench.report")


def text(*parts):
    return REPORT.joinpath(*parts).read_text("utf-8")


@pytest.mark.parametrize("template", [("formats", "report.html"), ("datasheet", "datasheet.html")])
def test_style_and_script_stand_once(template):
    scripts = [line for name in SCRIPTS for line in text("page", "script", f"{name}.js").splitlines()]
    shared = {*text("page", "style.css").splitlines(), *scripts}
    assert not shared & {line for line in text(*template).splitlines() if len(line) > 10}


def test_a_page_holds_the_shared_style_and_script():
    page = render_page(
        "datasheet/datasheet.html", page_title="<t>", name="<n>", title="<n>", facts=[], part="",
        findings=None, palette={}, rows=[], stressed=False, blocks=[], card=[], version="0",
        page_data={"methods": [], "problems": []}, places={},
    )  # fmt: skip
    assert text("page", "style.css").strip() in page
    for name in SCRIPTS:
        assert text("page", "script", f"{name}.js").strip() in page
    assert f"<title>{escape('<t>')}</title>" in page


def test_an_unknown_template_is_refused():
    with pytest.raises((FileNotFoundError, TemplateNotFound)):
        render_page("formats/none.html")


def test_every_script_has_its_place():
    files = {file.name.removesuffix(".js") for file in REPORT.joinpath("page", "script").iterdir()}
    assert files == set(SCRIPTS)
