"""Files of a site on the disk: whole, without those of an earlier one, never over something else."""

from __future__ import annotations

import pytest

from mlffbench.report.site.write_site import MARK, write_site


def test_a_site_replaces_an_earlier_one_and_leaves_other_files(tmp_path):
    folder = tmp_path / "public"
    assert write_site({"index.html": "å", "a/old.html": "2"}, folder) == [
        folder / "index.html",
        folder / "a/old.html",
    ]
    (folder / "CNAME").write_text("example.org")
    write_site({"index.html": "3"}, folder)
    assert sorted(p.name for p in folder.rglob("*") if p.is_file()) == [MARK, "CNAME", "index.html"]
    assert (folder / "index.html").read_text() == "3"


def test_a_folder_with_something_else_is_not_touched(tmp_path):
    (tmp_path / "thesis.html").write_text("mine")
    with pytest.raises(ValueError, match="is not empty and holds no site"):
        write_site({"index.html": ""}, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.html"]
