"""Libraries of the page against the checksums of their packages."""

from __future__ import annotations

import hashlib
from importlib import resources

from mlffbench.report.page.libraries import LIBRARIES, library
from mlffbench.report.page.packing import unpacked

VENDORED = resources.files("mlffbench.report.page").joinpath("vendored")


def test_files_are_those_of_their_packages():
    lines = VENDORED.joinpath("SHA256SUMS").read_text().split("\n")
    sums = dict(reversed(line.split()) for line in lines if line)
    assert set(sums) == set(LIBRARIES.values())
    for name, digest in sums.items():
        assert hashlib.sha256(VENDORED.joinpath(name).read_bytes()).hexdigest() == digest


def test_every_file_has_its_licence_and_its_line():
    table = VENDORED.joinpath("README.md").read_text()
    for name in LIBRARIES.values():
        beside = name.removesuffix(".js").removesuffix(".min").removesuffix("-min")
        assert VENDORED.joinpath(f"{beside}.LICENSE.txt").is_file()
        assert f"| `{name}` |" in table


def test_a_library_reaches_the_page_unchanged():
    assert unpacked(library("tables")) == VENDORED.joinpath("dataTables.min.js").read_text("utf-8")
