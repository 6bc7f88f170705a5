"""Scripts, styles and texts that pages have in common become files; what one page has stays in it."""

from __future__ import annotations

import json
import re

from mlffbench.report.site.shared_assets import share_assets

LONG = "x" * 3_000
STYLE = f"<style>\np {{ content: '{LONG}' }}\n</style>"
RUN = f"<script>const a = '{LONG}';</script>"
TEXT = f'<script type="text/plain" id="pack-1">{LONG}</script>'
OWN = '<script type="application/json" id="data">{}</script>'


def test_what_two_pages_have_is_written_once_and_linked_from_where_they_are():
    pages = {
        "index.html": f"<head>{STYLE}</head><body>{TEXT}{RUN}{OWN.format(LONG + '1')}</body>",
        "a/b/index.html": f"<head>{STYLE}</head><body>{TEXT}{RUN}{OWN.format(LONG + '2')}</body>",
    }
    files = share_assets(pages.items())
    assets = [path for path in files if path.startswith("assets/")]
    assert sorted(path.rpartition(".")[2] for path in assets) == ["css", "js", "js"]
    assert sum(text.count(LONG) for path, text in files.items() if path in assets) == 3
    for path, up in (("index.html", ""), ("a/b/index.html", "../../")):
        addresses = re.findall(r'(?:src|href)="([^"]+)"', files[path])
        assert sorted(addresses) == sorted(f"{up}{asset}" for asset in assets)
        assert OWN.format(LONG + ("1" if path == "index.html" else "2")) in files[path]
        order = [files[path].index(kind) for kind in ("<link", "<script src", OWN[:20])]
        assert order == sorted(order)


def test_a_text_for_scripts_is_put_back_by_a_script_with_its_attributes():
    files = share_assets([("a.html", TEXT), ("b.html", TEXT)])
    [script] = [text for path, text in files.items() if path.endswith(".js")]
    assert json.dumps({"type": "text/plain", "id": "pack-1"}) in script
    assert f"text.textContent = {json.dumps(LONG)};" in script
    assert "document.currentScript.replaceWith(text)" in script


def test_short_ones_and_those_of_one_page_stay():
    pages = {"a.html": f"<style>p {{}}</style>{RUN}", "b.html": "<style>p {}</style>"}
    assert share_assets(pages.items()) == pages
