"""Ctrl-C ends reading at once, whatever the decoders are at."""

import signal
import subprocess
import sys
import time

import psutil
import pytest
from PIL import Image

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

READ = """
import signal, sys
from skfusion.images import ImageSource

# What runs in the background of a shell begins with Ctrl-C ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

options = {"isolated": True} if sys.argv[2] == "True" else {}
source = ImageSource([sys.argv[1]] * 20, image_size=8, **options)
print("begins", flush=True)
source[:]
"""


@pytest.fixture
def slow(tmp_path):
    """A JPEG of 1,000 bytes that takes about ten seconds."""
    path = tmp_path / "slow.jpg"
    Image.new("RGB", (64, 64), 128).save(path, progressive=True)
    data = path.read_bytes()
    size = data.index(b"\xff\xc2") + 5
    data = data[:size] + b"\x27\x10\x1f\x40" + data[size + 4 : -2]  # 10,000 x 8,000
    scan = data[data.rindex(b"\xff\xda") :]
    path.write_bytes(data + scan * 40 + b"\xff\xd9")
    return path


@pytest.mark.parametrize("isolated", [False, True])
def test_reading_ends_and_leaves_no_worker(slow, isolated):
    seconds, workers = interrupt(slow, isolated)
    assert seconds < 8  # an image takes longer, on cores that others use, too
    _, alive = psutil.wait_procs(workers, timeout=2)
    assert not alive


@pytest.mark.benchmark
@pytest.mark.parametrize("isolated", [False, True])
def test_reading_ends_within_two_seconds(slow, isolated):
    assert interrupt(slow, isolated)[0] < 2


def wait_for_workers(process):
    """Return the first workers; wait for their start, which takes seconds."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        workers = psutil.Process(process.pid).children(recursive=True)
        if any(sum(worker.cpu_times()[:2]) > 0.5 for worker in workers):
            return workers
        time.sleep(0.1)
    raise AssertionError("no worker has begun")


def interrupt(path, isolated):
    """Return how long a process reads on after Ctrl-C, and what processes it had."""
    command = [sys.executable, "-c", READ, str(path), str(isolated)]
    process = subprocess.Popen(command, stdout=-1, stderr=-1)
    try:
        process.stdout.readline()
        workers = wait_for_workers(process) if isolated else []
        time.sleep(1)  # of reading
        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert b"KeyboardInterrupt" in errors
    return time.monotonic() - begin, workers
