"""Public data files from a local mirror, the cache or the network, with their checksums checked."""

from __future__ import annotations

import errno
import json
import os
import re
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlffbench.system.checksum import Checksum
from mlffbench.system.download import MOST, DownloadError, download
from mlffbench.system.text_file import read_text

__all__ = ["DownloadError", "cache_folder", "fetch", "local"]

DATA, CACHE = "MLFFBENCH_DATA", "MLFFBENCH_CACHE"  # environment variables
FULL = (errno.ENOSPC, errno.EDQUOT)
MOST_LISTING = 20_000_000  # bytes
GITHUB = "https://api.github.com"
PINNED = re.compile(r"/(?P<repository>[^/]+/[^/]+)/(?P<commit>[0-9a-f]{40})/(?P<path>.+)")


def fetch(
    url: str, *, mirror: str, sha256: str | None = None, blob: str | None = None, size: int | None = None
) -> Path:
    """Return the local path of a public file, downloaded if necessary, with its checksum verified.

    Looked for in the folder ``$MLFFBENCH_DATA``, then in the cache, then downloaded into the cache, by pooch.
    A download that was interrupted goes on where it stopped; one with a wrong checksum is thrown away and
    tried once more. Several processes may ask for the same file: one downloads, the others wait.

    Parameters
    ----------
    url : str
    mirror : str
        The file's place below ``$MLFFBENCH_DATA`` and below the cache: ``acac/train_300K.xyz``.
    sha256 : str, optional
    blob : str, optional
        Git blob id. With neither, it is asked from GitHub for the commit in `url`, once a folder; the commit
        thus still pins the content.
    size : int, optional
        Bytes.

    Raises
    ------
    ValueError
        The file in ``$MLFFBENCH_DATA`` is not the one meant; it is left alone.
    DownloadError
        No connection, a refusal, more bytes than `size`, a full disk, or twice the wrong checksum.
    """
    own = _in_mirror(mirror)
    try:
        expected = _expected(url, mirror, sha256, blob)
    except DownloadError as error:
        if own is None:
            raise
        warnings.warn(f"{own} is used unchecked: its checksum is not known here ({error})", stacklevel=2)
        return own
    if own is not None:
        return _checked(own, url, mirror, expected)
    target = cache_folder() / mirror
    if not (target.is_file() and expected.fits(target)):
        _into_cache(url, target, mirror, expected, size)
    return target


def cache_folder() -> Path:
    """Cache folder: ``$MLFFBENCH_CACHE``, else the cache folder of the operating system."""
    import pooch

    return Path(os.environ.get(CACHE) or pooch.os_cache("mlffbench")).expanduser()


def local(mirror: str) -> Path | None:
    """Local path of the file, unchecked; None if it has to be downloaded."""
    cached = cache_folder() / mirror
    return _in_mirror(mirror) or (cached if cached.is_file() else None)


# ---------------------------------------------------------------- the user's own mirror
def _in_mirror(mirror: str) -> Path | None:
    """Path of the file in ``$MLFFBENCH_DATA``; None if it is missing."""
    folder = os.environ.get(DATA)
    file = Path(folder).expanduser() / mirror if folder else None
    return file if file is not None and file.is_file() else None


def _checked(own: Path, url: str, mirror: str, expected: Checksum) -> Path:
    if (actual := expected.of(own)) != expected.value:
        raise ValueError(
            f"{own}, in the folder {DATA}, is not the published {mirror!r}: its {expected.kind} is {actual}, "
            f"and that of {url} is {expected.value}; replace or remove it"
        )
    return own


# ---------------------------------------------------------------- what to expect
def _expected(url: str, mirror: str, sha256: str | None, blob: str | None) -> Checksum:
    if sha256 is not None:
        return Checksum(sha256)
    return Checksum(blob or _committed_blob(url, mirror), "git blob id")


