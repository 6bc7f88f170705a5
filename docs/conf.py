"""Configuration of the documentation site; ``docs/build.sh`` builds it.

The theme is pydata-sphinx-theme: light and dark, a search without a server, and navigation for pages of
several kinds; nothing of it is loaded from another host. Pages of a gallery are Python that the build
executes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

from unexecuted_pages import executed_pattern
from unexecuted_pages import pages_without_data as find_pages_without_data

import mlffbench

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["PYTHONWARNINGS"] = "ignore::DeprecationWarning,ignore::FutureWarning"  # of pages' own processes

# ---------------------------------------------------------------- the project
project = "mlffbench"
author = "The mlffbench developers"
project_copyright = author
release = mlffbench.__version__
version = release

# ---------------------------------------------------------------- pages
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
    "reference",
    "repository_pages",
    "unexecuted_pages",
]
GALLERIES = [
    name
    for name in ("fundamentals", "mace_theory", "mace_tutorial", "tutorials")
    if (HERE / name / "GALLERY_HEADER.rst").is_file() and any((HERE / name).glob("plot_*.py"))
]
root_doc = "index"
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
exclude_patterns = ["_build", "fundamentals", "mace_theory", "mace_tutorial", "tutorials"]
nitpicky = True
suppress_warnings = [] if len(GALLERIES) == 4 else ["toc.not_readable"]
templates_path: list[str] = []
highlight_language = "none"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "unsrt"
bibtex_reference_style = "author_year"

autodoc_typehints = "none"  # numpydoc's sections have the types
autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# ---------------------------------------------------------------- galleries
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
QUICK = os.environ.get("MLFFBENCH_DOCS_QUICK") == "1"
pages_without_data = {} if QUICK else find_pages_without_data(HERE, GALLERIES)
plot_gallery = "False" if QUICK else "True"
sphinx_gallery_conf = {
    "examples_dirs": GALLERIES,
    "gallery_dirs": [f"_gallery/{name}" for name in GALLERIES],
    "filename_pattern": executed_pattern(pages_without_data),
    "ignore_pattern": r"^(?:.*/)?(?!plot_)[^/]*\.py$",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "parallel": 2 if CORES > 1 else False,
    "reset_modules": ("matplotlib",),
    "min_reported_time": 0,
    "write_computation_times": False,  # in tables that load scripts from elsewhere; each page has its time
    "remove_config_comments": True,
    "show_signature": False,
    "nested_sections": False,
    "download_all_examples": False,
    "copyfile_regex": r".*\.rst",
}

# ---------------------------------------------------------------- HTML
html_theme = "pydata_sphinx_theme"
html_title = "mlffbench"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_context = {"default_mode": "auto"}
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # a page from the disk may not fetch others
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "collapse_navigation": True,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "secondary_sidebar_items": ["page-toc"],
    "back_to_top_button": True,
}
copybutton_exclude = ".linenos, .gp, .go"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def setup(app):
    """Name a language of code blocks that Pygments does not know."""
    from pygments.lexers.special import TextLexer

    app.add_lexer("lammps", TextLexer)
