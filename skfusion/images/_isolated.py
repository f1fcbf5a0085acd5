"""Decode in worker processes that may be killed."""

import atexit
import json
import math
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import numpy as np

from ..exceptions import ImageReadError
from ._decode import decode, unreadable

try:
    import resource
except ImportError:  # Windows
    resource = None

__all__ = ["MEMORY_LIMIT", "TIME_LIMIT", "decode_isolated", "serve"]

#: Seconds that one image may take in the worker.
TIME_LIMIT = 60.0

#: Bytes of address space that the worker may take, where the platform has such a
#: limit.
MEMORY_LIMIT = 4 * 2**30

_COMMAND = "from skfusion.images._isolated import serve; serve()"
_READY = b"ready\n"


class _Worker:
    """One process that decodes one image after the other.

    It speaks lines of JSON and bare pixels, not pickles: what comes out of a
    process that read a hostile file must not be able to run code in this one. It
    is started by ``subprocess``, so a script needs no ``__main__`` guard.
    """

    def __init__(self):
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        if self.process.stdout.readline() != _READY:  # it has imported what it needs
            self.stop()
            raise RuntimeError(
                f"Expected {sys.executable!r} to start a process that imports "
                "skfusion, but it ended. Read with isolated=False instead."
            )

    @property
    def usable(self):
        """Whether it still runs, and was not inherited by a fork."""
        return self.owner == os.getpid() and self.process.poll() is None

    def kill(self):
        """End the process at once."""
        self.process.kill()

    def stop(self):
        """End the process and free its pipes, unless it is another's."""
        if self.owner == os.getpid():
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()

    def decode(self, path, frame, min_side):
        """Return the image or an error message; EOFError if the process ended."""
        request = {"path": str(path.absolute()), "frame": frame, "side": min_side}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline() or b"null")
        if reply is None:
            raise EOFError
        if "error" in reply:
            return reply["error"]
        n_bytes = 4 * math.prod(reply["shape"])
        pixels = bytearray(self.process.stdout.read(n_bytes))
        if len(pixels) < n_bytes:
            raise EOFError
        return np.frombuffer(pixels, dtype=np.float32).reshape(reply["shape"])


_lock = threading.Lock()
_idle = []  # workers that wait for a file


def decode_isolated(path, frame, min_side=None):
    """Decode one frame of a file in a worker process.

    A worker is started where none is idle, so there are at most as many as threads
    that call at once; they are kept for the next calls. After a crash or a time-out
    another one takes its place.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    frame : int
        Which frame, from 0.

    min_side : int, default=None
        Sides in pixels that are enough.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]

    Raises
    ------
    ImageReadError
        For everything that fails; it names the file.
    """
    worker = _take_worker()
    try:
        return _decode_in_time(worker, path, frame, min_side)
    finally:
        if worker.usable:
            with _lock:
                _idle.append(worker)


def _take_worker():
    with _lock:
        while _idle:
            worker = _idle.pop()
            if worker.usable:
                return worker
            worker.stop()
    return _Worker()


def _decode_in_time(worker, path, frame, min_side):
    """Let the worker decode; kill it when its time is over or it did not answer."""
    timed_out = threading.Event()
    timer = threading.Timer(TIME_LIMIT, lambda: (timed_out.set(), worker.kill()))
    answered = False
    timer.start()
    try:
        answer = worker.decode(path, frame, min_side)
        answered = True
    except (EOFError, OSError, ValueError):
        reason = "its decoder crashed, or needed more memory than it may have"
        if timed_out.is_set():
            reason = f"its decoder did not end within {TIME_LIMIT:g} seconds"
        raise unreadable(path, reason) from None
    finally:
        timer.cancel()
        if not answered or timed_out.is_set():
            worker.stop()
    if isinstance(answer, str):
        raise ImageReadError(answer)
    return answer


@atexit.register
def _stop_workers():
    for worker in _idle:
        worker.stop()


def serve():
    """Answer requests on standard input until it ends; the worker's main function."""
    # Native decoders may print: keep the answers' channel for the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    _limit_memory()
    answers.write(_READY)
    answers.flush()
    for line in sys.stdin.buffer:
        _answer(json.loads(line), answers)
        answers.flush()


def _answer(request, answers):
    try:
        image = decode(Path(request["path"]), request["frame"], request["side"])
    except ImageReadError as error:
        answers.write(json.dumps({"error": str(error)}).encode() + b"\n")
    else:
        answers.write(json.dumps({"shape": image.shape}).encode() + b"\n")
        answers.write(np.ascontiguousarray(image).data)


def _limit_memory():
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = (
            MEMORY_LIMIT if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT, hard)
        )
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