def _committed_blob(url: str, mirror: str) -> str:
    """Git blob id of a file at the commit in its URL, from GitHub's folder listing, which is cached."""
    address_parts = PINNED.fullmatch(urlsplit(url).path)
    if address_parts is None:
        raise ValueError(f"{url} names no commit, and no checksum of {mirror!r} is known")
    folder, _, name = address_parts["path"].rpartition("/")
    address = f"{GITHUB}/repos/{address_parts['repository']}/contents/{folder}?ref={address_parts['commit']}"
    words = (*address_parts["repository"].split("/"), address_parts["commit"][:12], *folder.split("/"))
    listing = cache_folder() / Path(mirror).parent / f".{'-'.join(words)}.json"
    if not listing.is_file():
        _into_cache(address, listing, mirror, None, None)
    try:
        ids = {entry["name"]: str(entry["sha"]) for entry in json.loads(read_text(listing))}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        listing.unlink()
        raise DownloadError(f"{address} did not answer with the listing of a folder: {error}") from error
    if name not in ids:
        raise DownloadError(f"{address} lists no {name!r}")
    return ids[name]


# ---------------------------------------------------------------- the cache
def _into_cache(url: str, target: Path, mirror: str, expected: Checksum | None, size: int | None) -> None:
    """Download `target` into the cache, or wait for another process that does."""
    from filelock import FileLock
    from requests import RequestException

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{target}.lock"):
            if not _is_cached(target, expected):
                _retrieve(url, target, mirror, expected, size)
    except DownloadError:
        raise
    except RequestException as error:
        raise DownloadError(
            f"cannot fetch {mirror!r} from {url}: {_reason(error)}; {_resume(_part(target))}"
            f"without a network, set {DATA} to a folder that holds {mirror!r}"
        ) from error
    except OSError as error:
        raise DownloadError(
            f"cannot store {mirror!r} in {target.parent}: {error.strerror or error}; "
            f"{'make room, or ' if error.errno in FULL else ''}set {CACHE} to another folder"
        ) from error


def _part(target: Path) -> Path:
    """File of what has come of a download."""
    return target.with_name(target.name + ".part")


def _resume(part: Path) -> str:
    """Phrase for the error message on what is kept, empty if that is nothing."""
    kept = part.stat().st_size if part.is_file() else 0
    return f"run again to resume after the {kept} bytes kept in {part.parent}; " if kept else ""


def _is_cached(target: Path, expected: Checksum | None) -> bool:
    """Return True if the cache holds the file; remove a corrupted one."""
    if not target.is_file():
        return False
    if expected is None or expected.fits(target):
        return True
    actual = expected.of(target)
    warnings.warn(f"{target} is corrupted: {actual}, not {expected}; fetching it again", stacklevel=4)
    target.unlink()
    return False


def _retrieve(url: str, target: Path, mirror: str, expected: Checksum | None, size: int | None) -> None:
    import pooch

    pooch.get_logger().setLevel("WARNING")  # it announces downloads; we report progress
    part, most = _part(target), MOST if expected is not None else MOST_LISTING

    def whole(url: str, output: str, _: Any) -> None:
        _download_checked(url, part, mirror, expected, size, most)
        os.replace(part, output)

    pooch.retrieve(url, known_hash=None, fname=target.name, path=target.parent, downloader=whole)
    part.with_name(part.name + ".etag").unlink(missing_ok=True)


def _download_checked(
    url: str, part: Path, mirror: str, expected: Checksum | None, size: int | None, most: int
) -> None:
    """Download until the checksum is right, twice at most: the first may have continued an old part."""
    download(url, part, size, most)
    if expected is None or expected.fits(part):
        return
    part.unlink()
    download(url, part, size, most)
    if (actual := expected.of(part)) != expected.value:
        part.unlink()
        raise DownloadError(
            f"{url} is not the published {mirror!r}: its {expected.kind} is twice {actual}, not "
            f"{expected.value}; it was replaced, or something on the way changes it"
        )


def _reason(error: Any) -> str:
    """Describe a network error in one phrase."""
    if getattr(error, "response", None) is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    cause = error.args[0] if error.args else error
    cause = getattr(cause, "reason", cause)
    if isinstance(cause, Exception) and len(cause.args) > 1 and isinstance(cause.args[0], str):
        return cause.args[0]
    return str(cause).rpartition("): ")[2] or type(error).__name__
