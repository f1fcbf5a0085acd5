"""Whatever a path leads to, an image comes out of it, or an ImageReadError."""

import os
import socket
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skfusion.exceptions import DataQualityWarning, ImageReadError
from skfusion.images import ImageSource, _batch_readers, scan_images

pytestmark = [
    pytest.mark.timeout(20),
    pytest.mark.skipif(sys.platform != "linux", reason="such paths are of Linux"),
]


def save(path):
    Image.new("L", (2, 2), 255).save(path, "PNG")


def chain(path):
    """More links than a system follows."""
    links = path.parent.parent / "links"
    links.mkdir()
    for number in range(50):
        (links / str(number)).symlink_to(str(number + 1))
    save(links / "50")
    path.symlink_to(links / "0")


def circle(path):
    path.symlink_to("other")
    path.with_name("other").symlink_to(path.name)


def listen(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)


def folder(path):
    path.mkdir()
    save(path / "within.png")


def hard_link(path):
    save(path.with_name("first.png"))
    path.hardlink_to(path.with_name("first.png"))


IMAGE_NAMES = {
    "newline": b"a\nb.png",
    "escape sequence": b"\x1b[31ma\tb.png",
    "surrogate": b"\xff\xfe.png",
    "cut UTF-8": b"a\xc3",
    "quotes": b'"a\'b".png',
    "right to left": "a\u202egnp.exe".encode(),
    "dash": b"-rf.png",
    "spaces": b"  ",
    "long": b"a" * 255,
    "hidden": b".png",
    "dots": b"...",
    "pattern": b"[*?].png",
    "format": b"%s {0} $HOME.png",
    "home": b"~root",
    "address": b"file:a.png",
    "backslash": b"..\\a.png",
}
MADE = {
    "FIFO": os.mkfifo,
    "socket": listen,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "full device": lambda path: path.symlink_to("/dev/full"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "circle": circle,
    "chain": chain,
    "link to nothing": lambda path: path.symlink_to("nothing"),
    "link to its folder": lambda path: path.symlink_to("."),
    "link to a link": lambda path: path.symlink_to("/proc/self/exe"),
    "memory": lambda path: path.symlink_to("/proc/self/mem"),
    "folder": folder,
    "hard link": hard_link,
    "empty": Path.touch,
}
NEVER_MADE = {
    "NUL": "a\0.png",
    "half a surrogate pair": "\ud800.png",
    "name too long": "a" * 300,
    "path too long": "a/" * 3000 + "a.png",
    "here": ".",
    "above": "..",
    "root": "/",
    "file as a folder": "whole.png/a.png",
}


def make(name, where):
    """Make what has this name; return its path."""
    if name in NEVER_MADE:
        save(where / "whole.png")
        return NEVER_MADE[name]
    if name in IMAGE_NAMES:
        path = os.path.join(where, os.fsdecode(IMAGE_NAMES[name]))  # noqa: PTH118
        save(path)
        return path
    MADE[name](where / "odd.png")
    return str(where / "odd.png")


@pytest.fixture
def patient(tmp_path, monkeypatch):
    """A folder that must not be shown."""
    where = tmp_path / "Doe_Jane"
    where.mkdir()
    monkeypatch.chdir(where)
    return where


def check_read(path, is_image, n=1, **options):
    """Check that a path is read, or refused with a message that can be shown."""
    source = ImageSource([path] * n, image_size=2, **options)
    source.digests()
    if is_image:
        np.testing.assert_array_equal(source[:], np.ones((n, 2, 2, 1)))
        return
    with pytest.raises(ImageReadError) as raised:
        source[:]
    assert "Doe" not in str(raised.value)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("name", [*IMAGE_NAMES, *MADE, *NEVER_MADE])
def test_an_odd_path_is_read_or_refused(name, patient, tmp_path, monkeypatch):
    path = make(name, patient)
    is_image = name in [*IMAGE_NAMES, "hard link"]
    check_read(path, is_image)
    check_read(path, is_image, image_cache=tmp_path / "store")
    # As many as are decoded in worker processes, where these are compressed DICOM.
    monkeypatch.setattr(_batch_readers, "_has_free_cores", lambda: True)
    check_read(path, is_image, n=8)


@pytest.mark.parametrize("name", [*IMAGE_NAMES, *MADE])
def test_an_odd_path_is_scanned_or_counted(name, patient):
    save(patient / "whole.png")
    path = make(name, patient)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        frame = scan_images(patient)
    n_images = 1 + (name in [*IMAGE_NAMES, "folder"]) + 2 * (name == "hard link")
    assert len(frame) == n_images
    assert str(patient / "whole.png") in set(frame["image"])
    is_lost = name not in [*IMAGE_NAMES, "folder", "hard link"]
    assert [warning.category for warning in shown] == [DataQualityWarning] * is_lost
    assert not any("Doe" in str(warning.message) for warning in shown)
    assert all(str(warning.message).isprintable() for warning in shown)
    assert name not in IMAGE_NAMES or path in set(frame["image"])
    assert ImageSource(frame, image_size=2)[:].shape == (len(frame), 2, 2, 1)
