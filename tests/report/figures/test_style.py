"""Colours and markers."""

from __future__ import annotations

from mlffbench.report.figures.style import FAMILY_COLOURS, palette_of


def test_methods_of_a_family_share_a_hue_and_differ_in_the_marker():
    families = {"mace": "neural network", "painn": "neural network", "soap": "kernel", "mine": "new"}
    palette = palette_of(families, families)
    assert palette["mace"]["color"] in FAMILY_COLOURS["neural network"]
    assert palette["painn"]["color"] in FAMILY_COLOURS["neural network"]
    assert palette["mace"]["symbol"] != palette["painn"]["symbol"]
    assert palette["soap"]["color"] in FAMILY_COLOURS["kernel"]
    assert not any(palette["mine"]["color"] in shades for shades in FAMILY_COLOURS.values())
    assert len({(own["color"], own["symbol"]) for own in palette.values()}) == 4
