"""Archives of strangers: links, paths, sizes and names are refused before anything is written."""

from __future__ import annotations

import stat
import zipfile

import pytest

from mlffbench.system.strange_zip import MOST_FILES, check_ratio, unpack_zip


def written(tmp_path, *members, kind=stat.S_IFREG, compression=zipfile.ZIP_DEFLATED):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", compression) as opened:
        for name, content in members:
            entry = zipfile.ZipInfo(name)
            entry.external_attr, entry.compress_type = (kind | 0o644) << 16, compression
            opened.writestr(entry, content)
    return archive


def refusal(tmp_path, archive, is_allowed=lambda name: True):
    """The sentence of the refusal; nothing was written."""
    target = tmp_path / "target"
    with pytest.raises(ValueError, match=r".+") as caught:
        unpack_zip(archive, target, is_allowed)
    assert not target.exists()
    return str(caught.value)


def test_regular_files_of_allowed_names_are_unpacked(tmp_path):
    archive = written(tmp_path, ("a.txt", b"1"), ("b/c.txt", b"2" * 5000))
    target = tmp_path / "target"
    assert unpack_zip(archive, target, lambda name: name.endswith(".txt")) == ["a.txt", "b/c.txt"]
    assert (target / "b" / "c.txt").read_bytes() == b"2" * 5000


@pytest.mark.parametrize("name", ["/etc/a", "../a", "b/../../a", "a/"])
def test_names_that_lead_out_are_refused(tmp_path, name):
    assert "which is" in refusal(tmp_path, written(tmp_path, ("ok", b""), (name, b"")))


def test_links_devices_and_folders_are_refused(tmp_path):
    for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR):
        assert "link or no regular file" in refusal(tmp_path, written(tmp_path, ("a", b"/etc"), kind=kind))


def test_other_names_doubles_and_other_compressions_are_refused(tmp_path):
    archive = written(tmp_path, ("a.py", b""))
    assert "no file of a submission" in refusal(tmp_path, archive, lambda name: name.endswith(".json"))
    assert "twice" in refusal(tmp_path, written(tmp_path, ("a", b""), ("A", b"")))
    assert "compressed in a way" in refusal(
        tmp_path, written(tmp_path, ("a", b""), compression=zipfile.ZIP_LZMA)
    )


def test_bombs_are_refused(tmp_path):
    assert "would unpack" in refusal(tmp_path, written(tmp_path, ("a", bytes(10_000_000))))
    assert check_ratio(900_000, 1) == ""
    assert check_ratio(150_000_000, 1_000_000) == ""
    assert check_ratio(250_000_000, 1_000_000)
    lying = written(tmp_path, ("a", b"x" * 100), compression=zipfile.ZIP_STORED)
    content = lying.read_bytes().replace((100).to_bytes(4, "little"), (3_000_000_000).to_bytes(4, "little"))
    lying.write_bytes(content)
    assert refusal(tmp_path, lying) == "states larger files than it can hold"


def test_too_many_files_and_damage_are_refused(tmp_path):
    archive = written(tmp_path, ("a", b"1234"))
    content = archive.read_bytes()
    many = (MOST_FILES + 1).to_bytes(2, "little")
    archive.write_bytes(content[:-14] + many + many + content[-10:])
    assert "lists 60,001 files" in refusal(tmp_path, archive)
    archive.write_bytes(content + b"x")
    assert "something behind its end" in refusal(tmp_path, archive)
    archive.write_bytes(content[:-42] + b"PK\6\7" + bytes(16) + content[-22:])
    assert "zip64" in refusal(tmp_path, archive)
    archive.write_bytes(b"")
    assert "is no zip archive" in refusal(tmp_path, archive)


def test_content_that_is_not_as_stated_is_refused(tmp_path):
    archive = written(tmp_path, ("a", b"1234"), compression=zipfile.ZIP_STORED)
    archive.write_bytes(archive.read_bytes().replace(b"1234", b"1235"))
    with pytest.raises(ValueError, match="is damaged"):
        unpack_zip(archive, tmp_path / "target", lambda name: True)
