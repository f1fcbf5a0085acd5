"""A worker process that decodes images and may be killed."""

import json
import os
import signal
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np

from ..exceptions import ImageReadError
from ._formats._decode import decode
from ._formats._signatures import check_size

try:
    import resource
except ImportError:  # Windows
    resource = None

__all__ = ["MEMORY_LIMIT", "Worker", "serve"]

#: Bytes of address space that a worker may take, where the platform has such a limit.
MEMORY_LIMIT = 4 * 2**30

# The package is taken from where this one is, not from where the path leads first.
_COMMAND = """
import importlib.machinery, importlib.util, sys
spec = importlib.machinery.PathFinder.find_spec("skfusion", sys.argv[1:])
sys.modules["skfusion"] = package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
from skfusion.images._worker import serve
serve()
"""
_PACKAGE = Path(__file__).resolve().parents[1]
_READY = b"ready\n"


def _import_path():
    """Return what a worker imports from: our own path but for the working folder.

    Beside hostile images there may be a ``json.py``. Relative entries, and the empty
    one of an interactive session, mean the working folder, too.
    """
    entries = [entry for entry in sys.path if isinstance(entry, str)]
    return [entry for entry in entries if not _is_working_folder(Path(entry))]


def _is_working_folder(entry):
    try:
        return not entry.is_absolute() or entry.samefile(os.curdir)
    except OSError:  # there is no such folder
        return False


class Worker:
    """One process that decodes one image after the other.

    It speaks lines of JSON and bare pixels, not pickles: what comes out of a
    process that read a hostile file must not be able to run code in this one. It
    is started by ``subprocess``, so a script needs no ``__main__`` guard.
    """

    def __init__(self):
        self.process = subprocess.Popen(
            # -P: Python would put the working folder first on the path.
            [sys.executable, "-P", "-c", _COMMAND, str(_PACKAGE.parent)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_PACKAGE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(_import_path())},
        )
        self._ready = False

    def wait_until_ready(self):
        """Wait until it has imported what it needs; RuntimeError if it cannot."""
        if not self._ready and self.process.stdout.readline() != _READY:
            self.stop()
            raise RuntimeError(
                f"Expected {sys.executable!r} to start a process that imports "
                "skfusion, but it ended. Read with isolated=False instead."
            )
        self._ready = True

    @property
    def usable(self):
        """Whether it still runs."""
        return self.process.poll() is None

    def kill(self):
        """End the process at once."""
        self.process.kill()

    def stop(self):
        """End the process and free its pipes."""
        self.process.kill()
        self.process.wait()
        with suppress(OSError):  # a request that it did not take
            self.process.stdin.close()
        self.process.stdout.close()

    def decode(self, path, frame, min_side, admit):
        """Return the image or an error message; EOFError if the process ended."""
        request = {"path": str(path.absolute()), "frame": frame, "side": min_side}
        reply = self._send(request)
        if "pixels" in reply:
            admit(reply["pixels"])
            reply = self._send("decode")
        if "error" in reply:
            return reply["error"]
        rows, columns = reply["shape"]
        check_size(rows, columns)
        pixels = np.empty((rows, columns), np.float32)
        if self.process.stdout.readinto(pixels.data.cast("B")) < pixels.nbytes:
            raise EOFError
        return pixels

    def _send(self, request):
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise EOFError
        return json.loads(line)


def serve():
    """Answer requests on standard input until it ends; the worker's main function."""
    # Native decoders may print: keep the answers' channel for the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    # Ctrl-C is for the process that asks, and which then stops this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    answers.write(_READY)
    answers.flush()
    for line in sys.stdin.buffer:
        _answer(json.loads(line), answers)
        answers.flush()


def _answer(request, answers):
    def admit(n_pixels):
        _write(answers, {"pixels": n_pixels})
        sys.stdin.buffer.readline()  # the other side has waited for its share

    path, frame, min_side = request["path"], request["frame"], request["side"]
    try:
        image = decode(Path(path), frame, min_side, admit)
    except ImageReadError as error:
        _write(answers, {"error": str(error)})
    else:
        _write(answers, {"shape": image.shape})
        answers.write(np.ascontiguousarray(image).data)


def _write(answers, reply):
    answers.write(json.dumps(reply).encode() + b"\n")
    answers.flush()


def _limit_memory():
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = (
            MEMORY_LIMIT if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT, hard)
        )
        with suppress(ValueError, OSError):  # macOS has the limit but sets none
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
