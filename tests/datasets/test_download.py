"""Downloads from a server on this machine."""

import errno
import hashlib
import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from skfusion.datasets import _breastmnist, _download, fetch_breastmnist
from skfusion.exceptions import CacheWarning, DatasetNotFoundError


class Server:
    """What the server has, how it behaves, and the requests that it got."""

    def __init__(self, content):
        self.content = content
        self.cuts = []  # lengths after which the next answers are cut
        self.errors = []  # status of the next answers
        self.ranges = True
        self.requests = []


@pytest.fixture(scope="session")
def archive(breastmnist_arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **breastmnist_arrays(28))
    return file.getvalue()


@pytest.fixture
def server(archive, tmp_path, monkeypatch):
    state = Server(archive)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def do_GET(self):
            asked = self.headers.get("Range")
            state.requests.append((self.path, asked))
            if state.errors:
                self.send_error(state.errors.pop(0))
                return
            start = int(asked[6:-1]) if asked and state.ranges else 0
            if start and start >= len(state.content):
                self.send_error(416)
                return
            body = state.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: state.cuts.pop(0)] if state.cuts else body)

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{httpd.server_port}/" + "{}"
    md5 = hashlib.md5(archive).hexdigest()
    monkeypatch.setenv("SKFUSION_HOME", str(tmp_path))
    monkeypatch.setattr(_breastmnist, "_URL", url)
    monkeypatch.setattr(_breastmnist, "_FILES", {28: ("breastmnist.npz", md5)})
    monkeypatch.setattr(_download, "_DELAY", 0)
    yield state
    httpd.shutdown()
    httpd.server_close()
    thread.join()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "breastmnist"


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_the_file_is_downloaded_once(server, folder, breastmnist_arrays):
    first, again = fetch_breastmnist(), fetch_breastmnist()
    assert server.requests == [("/breastmnist.npz", None)]
    assert names(folder) == ["breastmnist.npz"]
    assert np.array_equal(first.data, again.data)
    assert np.array_equal(first.data[:546], breastmnist_arrays(28)["train_images"])


def test_return_x_y(server):
    X, y = fetch_breastmnist(return_X_y=True)
    assert len(X) == len(y) == 780


def test_a_cut_download_continues_where_it_was_cut(server, folder):
    server.cuts = [1000, 70000]
    assert len(fetch_breastmnist().data) == 780
    asked = [asked for _, asked in server.requests]
    assert asked == [None, "bytes=1000-", "bytes=71000-"]
    assert names(folder) == ["breastmnist.npz"]


def test_the_next_call_continues_a_download_that_failed(server, folder):
    server.cuts = [1000, 1000, 1000, 1000]
    with pytest.raises(DatasetNotFoundError, match=r"was cut.*continues"):
        fetch_breastmnist()
    assert names(folder) == ["breastmnist.npz.part"]
    assert len(fetch_breastmnist().data) == 780
    assert server.requests[-1] == ("/breastmnist.npz", "bytes=4000-")


def test_a_server_without_ranges_sends_the_whole_file_again(server):
    server.ranges, server.cuts = False, [1000]
    assert len(fetch_breastmnist().data) == 780
    assert [asked for _, asked in server.requests] == [None, "bytes=1000-"]


def test_a_partial_file_that_is_too_long_is_begun_again(server, folder):
    folder.mkdir()
    (folder / "breastmnist.npz.part").write_bytes(server.content + b"more")
    assert len(fetch_breastmnist().data) == 780
    assert server.requests[-1] == ("/breastmnist.npz", None)


def test_a_wrong_checksum_leaves_no_file(server, folder):
    right = server.content
    server.content = right[:-1] + b"?"
    with pytest.raises(DatasetNotFoundError, match=r"MD5 checksum .*10519652"):
        fetch_breastmnist()
    assert names(folder) == []
    server.content = right
    assert len(fetch_breastmnist().data) == 780


def test_a_damaged_file_is_downloaded_again(server, folder):
    fetch_breastmnist()
    (folder / "breastmnist.npz").write_bytes(b"damaged")
    with pytest.warns(CacheWarning, match="'breastmnist.npz' has changed"):
        breast = fetch_breastmnist()
    assert len(breast.data) == 780
    assert len(server.requests) == 2


def test_errors_of_a_busy_server_are_tried_again(server):
    server.errors = [503, 500]
    assert len(fetch_breastmnist().data) == 780
    assert len(server.requests) == 3


def test_a_file_that_is_gone_is_asked_for_once(server):
    server.errors = [404]
    with pytest.raises(DatasetNotFoundError, match=r"HTTPError.*Not Found"):
        fetch_breastmnist()
    assert len(server.requests) == 1


def test_without_a_network_the_error_says_what_to_do(server, monkeypatch):
    monkeypatch.setattr(_breastmnist, "_URL", "http://127.0.0.1:1/{}")
    with pytest.raises(
        DatasetNotFoundError, match=r"Check the connection.*load_breastmnist"
    ) as caught:
        fetch_breastmnist()
    assert "refused" in str(caught.value)


def test_a_file_that_is_present_needs_no_network(server, monkeypatch):
    fetch_breastmnist()
    monkeypatch.setattr(_breastmnist, "_URL", "http://127.0.0.1:1/{}")
    assert len(fetch_breastmnist().data) == 780


def test_a_full_disk_raises_its_own_error_and_keeps_what_arrived(
    server, folder, monkeypatch
):
    def fill(url, part):
        part.write_bytes(server.content[:1000])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_download, "_download_rest", fill)
    with pytest.raises(OSError, match="No space left"):
        fetch_breastmnist()
    assert (folder / "breastmnist.npz.part").stat().st_size == 1000


def test_threads_download_the_file_once(server):
    threads = [threading.Thread(target=fetch_breastmnist) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 1


def test_the_file_is_for_its_owner_alone(server, folder):
    fetch_breastmnist()
    assert (folder / "breastmnist.npz").stat().st_mode & 0o077 == 0
