"""Download of one URL into one file: resumed, retried, with progress."""

from __future__ import annotations

import errno
import os
import re
import shutil
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mlffbench.system import progress
from mlffbench.system.regular_file import without_links

if TYPE_CHECKING:
    from requests import RequestException, Response

__all__ = ["MOST", "DownloadError", "download"]

CHUNK = 1 << 16  # bytes
TIMEOUT = (10.0, 60.0)  # s: to connect, and between two pieces
PAUSES = (1.0, 2.0, 4.0, 8.0)  # s, between the attempts
MOST = 20_000_000_000  # bytes of a file of unknown size
STRONG_ETAG = re.compile(r'"[!#-~]*"')  # only a strong one promises equal bytes (RFC 9110, 13.1.5)
PASSING = (408, 429)  # answers that may be better in a moment, as those from 500 on


class DownloadError(OSError):
    """Error of a file that cannot be read or downloaded; the message says what helps offline."""


def download(url: str, part: Path, size: int | None = None, most: int = MOST) -> None:
    """Download `url` into `part`, after the bytes that are already there.

    A lost connection is taken up where it broke, a few times; what has come by then stays in `part`. No byte
    is written beyond the size expected, and none through a link.

    Parameters
    ----------
    url : str
    part : Path
        Its folder must exist. The server's ETag is kept beside it as ``<part>.etag``, so that a file that
        has changed since is not continued.
    size : int, optional
        Bytes expected, if known before the server tells.
    most : int
        Bytes taken if neither is known.

    Raises
    ------
    DownloadError
        The server has more bytes than expected; nothing is kept.
    requests.RequestException
        No connection, a refusal, or one loss too many.
    OSError
        The file cannot be written.
    """
    from requests import RequestException

    for pause in PAUSES:
        try:
            return _receive(url, part, size, most)
        except RequestException as error:
            if not _is_worth_a_retry(error):
                raise
        time.sleep(pause)
    return _receive(url, part, size, most)


def _receive(url: str, part: Path, size: int | None, most: int) -> None:
    """Receive the rest of the file in one attempt."""
    import requests

    done = _kept(part, size)
    if size is not None and done == size:
        return
    with requests.get(url, headers=_headers(part, done), stream=True, timeout=TIMEOUT) as response:
        if response.status_code == 416:  # it is longer than the original: another file's beginning
            part.unlink()
            raise requests.exceptions.ChunkedEncodingError("the server has fewer bytes than are here")
        response.raise_for_status()
        if not _resumes(response, done):
            done = 0
        _keep_etag(part, response)
        length = _length(response)
        total = size if length is None else done + length
        limit = most if size is None else size
        if total is not None and total > limit:
            raise _too_large(url, part, limit)
        if total is not None and total - done > shutil.disk_usage(part.parent).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with _opened(part, resume=bool(done)) as file:
            for chunk in response.iter_content(CHUNK):
                if done + len(chunk) > limit:
                    raise _too_large(url, part, limit)
                file.write(chunk)
                done += len(chunk)
                progress.report(f"download {part.stem}", done, total)
    if total is not None and done < total:
        raise requests.exceptions.ChunkedEncodingError(f"the connection ended after {done} of {total} bytes")


def _kept(part: Path, size: int | None) -> int:
    """Bytes that an earlier attempt left; links, or a part beyond the size, are removed."""
    for file in (part, _etag(part)):
        if file.is_symlink():
            file.unlink()
    kept = part.stat().st_size if part.exists() else 0
    if size is None or kept <= size:
        return kept
    part.unlink()
    return 0


def _opened(part: Path, resume: bool) -> IO[bytes]:
    """Open the file to go on, or afresh, but never what a link points to."""
    return open(part, "ab" if resume else "wb", opener=without_links)


def _length(response: Response) -> int | None:
    """Bytes to come; None if the server does not tell, says nonsense, or has packed them all the same."""
    text = response.headers.get("Content-Length", "").strip()
    plain = response.headers.get("Content-Encoding", "identity") == "identity"
    return int(text) if plain and re.fullmatch(r"[0-9]{1,4000}", text) else None


def _too_large(url: str, part: Path, limit: int) -> DownloadError:
    """Error of a file that is none of ours, whose bytes are thrown away."""
    part.unlink(missing_ok=True)
    return DownloadError(
        f"{url} has more than the {limit} bytes expected; it was replaced, or something on the way changes it"
    )


def _headers(part: Path, done: int) -> dict[str, str]:
    """Request headers; no compression, since ranges count bytes as stored."""
    headers = {"Accept-Encoding": "identity"}
    if done:
        headers["Range"] = f"bytes={done}-"
        tag = _etag(part).read_text(encoding="utf-8", errors="replace") if _etag(part).exists() else ""
        if STRONG_ETAG.fullmatch(tag):
            headers["If-Range"] = tag
    return headers


def _resumes(response: Response, done: int) -> bool:
    """Return True if the answer begins where our bytes end; a server may ignore the range."""
    begins = response.headers.get("Content-Range", "").startswith(f"bytes {done}-")
    return response.status_code == 206 and begins


def _etag(part: Path) -> Path:
    return part.with_name(part.name + ".etag")


def _keep_etag(part: Path, response: Response) -> None:
    """Keep a strong ETag."""
    tag = response.headers.get("ETag", "")
    if STRONG_ETAG.fullmatch(tag):
        _etag(part).write_text(tag, encoding="utf-8")
    else:
        _etag(part).unlink(missing_ok=True)


def _is_worth_a_retry(error: RequestException) -> bool:
    """Return True for errors worth a retry: a lost connection, not an unreachable host or a refusal."""
    import requests
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code in PASSING or error.response.status_code >= 500
    if isinstance(error, requests.exceptions.SSLError | requests.exceptions.ProxyError):
        return False
    if isinstance(error, requests.ConnectionError):
        cause = getattr(error.args[0], "reason", None) if error.args else None
        return not isinstance(cause, NewConnectionError | ConnectTimeoutError)
    return isinstance(error, requests.Timeout | requests.exceptions.ChunkedEncodingError)
