"""Downloads against a server that fails in every way a server can."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import multiprocessing
import os
import re
import threading
import warnings
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest

from mlffbench.system import download, fetch, progress

CONTENT = np.random.default_rng(0).bytes(400_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
BLOB = hashlib.sha1(b"blob 400000\0" + CONTENT).hexdigest()
PIECE = download.CHUNK  # what has come is kept in whole pieces
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PATH = f"/owner/repo/{COMMIT}/data/file.bin"


@dataclass
class Answers:
    """What the server does, answer by answer; after the last it behaves."""

    content: bytes = CONTENT
    cuts: list[int] = field(default_factory=list)  # bytes sent before the connection is cut
    corrupt: list[bool] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    ranges: bool = True
    etag: str | None = '"one"'
    listing: object = None
    seen: list[dict[str, str]] = field(default_factory=list)  # headers of the requests
    paths: list[str] = field(default_factory=list)
    sent: int = 0
    slow: threading.Event | None = None  # waited for before the body
    length: str | None = "true"  # what is told of the length
    packed: bool = False  # whether asked for or not


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        plan: Answers = self.server.plan
        plan.seen.append(dict(self.headers))
        plan.paths.append(self.path)
        if status := plan.status.pop(0) if plan.status else 0:
            return self.send_error(status)
        body = json.dumps(plan.listing).encode() if self.path.startswith("/repos/") else plan.content
        if plan.corrupt and plan.corrupt.pop(0):
            body = b"\0" * 100 + body[100:]
        start = self._start(plan)
        if start >= len(body):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if plan.etag:
            self.send_header("ETag", plan.etag)
        if plan.packed:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        if plan.length is not None:
            told = str(len(body) - start) if plan.length == "true" else plan.length
            self.send_header("Content-Length", told.encode().decode("latin-1"))
        self.end_headers()
        if plan.slow:
            plan.slow.wait(10)
        piece = body[start : start + plan.cuts.pop(0)] if plan.cuts else body[start:]
        self.wfile.write(piece)
        plan.sent += len(piece)
        return None

    def _start(self, plan: Answers) -> int:
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range", plan.etag) == plan.etag
        return int(wanted[1]) if wanted and plan.ranges and same else 0


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.plan = Answers()
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def plan(server):
    return server.plan


@pytest.fixture
def url(server):
    return f"http://127.0.0.1:{server.server_port}{PATH}"


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch, server):
    monkeypatch.setenv("MLFFBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLFFBENCH_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(fetch, "GITHUB", f"http://127.0.0.1:{server.server_port}")
    return tmp_path


def get(url, **known):
    return fetch.fetch(url, mirror="set/file.bin", **(known or {"sha256": SHA256}))


def leftovers(file):
    """What lies beside the file, but for the lock."""
    return sorted(p.name for p in file.parent.iterdir() if p != file and p.suffix != ".lock")


# ---------------------------------------------------------------- the straight way
@pytest.mark.parametrize("known", [{"sha256": SHA256}, {"blob": BLOB}, {"sha256": SHA256, "size": 400_000}])
def test_a_file_is_downloaded_once_and_then_in_the_cache(url, plan, places, known):
    file = get(url, **known)
    assert file == places / "cache" / "set" / "file.bin"
    assert file.read_bytes() == CONTENT
    assert get(url, **known) == file
    assert len(plan.seen) == 1
    assert leftovers(file) == []


def test_progress_is_reported_in_bytes(url):
    heard = []
    with progress.listen(lambda stage, step, total, _: heard.append((stage, step, total))):
        get(url)
    assert {(stage, total) for stage, _, total in heard} == {("download file.bin", 400_000)}
    steps = [step for _, step, _ in heard]
    assert steps == sorted(steps)
    assert steps[-1] == 400_000
    assert len(steps) > 2


# ---------------------------------------------------------------- corrupted
def test_a_corrupted_download_is_refused_and_fetched_again(url, plan):
    plan.corrupt = [True]
    assert get(url).read_bytes() == CONTENT
    assert len(plan.seen) == 2
    assert "Range" not in plan.seen[1]


def test_twice_corrupted_is_an_error_with_both_checksums_and_leaves_nothing(url, plan, places):
    plan.corrupt = [True, True]
    wrong = hashlib.sha256(b"\0" * 100 + CONTENT[100:]).hexdigest()
    with pytest.raises(fetch.DownloadError, match=f"{wrong}.*{SHA256}"):
        get(url)
    assert len(plan.seen) == 2
    assert not (places / "cache/set/file.bin").exists()
    assert not (places / "cache/set/file.bin.part").exists()


def test_a_corrupted_file_in_the_cache_is_fetched_again_with_a_warning(url, plan):
    file = get(url)
    file.write_bytes(CONTENT[:-1] + b"?")
    with pytest.warns(UserWarning, match=f"corrupted.*{SHA256}.*fetching it again"):
        assert get(url).read_bytes() == CONTENT
    assert len(plan.seen) == 2


# ---------------------------------------------------------------- interrupted
def test_a_cut_connection_is_resumed_where_it_broke(url, plan):
    plan.cuts = [2 * PIECE, PIECE]
    assert get(url).read_bytes() == CONTENT
    assert [h.get("Range") for h in plan.seen] == [None, f"bytes={2 * PIECE}-", f"bytes={3 * PIECE}-"]
    assert plan.seen[1]["If-Range"] == '"one"'
    assert {h["Accept-Encoding"] for h in plan.seen} == {"identity"}
    assert plan.sent == 400_000  # not one byte twice


def test_the_next_call_goes_on_with_what_an_earlier_one_left(url, plan, places):
    plan.cuts = [2 * PIECE, 0, 0]
    with pytest.raises(
        fetch.DownloadError, match=rf"run again to resume after the {2 * PIECE} bytes kept in"
    ):
        get(url)
    assert (places / "cache/set/file.bin.part").stat().st_size == 2 * PIECE
    plan.cuts = []
    assert get(url).read_bytes() == CONTENT
    assert plan.seen[-1]["Range"] == f"bytes={2 * PIECE}-"
    assert plan.sent == 400_000


def test_an_interrupt_leaves_the_part_to_be_resumed(url, plan, places):
    def stop(_stage, step, *_):
        if step > 100_000:
            raise KeyboardInterrupt

    with progress.listen(stop), pytest.raises(KeyboardInterrupt):
        get(url)
    kept = (places / "cache/set/file.bin.part").stat().st_size
    assert 100_000 < kept < 400_000
    assert sorted(p.name for p in (places / "cache/set").iterdir() if "lock" not in p.name) == [
        "file.bin.part",
        "file.bin.part.etag",
    ]
    assert get(url).read_bytes() == CONTENT
    assert plan.seen[1]["Range"] == f"bytes={kept}-"


def test_a_server_that_ignores_ranges_starts_afresh(url, plan):
    plan.cuts, plan.ranges = [PIECE], False
    assert get(url).read_bytes() == CONTENT
    assert plan.seen[1]["Range"] == f"bytes={PIECE}-"
    assert plan.sent == PIECE + 400_000


def test_a_file_that_changed_meanwhile_is_not_continued(url, plan, places):
    plan.cuts, plan.content = [PIECE, 0, 0], bytes(400_000)
    with pytest.raises(fetch.DownloadError):
        get(url)
    plan.cuts, plan.content, plan.etag = [], CONTENT, '"two"'
    assert get(url).read_bytes() == CONTENT
    assert plan.seen[-1]["If-Range"] == '"one"'
    assert plan.sent == PIECE + 400_000  # all of it, in one answer


def test_an_old_part_without_an_etag_is_caught_by_the_checksum(url, plan, places):
    (places / "cache/set").mkdir(parents=True)
    (places / "cache/set/file.bin.part").write_bytes(bytes(100_000))
    assert get(url).read_bytes() == CONTENT
    assert [h.get("Range") for h in plan.seen] == ["bytes=100000-", None]


@pytest.mark.parametrize(("length", "known"), [(400_000, {"sha256": SHA256}), (500_000, {"blob": BLOB})])
def test_a_part_that_is_too_long_is_thrown_away(url, places, length, known):
    (places / "cache/set").mkdir(parents=True)
    (places / "cache/set/file.bin.part").write_bytes(bytes(length))
    assert get(url, **known).read_bytes() == CONTENT


def test_a_whole_part_needs_no_request(url, plan, places):
    (places / "cache/set").mkdir(parents=True)
    (places / "cache/set/file.bin.part").write_bytes(CONTENT)
    assert get(url, sha256=SHA256, size=400_000).read_bytes() == CONTENT
    assert plan.seen == []


# ---------------------------------------------------------------- refused
def test_a_busy_server_is_asked_again(url, plan):
    plan.status = [503, 429]
    assert get(url).read_bytes() == CONTENT
    assert len(plan.seen) == 3


def test_a_missing_file_is_a_sentence_at_once(url, plan):
    plan.status = [404]
    with pytest.raises(fetch.DownloadError, match="the server answered 404 Not Found"):
        get(url)
    assert len(plan.seen) == 1


def test_offline_is_one_sentence_with_what_helps(server, url, places, monkeypatch):
    def no_time(_):
        raise AssertionError("waited for a server that is not there")

    monkeypatch.setattr(download.time, "sleep", no_time)
    nowhere = url.replace(str(server.server_port), "9")  # discard: nobody listens
    with pytest.raises(fetch.DownloadError) as caught:
        get(nowhere)
    message = str(caught.value)
    assert isinstance(caught.value, OSError)
    assert "\n" not in message
    for part in ("'set/file.bin'", nowhere, "Connection refused", "MLFFBENCH_DATA"):
        assert part in message
    assert "resume" not in message  # there is nothing to go on from


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, a disk that is always full")
def test_a_full_disk_is_a_sentence(url, monkeypatch):
    monkeypatch.setattr(download, "_opened", lambda part, resume: io.FileIO("/dev/full", "wb"))
    with pytest.raises(
        fetch.DownloadError, match=r"cannot store .*No space left.*make room, or set MLFFBENCH_CACHE"
    ):
        get(url)


def test_a_file_larger_than_the_free_disk_is_refused_before_it_fills_it(url, plan, monkeypatch):
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: SimpleNamespace(free=100_000))
    with pytest.raises(fetch.DownloadError, match=r"cannot store .*No space left.*make room"):
        get(url)
    assert len(plan.seen) == 1


def test_a_cache_without_the_right_to_write_is_a_sentence(url, places, monkeypatch):
    def refused(part, resume):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(part))

    monkeypatch.setattr(download, "_opened", refused)
    with pytest.raises(
        fetch.DownloadError, match=r"cannot store .*cache/set: Read-only file system; set MLFFBENCH"
    ):
        get(url)


def test_a_cache_that_is_no_folder_is_a_sentence(url, places):
    (places / "cache").write_text("a file")
    with pytest.raises(fetch.DownloadError, match=r"cannot store 'set/file\.bin'.*MLFFBENCH_CACHE"):
        get(url)


# ---------------------------------------------------------------- hostile
@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("known", [{"sha256": SHA256, "size": 150_000}, {"blob": BLOB, "size": 399_999}])
def test_a_server_with_more_bytes_than_expected_is_not_listened_to(url, plan, places, known, told):
    plan.length = "true" if told else None
    with pytest.raises(fetch.DownloadError, match=rf"has more than the {known['size']} bytes expected"):
        get(url, **known)
    assert len(plan.seen) == 1
    assert not (places / "cache/set/file.bin.part").exists()


@pytest.mark.parametrize("told", [True, False])
def test_an_endless_file_of_unknown_size_ends(url, plan, places, monkeypatch, told):
    monkeypatch.setattr(fetch, "MOST", 100_000)
    plan.length = "true" if told else None
    with pytest.raises(fetch.DownloadError, match="has more than the 100000 bytes expected"):
        get(url)
    assert not (places / "cache/set/file.bin.part").exists()


def test_a_listing_is_never_large(url, plan, monkeypatch):
    monkeypatch.setattr(fetch, "MOST_LISTING", 1000)
    plan.listing = [{"name": "x" * 2000, "sha": "0"}]
    with pytest.raises(fetch.DownloadError, match="has more than the 1000 bytes expected"):
        fetch.fetch(url, mirror="set/file.bin")


@pytest.mark.parametrize("length", ["abc", "-5", "", "1e5", "4_00_000", "９", "400000, 400000"])
def test_a_length_that_is_none_is_as_if_it_were_not_told(url, plan, length):
    plan.length = length
    assert get(url).read_bytes() == CONTENT


def test_a_length_beyond_everything_is_refused_unread(url, plan):
    plan.length = "9" * 30
    with pytest.raises(fetch.DownloadError, match="has more than the 20000000000 bytes expected"):
        get(url)
    assert len(plan.seen) == 1


def test_packed_all_the_same(url, plan):
    plan.packed = True
    assert get(url).read_bytes() == CONTENT


@pytest.mark.parametrize("name", ["file.bin.part", "file.bin.part.etag", "file.bin"])
def test_nothing_is_written_through_a_link(url, plan, places, name):
    victim = places / "victim"
    victim.write_text("precious")
    (places / "cache/set").mkdir(parents=True)
    (places / "cache/set" / name).symlink_to(victim)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the cached file is corrupted
        file = get(url)
    assert file.read_bytes() == CONTENT
    assert not file.is_symlink()
    assert victim.read_text() == "precious"


def test_an_etag_that_is_none_is_not_sent(url, plan, places):
    (places / "cache/set").mkdir(parents=True)
    (places / "cache/set/file.bin.part").write_bytes(CONTENT[:PIECE])
    (places / "cache/set/file.bin.part.etag").write_bytes(b'"a\r\nHost: x"\xff')
    assert get(url).read_bytes() == CONTENT
    assert "If-Range" not in plan.seen[0]


# ---------------------------------------------------------------- the user's mirror
@pytest.fixture
def own(places, monkeypatch):
    monkeypatch.setenv("MLFFBENCH_DATA", str(places / "own"))
    file = places / "own/set/file.bin"
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    return file


def test_a_mirror_is_used_in_place(url, plan, own, places):
    assert get(url) == own
    assert get(url, blob=BLOB) == own
    assert plan.seen == []
    assert not (places / "cache").exists()


def test_a_wrong_file_in_the_mirror_is_an_error_with_both_checksums_and_stays(url, plan, own):
    own.write_bytes(b"mine")
    with pytest.raises(ValueError, match=f"{hashlib.sha256(b'mine').hexdigest()}.*{SHA256}"):
        get(url)
    assert own.read_bytes() == b"mine"
    assert plan.seen == []


def test_what_the_mirror_lacks_is_downloaded(url, own, places):
    own.unlink()
    assert get(url) == places / "cache/set/file.bin"


def test_what_is_on_this_machine_is_known_without_fetching(url, plan, places, own):
    assert fetch.local("set/file.bin") == own
    own.unlink()
    assert fetch.local("set/file.bin") is None
    assert plan.seen == []
    assert get(url) == fetch.local("set/file.bin") == places / "cache/set/file.bin"


# ---------------------------------------------------------------- pinned by a commit only
def test_without_a_checksum_the_blob_id_comes_from_github_once_a_folder(url, plan):
    plan.listing = [{"name": "file.bin", "sha": BLOB}, {"name": "other", "sha": "0" * 40}]
    file = fetch.fetch(url, mirror="set/file.bin")
    assert file.read_bytes() == CONTENT
    assert plan.paths == [f"/repos/owner/repo/contents/data?ref={COMMIT}", PATH]
    file.unlink()
    fetch.fetch(url, mirror="set/file.bin")
    assert plan.paths[2:] == [PATH]


def test_a_blob_id_from_github_guards_too(url, plan):
    plan.listing = [{"name": "file.bin", "sha": "0" * 40}]
    with pytest.raises(fetch.DownloadError, match=f"git blob id is twice {BLOB}, not {'0' * 40}"):
        fetch.fetch(url, mirror="set/file.bin")


@pytest.mark.parametrize("listing", [{"message": "Moved"}, ["nonsense"], []])
def test_a_listing_that_is_none_is_an_error(url, plan, listing):
    plan.listing = listing
    with pytest.raises(fetch.DownloadError, match=r"did not answer with the listing|lists no 'file.bin'"):
        fetch.fetch(url, mirror="set/file.bin")


def test_an_address_without_commit_and_checksum_is_refused(server):
    with pytest.raises(ValueError, match="names no commit"):
        fetch.fetch(f"http://127.0.0.1:{server.server_port}/owner/repo/master/f", mirror="set/file.bin")


def test_a_mirrored_file_whose_id_cannot_be_asked_is_used_with_a_warning(url, plan, own):
    plan.status = [404]
    with pytest.warns(UserWarning, match="is used unchecked: its checksum is not known here"):
        assert fetch.fetch(url, mirror="set/file.bin") == own


# ---------------------------------------------------------------- together
def _fetch(url, out):
    out.put(get(url).read_bytes() == CONTENT)


def test_two_processes_that_ask_at_once_download_once(url, plan):
    plan.slow = threading.Event()
    context = multiprocessing.get_context("fork")
    out = context.Queue()
    workers = [context.Process(target=_fetch, args=(url, out)) for _ in range(2)]
    for worker in workers:
        worker.start()
    threading.Timer(0.5, plan.slow.set).start()
    assert [out.get(timeout=20) for _ in workers] == [True, True]
    for worker in workers:
        worker.join()
    assert len(plan.seen) == 1
    assert plan.sent == 400_000
