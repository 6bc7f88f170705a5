"""The whole documentation site, every page executed, looked at in Chromium; takes minutes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from example_browser import chromium, faults_of
from example_documentation import DOCS, ROOT

pytestmark = pytest.mark.slow
PAGES = (
    "index.html", "estimators.html", "reference/estimators/mace.html",
    "_gallery/fundamentals/plot_10_potential_energy_surfaces.html",
)  # fmt: skip
SIZES = {"wide": (1400, 900), "narrow": (400, 800)}


@pytest.fixture(scope="module")
def site() -> Path:
    """The site as it lies there where MLFFBENCH_DOCS_BUILT is set, else built now."""
    if not os.environ.get("MLFFBENCH_DOCS_BUILT"):
        subprocess.run(["bash", str(DOCS / "build.sh")], cwd=ROOT, check=True)
    return DOCS / "_build" / "html"


@pytest.fixture(scope="module")
def browser(site):
    with chromium() as started:
        yield started


@pytest.fixture
def watched(browser):
    """A page of the browser; console errors and requests that leave the disk are collected."""
    pages = []

    def start(size, scheme="light"):
        width, height = SIZES[size]
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.problems = faults_of(page)
        pages.append(page)
        return page

    yield start
    for page in pages:
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_and_is_quiet(site, watched, path, size, scheme):
    page = watched(size, scheme)
    page.goto((site / path).as_uri())
    page.wait_for_load_state("load")
    page.wait_for_timeout(1000)  # scripts set formulas and menus
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0] + 1
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(map(int, background[background.index("(") + 1 : -1].split(",")[:3])) > 384
    assert light == (scheme == "light"), background
    assert not page.problems


def test_formulas_are_set(site, watched):
    page = watched("wide")
    page.goto((site / PAGES[-1]).as_uri())
    page.wait_for_selector("mjx-container")
    assert page.locator("mjx-merror").count() == 0
    assert not page.problems


def test_the_search_finds_a_term_of_the_theory(site, watched):
    page = watched("wide")
    page.goto((site / "search.html").as_uri() + "?q=receptive+field")
    page.wait_for_selector("#search-results li a")
    found = page.locator("#search-results li a").evaluate_all("links => links.map(link => link.href)")
    assert any("/mace_theory/" in link for link in found)
    assert not page.problems


def test_every_page_of_a_gallery_was_executed(site):
    not_executed = (site / "not_executed.txt").read_text(encoding="utf-8")
    assert not not_executed
