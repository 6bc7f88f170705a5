"""The site in Chromium, from the disk and from a host: no error, no request outside, 400 px, dark."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from example_browser import chromium, faults_of
from example_site import DATASETS, ESTIMATORS, suites

from mlffbench.report.site.pages import site_pages
from mlffbench.report.site.shared_assets import share_assets
from mlffbench.report.site.write_site import write_site

PAGES = (
    "index.html", "methods/mace.html", "datasets/malonaldehyde.html", "quantities/forces-rmse.html",
    "suites/first-suite/index.html",
)  # fmt: skip
pytestmark = pytest.mark.slow


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        pass


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "public"
    write_site(share_assets(site_pages(suites(), ESTIMATORS, DATASETS)), folder)
    return folder


@pytest.fixture(params=["file", "host"])
def root(request, folder):
    """The site's address: of the folder itself, and below a path of a host, as Pages hosts have it."""
    if request.param == "file":
        yield folder.as_uri()
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder.parent))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{folder.name}"
    server.shutdown()
    server.server_close()


def opened(browser, address, **options):
    """A page, and what it said and asked for elsewhere."""
    page, root = browser.new_context(**options).new_page(), address.rpartition("/public/")[0]
    faults = faults_of(page, (root, "blob:", "data:"), ("error", "warning"))
    page.on("requestfailed", lambda request: faults.append(request.url))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    return page, faults


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [1300, 400])
def test_pages_open_without_an_error_or_a_request_outside_and_fit(browser, root, path, width):
    page, faults = opened(browser, f"{root}/{path}", viewport={"width": width, "height": 800})
    assert not faults
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("h1").is_visible()
    page.context.close()


def test_a_reader_comes_from_the_index_to_a_method_and_to_the_report_of_its_suite(browser, root):
    page, faults = opened(browser, f"{root}/index.html", viewport={"width": 1300, "height": 800})
    page.get_by_role("link", name="mace", exact=True).click()
    assert page.locator("h1").inner_text() == "mace"
    page.get_by_role("link", name="first suite").first.click()
    page.locator("#problem-1").wait_for(state="visible")
    page.get_by_role("link", name="All suites").click()
    assert page.locator("h1").inner_text() == "Leaderboards of machine-learned force fields"
    assert not faults
    page.context.close()


def test_tables_sort_and_pages_are_dark_where_the_system_is(browser, root):
    page, _ = opened(browser, f"{root}/datasets/malonaldehyde.html", color_scheme="dark")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, ground.strip("rgb()").split(","))) < 150
    table = page.locator("table.sortable").first
    first = lambda: table.locator("tbody tr").first.inner_text().split()[0]
    table.locator("th.dt-orderable-asc", has_text="F RMSE").wait_for()
    best = first()
    for _ in range(2):
        table.locator("th", has_text="F RMSE").click()
    page.wait_for_timeout(200)
    assert (best, first()) == ("mace", "morse")
    page.context.close()
