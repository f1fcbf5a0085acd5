"""A worker process that decodes images and can be killed."""

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

#: Bytes of address space that a worker may use, if the platform supports such a limit.
MEMORY_LIMIT = 4 * 2**30

# The worker imports the package from the location of this one, not from sys.path.
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
    """Return the import path of this process without the working folder.

    The working folder may contain a hostile ``json.py`` next to the images. Relative
    entries, and the empty entry of an interactive session, also mean this folder.
    """
    entries = [entry for entry in sys.path if isinstance(entry, str)]
    return [entry for entry in entries if not _is_working_folder(Path(entry))]


def _is_working_folder(entry):
    try:
        return not entry.is_absolute() or entry.samefile(os.curdir)
    except OSError:  # the folder does not exist
        return False


class Worker:
    """A process that decodes images one after the other.

    It communicates by lines of JSON and raw pixels, not by pickles, because the output
    of a process that read a hostile file must not be able to run code in this one. It
    is started by ``subprocess``, so a script needs no ``__main__`` guard.
    """

    def __init__(self):
        self.process = subprocess.Popen(
            # Without -P, Python would put the working folder first on the path.
            [sys.executable, "-P", "-c", _COMMAND, str(_PACKAGE.parent)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_PACKAGE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(_import_path())},
        )
        self._ready = False

    def wait_until_ready(self):
        """Wait for the imports of the process; raise RuntimeError if they fail."""
        if not self._ready and self.process.stdout.readline() != _READY:
            self.stop()
            raise RuntimeError(
                f"Expected {sys.executable!r} to start a process that imports "
                "skfusion, but it ended. Read with isolated=False instead."
            )
        self._ready = True

    @property
    def usable(self):
        """Return whether the process is still running."""
        return self.process.poll() is None

    def kill(self):
        """End the process at once."""
        self.process.kill()

    def stop(self):
        """End the process and free its pipes."""
        self.process.kill()
        self.process.wait()
        with suppress(OSError):  # a request that the process did not read
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
    """Answer requests from standard input until it ends; main function of a worker."""
    # Native decoders may print, so the answers get a separate channel.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    # Ctrl-C is handled by the parent process, which then stops this one.
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
        sys.stdin.buffer.readline()  # the parent process has waited for its share

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
        with suppress(ValueError, OSError):  # macOS defines the limit but cannot set it
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
