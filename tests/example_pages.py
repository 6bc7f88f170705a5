"""Texts that a page holds compressed."""

from __future__ import annotations

import json
import re

from mlffbench.report.page.packing import unpacked

PACK = re.compile(r'<script type="text/plain" id="pack-([^"]+)">([^<]*)</script>')


def packs(page):
    """Plain JSON of a page by name, without the libraries."""
    return {
        name: json.loads(unpacked(text))
        for name, text in PACK.findall(page)
        if not name.startswith("library")
    }


def figures(page):
    """Figures of a page, as plotly.js gets them."""
    return [f for name, pack in packs(page).items() if name.startswith("figures") for f in pack.values()]
