"""One file from the publisher: resumed after a cut, checked before it is used."""

import hashlib
import time
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from .._store._home import lock_of, make_file, make_folder
from ..exceptions import CacheWarning, DatasetNotFoundError, warn_user

__all__ = ["download_file"]

_CHUNK = 1 << 16
_TIMEOUT = 30.0  # seconds without a byte
_N_RETRIES = 3
_DELAY = 1.0  # seconds between two tries
_NETWORK_ERRORS = (URLError, ConnectionError, TimeoutError, HTTPException)
_PARTIAL_CONTENT = 206
_NO_SUCH_RANGE = 416
_SERVER_ERROR = 500


def download_file(url, path, *, md5, remedy):
    """Download a file, unless it is already present, and check it.

    What has arrived is kept in ``path.part``, so that a download continues where it
    was cut. The file gets its name only if its checksum is right. Processes that
    download the same file take turns.

    Parameters
    ----------
    url : str
        Address of the file.

    path : Path
        Where to put it. Missing folders are made.

    md5 : str
        Checksum that the publisher gives.

    remedy : str
        How to get the file in another way, for the error.

    Raises
    ------
    DatasetNotFoundError
        If the file cannot be downloaded, or has another checksum.

    OSError
        If it cannot be written.

    Warns
    -----
    CacheWarning
        If the file is present but damaged. It is downloaded again.
    """
    make_folder(path.parent)
    with lock_of(path).acquire(timeout=-1):  # as long as the other process downloads
        if path.exists():
            if _md5(path) == md5:
                return
            warn_user(
                f"{path.name!r} has changed since it was downloaded and is downloaded "
                "again.",
                CacheWarning,
            )
        part = path.with_name(path.name + ".part")
        make_file(part)
        _download_with_retries(url, part, remedy)
        _check(part, md5, url, remedy)
        part.replace(path)


def _download_with_retries(url, part, remedy):
    """Download the rest of a file, and try again where the network fails."""
    for retry in range(_N_RETRIES + 1):
        try:
            _download_rest(url, part)
            return
        except _NETWORK_ERRORS as error:
            refused = isinstance(error, HTTPError) and error.code < _SERVER_ERROR
            if refused or retry == _N_RETRIES:
                reason = getattr(error, "reason", None) or error
                raise DatasetNotFoundError(
                    f"Expected to download {url}. Got {type(error).__name__} instead: "
                    f"{reason}. Check the connection and call again, which continues "
                    f"the download, or {remedy}"
                ) from error
            time.sleep(_DELAY)


def _download_rest(url, part):
    """Append what is missing, or begin again where the server knows no ranges."""
    start = part.stat().st_size
    with _open(url, start) as response, part.open("r+b") as file:
        if response.status != _PARTIAL_CONTENT:
            start = 0
        file.truncate(start)
        file.seek(start)
        length = response.headers.get("Content-Length")
        while chunk := response.read(_CHUNK):
            file.write(chunk)
        if length is not None and file.tell() < start + int(length):
            raise ConnectionError("the connection was cut")


def _open(url, start):
    """Open an address from the byte `start`, or from 0 if it has no such byte."""
    headers = {"User-Agent": "skfusion"}
    try:
        ranges = {"Range": f"bytes={start}-"} if start else {}
        return urlopen(Request(url, headers=headers | ranges), timeout=_TIMEOUT)
    except HTTPError as error:
        if error.code != _NO_SUCH_RANGE:
            raise
        return urlopen(Request(url, headers=headers), timeout=_TIMEOUT)


def _check(part, md5, url, remedy):
    """Delete a file with another checksum, and raise an error."""
    found = _md5(part)
    if found != md5:
        part.unlink()
        raise DatasetNotFoundError(
            f"Expected a file with the MD5 checksum {md5} at {url}. Got {found} "
            f"instead, and deleted it. Call again, or {remedy}"
        )


def _md5(path):
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return digest.hexdigest()
