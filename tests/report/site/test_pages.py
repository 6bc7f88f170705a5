"""Pages of a site: one for each name, facts in words, no name as markup, links that lead somewhere."""

from __future__ import annotations

import posixpath
import re
from html.parser import HTMLParser

import pytest
from example_site import DATASETS, ESTIMATORS, suites

from mlffbench.report.site.pages import site_pages
from mlffbench.report.site.shared_assets import share_assets

OUTWARD = ("src", "href", "action", "poster", "data", "formaction")


class Links(HTMLParser):
    """Addresses and ids of a page, and its visible text."""

    def __init__(self, page):
        super().__init__()
        self.addresses, self.ids, self.text = [], set(), ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.addresses += [named[name] for name in OUTWARD if named.get(name)]
        self.ids |= {named["id"]} if "id" in named else set()
        self.hidden = tag in ("script", "style")
        self.text += " "

    def handle_endtag(self, tag):
        self.hidden = False

    def handle_data(self, data):
        self.text += "" if getattr(self, "hidden", False) else data


@pytest.fixture(scope="module")
def files():
    return share_assets(site_pages(suites(), ESTIMATORS, DATASETS))


@pytest.fixture(scope="module")
def pages(files):
    return {path: Links(text) for path, text in files.items() if path.endswith(".html")}


def test_there_is_a_page_for_each_suite_method_dataset_and_quantity(pages):
    names = {path for path in pages if not path.startswith("quantities/")}
    assert names == {
        "index.html",
        *(f"suites/{n}/index.html" for n in ("first-suite", "second")),
        *(f"methods/{n}.html" for n in ("gap", "mace", "morse", "soft", "stiff", "tuned")),
        *(f"datasets/{n}.html" for n in ("malonaldehyde", "rmd17_aspirin", "silicon")),
    }
    assert "quantities/forces-rmse.html" in pages


def test_every_link_is_relative_and_leads_to_a_file_and_a_place_in_it(files, pages):
    for path, page in pages.items():
        for address in page.addresses:
            if address.startswith("data:"):
                continue
            assert not re.match(r"[a-z]+:|/", address), (path, address)
            target, _, place = address.partition("#")
            there = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
            assert there in files, (path, address)
            assert not place or "=" in place or place in pages[there].ids, (path, address)


def test_the_index_has_each_verdict_in_a_line(pages):
    text = " ".join(pages["index.html"].text.split())
    assert "first suite 2 problems, 4 methods, 5 cases, of which 1 failed; 2026-11-23" in text
    assert "Best here: mace, force RMSE 20.0 ±2.0 meV/Å on test_300K (one seed)" in text
    assert text.count("Best here:") == 3
    assert "force RMSE" in text[text.index("Quantities") :]


def test_a_method_has_its_numbers_facts_and_failures(pages):
    text = " ".join(pages["methods/mace.html"].text.split())
    assert "Messages <b>of many bodies</b>." in text  # as text, not as markup
    assert "1 of 2 20.0 ±2.0" in text
    assert "mace(preset='<small>')" in text
    assert "tuned" in text  # the row that mace is a part of
    assert "installed by pip install 'mlffbench[mace]'" in text
    assert "arXiv:2206.07697" in text
    assert "preset: str; default 'small' Its size." in text
    failed = " ".join(pages["methods/gap.html"].text.split())
    assert "Failed: gap on malonaldehyde" in failed
    assert "out of memory" in failed


def test_a_dataset_has_its_card_and_its_leaderboards(pages):
    text = " ".join(pages["datasets/malonaldehyde.html"].text.split())
    assert "level PBE/def2-SVP" in text
    assert "frames 517" in text
    assert "first suite: malonaldehyde" in text
    assert "Best here: mace" in text
    assert re.search(r"gap failed out of memory", text)
    assert "No suite has used it yet." in pages["datasets/silicon.html"].text
    assert "frames 200 elements Si" in " ".join(pages["datasets/silicon.html"].text.split())


def test_a_quantity_has_its_definition_and_the_best_methods(pages):
    text = " ".join(pages["quantities/forces-rmse.html"].text.split())
    assert "Root mean square error of single force components. Lower is better." in text
    assert "symbol RMSE(F)" in text
    assert re.search(r"test_300K first suite malonaldehyde .* mace 20\.0 ±2\.0", text)


def test_a_report_leads_back_and_shares_its_scripts(files, pages):
    report = files["suites/second/index.html"]
    assert '<a href="../../index.html">' in report
    assert any(address.startswith("../../assets/") for address in pages["suites/second/index.html"].addresses)


def test_the_same_results_give_the_same_bytes(files):
    assert share_assets(site_pages(suites(), ESTIMATORS, DATASETS)) == files
