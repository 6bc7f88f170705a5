"""JavaScript libraries of a page, from the files that this package carries."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from mlffbench.report.page.packing import packed

__all__ = ["LIBRARIES", "library"]

LIBRARIES = {  # names in the page and files below ``vendored``
    "plotly": "plotly-cartesian.min.js",
    "tables": "dataTables.min.js",
    "structures": "3Dmol-min.js",
}


@lru_cache(maxsize=len(LIBRARIES))
def library(name: str) -> str:
    """The packed text of a library.

    Parameters
    ----------
    name : {'plotly', 'tables', 'structures'}
    """
    file = resources.files("mlffbench.report.page").joinpath("vendored", LIBRARIES[name])
    return packed(file.read_text("utf-8"))
