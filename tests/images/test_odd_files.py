"""Odd paths: an image or an ImageReadError, and never a wait."""

import os
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skfusion.exceptions import ImageReadError
from skfusion.images import ImageSource, read_image

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="has other odd paths"),
    pytest.mark.timeout(60),
]

# Names of whole images.
NAMES = {
    "newline": "a\nb.png",
    "tabulator": "a\tb.png",
    "not UTF-8": os.fsdecode(b"caf\xe9.png"),
    "right to left": "a\u202egnp.exe",
    "emoji": "\U0001f600.png",
    "dash": "-rf",
    "blank": " ",
    "dots": "...",
    "backslash": "a\\b.png",
    "quotes": "a'b\"c.png",
    "percent": "%s%n{0}.png",
    "bell and escape": "\a\x1b[31m.png",
    "longest": "a" * 255,
    "of another protocol": "file:a.png",
}


def in_folder(name):
    return lambda folder: folder / name


def fifo(folder):
    os.mkfifo(folder / "fifo.png")
    return folder / "fifo.png"


def link(target, name="link.png"):
    def make(folder):
        (folder / name).symlink_to(folder / target)
        return folder / name

    return make


def unix_socket(folder):
    os.chdir(folder)  # its path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.png")
    return folder / "socket.png"


def link_to_fifo(folder):
    fifo(folder)
    return link("fifo.png")(folder)


def below_a_file(folder):
    (folder / "a.png").write_bytes(b"")
    return folder / "a.png" / "b.png"


# What is no file, or none that can be opened.
REFUSED = {
    "FIFO": fifo,
    "link to a FIFO": link_to_fifo,
    "null device": lambda folder: Path(os.devnull),
    "endless device": lambda folder: Path("/dev/zero"),
    "terminal": lambda folder: Path("/dev/tty"),
    "loop": link("link.png"),
    "link to nothing": link("nothing"),
    "link to a folder": link("."),
    "folder": lambda folder: folder,
    "root": lambda folder: Path("/"),
    "here": lambda folder: Path(),
    "nothing": lambda folder: "",
    "socket": unix_socket,
    "below a file": below_a_file,
    "NUL": in_folder("a\0b.png"),
    "lone surrogate": in_folder("\ud800.png"),
    "too long": in_folder("a" * 256),
    "too deep": in_folder("a/" * 5000 + "b.png"),
    "home": lambda folder: "~/no such image.png",
    "address": lambda folder: "https://example.org/a.png",
}


def test_there_are_31_odd_paths():
    assert len(NAMES) + len(REFUSED) >= 31


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "plain"
    Image.fromarray(np.full((2, 3), 51, np.uint8)).save(path, "PNG")
    return path


@pytest.mark.parametrize("isolated", [False, True])
def test_images_of_odd_names_are_read(isolated, image, tmp_path):
    for name in NAMES.values():
        path = image.rename(tmp_path / name)
        np.testing.assert_allclose(read_image(path, isolated=isolated), 0.2)
        path.rename(image)


@pytest.mark.parametrize("isolated", [False, True])
@pytest.mark.parametrize("kind", REFUSED)
def test_odd_paths_are_refused(kind, isolated, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = REFUSED[kind](tmp_path)
    with pytest.raises(ImageReadError) as caught:
        read_image(path, isolated=isolated)
    assert repr(Path(path).name) in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("kind", ["FIFO", "NUL", "loop"])
def test_odd_paths_among_many_are_refused(kind, tmp_path, monkeypatch):
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)
    source = ImageSource([str(REFUSED[kind](tmp_path))] * 8, image_size=8)
    assert len(set(source.digests())) == 1
    with pytest.raises(ImageReadError, match="Row 0 of X"):
        source[:]


@pytest.mark.parametrize("isolated", [False, True])
def test_names_stay_on_one_line_of_a_message(isolated, tmp_path):
    path = tmp_path / "a\n\x1b[31m\u202e.png"
    path.write_bytes(b"")
    with pytest.raises(ImageReadError, match="it is empty") as caught:
        read_image(path, isolated=isolated)
    assert str(caught.value).isprintable()
