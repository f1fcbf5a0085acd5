"""Decode one image file in this process, with one kind of error for everything."""

import os
from contextlib import contextmanager
from io import BufferedReader, UnsupportedOperation

from ...exceptions import ImageReadError
from ._dicom import read_dicom
from ._raster import read_raster
from ._signatures import HEAD_BYTES, check_file_size, image_kind

__all__ = ["decode", "unreadable"]


def decode(path, frame, min_side, admit):
    """Read a file and decode one of its frames.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    frame : int
        Which frame, from 0.

    min_side : int or None
        Sides in pixels that are enough.

    admit : callable
        Called with the number of pixels before they are decoded; it may wait.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]

    Raises
    ------
    ImageReadError
        For everything that fails; it names the file.
    """
    with _naming(path), _open(path) as file:
        kind = _kind(file.read(HEAD_BYTES))
        check_file_size(os.fstat(file.fileno()).st_size, kind)
        file.seek(0)
        if kind == "DICOM":
            return read_dicom(file.read(), frame, min_side, admit)
        return read_raster(_Stream(file), kind, frame, admit)


def _open(path):
    if not path.exists():
        raise ImageReadError("there is no such file")
    if not path.is_file():  # opening a pipe would wait for its other end
        raise ImageReadError("it is not a file")
    # What a buffer holds would be joined to the rest, in a copy.
    return path.open("rb", buffering=0)


class _Stream(BufferedReader):
    """A file that shows Pillow no path, which would be in its messages.

    Nor a descriptor, by which libtiff would map the file into memory: the process
    would die if it were cut short meanwhile.
    """

    def __repr__(self):
        return "<file>"

    def fileno(self):
        raise UnsupportedOperation


def _kind(head):
    if not head:
        raise ImageReadError("it is empty")
    kind = image_kind(head)
    if kind is None:
        raise ImageReadError("its content is none of these")
    return kind


def unreadable(path, reason):
    """Make the error for a file that could not be read.

    Parameters
    ----------
    path : pathlib.Path
        The file; only its last component is shown.

    reason : str
        What is wrong with it, without a full stop.

    Returns
    -------
    error : ImageReadError

    Examples
    --------
    >>> from pathlib import Path
    >>> from skfusion.images._formats._decode import unreadable
    >>> unreadable(Path("Doe, Jane") / "1.png", "it is empty")
    ImageReadError("Expected a PNG, JPEG, PGM, TIFF, BMP or DICOM image, got '1.png':
    it is empty. Check the path, replace the file by a whole copy, or leave it out.")
    """
    return ImageReadError(
        "Expected a PNG, JPEG, PGM, TIFF, BMP or DICOM image, got "
        f"{path.name!r}: {reason}. Check the path, replace the file by a whole copy, "
        "or leave it out."
    )


@contextmanager
def _naming(path):
    """Turn whatever a decoder raises into an ImageReadError that names the file."""
    try:
        yield
    except ImageReadError as error:
        raise unreadable(path, str(error)) from error
    except MemoryError as error:
        raise unreadable(path, "it needs more memory than there is") from error
    except OSError as error:
        if error.filename is None:
            raise unreadable(path, _reason(error)) from error
        # Without the cause, which would show the folder.
        raise unreadable(path, error.strerror or "it cannot be opened") from None
    except BaseException as error:
        # A panic of a decoder in Rust is no Exception. Other such errors (Ctrl-C,
        # exit, a test's time limit) are not for us to swallow.
        panic = type(error).__module__ == "pyo3_runtime"
        if not (panic or isinstance(error, Exception)):
            raise
        raise unreadable(path, _reason(error)) from error


def _reason(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
