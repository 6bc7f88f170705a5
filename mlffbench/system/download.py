"""Download of one URL into one file: resumed, retried, with progress."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from mlffbench.system import progress

if TYPE_CHECKING:
    from requests import RequestException, Response

__all__ = ["download"]

CHUNK = 1 << 16  # bytes
TIMEOUT = (10.0, 60.0)  # s: to connect, and between two pieces
PAUSES = (1.0, 2.0, 4.0, 8.0)  # s, between the attempts
PASSING = (408, 429)  # answers that may be better in a moment, as those from 500 on


def download(url: str, part: Path, size: int | None = None) -> None:
    """Download `url` into `part`, after the bytes that are already there.

    A lost connection is taken up where it broke, a few times; what has come by then stays in `part`.

    Parameters
    ----------
    url : str
    part : Path
        Its folder must exist. The server's ETag is kept beside it as ``<part>.etag``, so that a file that
        has changed since is not continued.
    size : int, optional
        Bytes expected, if known before the server tells.

    Raises
    ------
    requests.RequestException
        No connection, a refusal, or one loss too many.
    OSError
        The file cannot be written.
    """
    from requests import RequestException

    for pause in PAUSES:
        try:
            return _receive(url, part, size)
        except RequestException as error:
            if not _is_worth_a_retry(error):
                raise
        time.sleep(pause)
    return _receive(url, part, size)


def _receive(url: str, part: Path, size: int | None) -> None:
    """Receive the rest of the file in one attempt."""
    import requests

    done = part.stat().st_size if part.exists() else 0
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
        length = response.headers.get("Content-Length")
        total = size if length is None else done + int(length)
        with part.open("ab" if done else "wb") as file:
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                done += len(chunk)
                progress.report(f"download {part.stem}", done, total)
    if total is not None and done < total:
        raise requests.exceptions.ChunkedEncodingError(f"the connection ended after {done} of {total} bytes")


def _headers(part: Path, done: int) -> dict[str, str]:
    """Request headers; no compression, since ranges count bytes as stored."""
    headers = {"Accept-Encoding": "identity"}
    if done:
        headers["Range"] = f"bytes={done}-"
        if _etag(part).exists():
            headers["If-Range"] = _etag(part).read_text(encoding="utf-8")
    return headers


def _resumes(response: Response, done: int) -> bool:
    """Return True if the answer begins where our bytes end; a server may ignore the range."""
    begins = response.headers.get("Content-Range", "").startswith(f"bytes {done}-")
    return response.status_code == 206 and begins


def _etag(part: Path) -> Path:
    return part.with_name(part.name + ".etag")


def _keep_etag(part: Path, response: Response) -> None:
    """Keep a strong ETag; only a strong one promises equal bytes (RFC 9110, 13.1.5)."""
    tag = response.headers.get("ETag", "")
    if tag.startswith('"'):
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
