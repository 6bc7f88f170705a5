"""Files out of a distribution of the package index: downloaded by pip, checked, kept in the cache."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import IO
from zipfile import ZipFile

from mlffbench.system.atomic_write import atomic_write
from mlffbench.system.checksum import Checksum
from mlffbench.system.download import DownloadError
from mlffbench.system.fetch import cache_folder, local

__all__ = ["PackageFiles"]

FOLDER = "weights"  # below the cache and below $MLFFBENCH_DATA
CHUNK = 1 << 20  # bytes
QUOTED = 500  # characters of pip's last words in the error


@dataclass(frozen=True)
class PackageFiles:
    """Some files of a wheel or a source distribution, which is neither installed nor unpacked as a whole.

    Attributes
    ----------
    requirement : str
        The distribution, with its version: ``mattersim==1.0.0rc8``.
    archive : str
        SHA-256 of the distribution.
    members : mapping of str to str
        Path of each file inside the archive, and its SHA-256.
    wheel_for : tuple of str
        pip's options that choose a wheel of another platform; empty for a source distribution.
    """

    requirement: str
    archive: str
    members: Mapping[str, str]
    wheel_for: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Place of the files below ``$MLFFBENCH_DATA`` and below the cache."""
        return f"{FOLDER}/{self.requirement.replace('==', '-')}"

    def fetch(self) -> list[Path]:
        """Local paths of the files, downloaded if necessary, with their checksums verified.

        Looked for in the folder ``$MLFFBENCH_DATA``, then in the cache, then downloaded into the cache.

        Raises
        ------
        ValueError
            A file in ``$MLFFBENCH_DATA`` is not the one meant; it is left alone.
        DownloadError
            pip is not here or did not get the distribution, or the archive lacks a file.
        """
        from filelock import FileLock

        kept = cache_folder() / self.folder
        kept.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{kept}.lock"):
            if not all(self._is_here(member) for member in self.members):
                self._download(kept)
        return [self._local(member) or kept / PurePosixPath(member).name for member in self.members]

    def _local(self, member: str) -> Path | None:
        return local(f"{self.folder}/{PurePosixPath(member).name}")

    def _is_here(self, member: str) -> bool:
        """True for a file with the right checksum; a damaged one of the cache is fetched again."""
        file = self._local(member)
        if file is None:
            return False
        right = Checksum(self.members[member]).fits(file)
        if not right and file.parent != cache_folder() / self.folder:
            raise ValueError(f"{file} is not the file of {self.requirement}; replace or remove it")
        return right

    def _download(self, target: Path) -> None:
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            archive = self._distribution(Path(folder))
            for member, sha256 in self.members.items():
                with atomic_write(target / PurePosixPath(member).name) as file:
                    _copy(archive, member, file)
                    file.flush()
                    if not Checksum(sha256).fits(Path(file.name)):
                        raise DownloadError(f"{member} of {self.requirement} has another checksum")

    def _distribution(self, folder: Path) -> Path:
        """Download the archive by pip, from where pip's settings say."""
        if find_spec("pip") is None:
            raise DownloadError(
                f"files of {self.requirement} are downloaded by pip, which {sys.executable} lacks: "
                f"install it, or put them into {self.folder} of $MLFFBENCH_DATA"
            )
        name = self.requirement.partition("==")[0]
        wanted = folder / "wanted.txt"
        wanted.write_text(f"{self.requirement} --hash=sha256:{self.archive}\n", encoding="utf-8")
        kind = ["--only-binary", name, *self.wheel_for] if self.wheel_for else ["--no-binary", name]
        options = ["--no-deps", "--no-input", "--require-hashes", "--dest", str(folder / "got")]
        command = [sys.executable, "-m", "pip", "download", *options, *kind, "-r", str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        archives = sorted((folder / "got").iterdir()) if (folder / "got").is_dir() else []
        if done.returncode or len(archives) != 1:
            said = (done.stderr or done.stdout).strip()[-QUOTED:]
            raise DownloadError(f"pip cannot download {self.requirement}: {said}")
        return archives[0]


def _copy(archive: Path, member: str, target: IO[bytes]) -> None:
    """Copy one file of a zip or tar archive; nothing else is unpacked."""
    try:
        if archive.suffix in (".whl", ".zip"):
            with ZipFile(archive) as wheel, wheel.open(member) as source:
                _write(source, target)
            return
        with tarfile.open(archive) as source_distribution:
            content = source_distribution.extractfile(member)
            if content is None:
                raise KeyError(member)
            with content:
                _write(content, target)
    except KeyError as error:
        raise DownloadError(f"{archive.name} has no file {member!r}") from error


def _write(source: IO[bytes], target: IO[bytes]) -> None:
    while chunk := source.read(CHUNK):
        target.write(chunk)
