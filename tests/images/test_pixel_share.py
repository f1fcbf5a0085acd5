"""Pixels that are decoded at once, over all threads."""

import subprocess
import sys
import threading
import time

import pytest
from PIL import Image

from skfusion.images import ImageSource
from skfusion.images._formats import _raster
from skfusion.images._formats._signatures import MAX_PIXELS
from skfusion.images._pixel_share import PixelShare

READ = r"""
import re, sys
from pathlib import Path
from skfusion.images import ImageSource

ImageSource(sys.argv[1:], image_size=8)[:]
# Not what getrusage returns: that begins with the memory of the tests' own process.
status = Path("/proc/self/status").read_text()
print(1024 * int(re.search(r"VmHWM:\s+(\d+)", status)[1]))
"""


@pytest.fixture
def most(monkeypatch):
    """The most pixels that were with the decoder at once, in a list of one."""
    lock, now, most = threading.Lock(), [0], [0]
    to_grey = _raster._to_grey

    def change(image, sign):
        with lock:
            now[0] += sign * image.height * image.width
            most[0] = max(most[0], now[0])

    def watched(image):
        change(image, 1)
        time.sleep(0.05)
        try:
            return to_grey(image)
        finally:
            change(image, -1)

    monkeypatch.setattr(_raster, "_to_grey", watched)
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    return most


@pytest.fixture
def paths(tmp_path):
    """Eight images, of which four may be decoded at once."""
    side = int((MAX_PIXELS / 4.9) ** 0.5)
    path = tmp_path / "large.png"
    Image.new("1", (side, side)).save(path)
    return [path] * 8


def test_threads_decode_no_more_at_once_than_one_image_may_have(most, paths):
    ImageSource(paths, image_size=8)[:]
    assert MAX_PIXELS / 5 < most[0] <= MAX_PIXELS


def take_and_fail():
    with PixelShare() as share:
        share.take(MAX_PIXELS)
        raise ZeroDivisionError


@pytest.mark.timeout(10)
def test_what_was_taken_is_given_back_after_an_error():
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            take_and_fail()


def test_the_largest_image_waits_until_it_is_alone():
    order = []

    def read_largest():
        with PixelShare() as share:
            share.take(MAX_PIXELS)
            order.append("largest")

    with PixelShare() as share:
        share.take(1)
        thread = threading.Thread(target=read_largest)
        thread.start()
        time.sleep(0.05)
        order.append("smallest")
    thread.join()
    assert order == ["smallest", "largest"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_four_of_the_largest_colour_images_take_the_memory_of_one(tmp_path):
    path = tmp_path / "large.png"
    Image.new("RGB", (8000, 10_000), "red").save(path)
    one, four = peak_memory(path, 1), peak_memory(path, 4)
    assert four < 1.1 * one
    assert one < 1.6e9


def peak_memory(path, n_files):
    command = [sys.executable, "-c", READ, *[str(path)] * n_files]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout)
