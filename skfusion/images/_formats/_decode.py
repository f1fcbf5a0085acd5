"""Decode one image file in this process, and raise the same error for all failures."""

import os
from contextlib import contextmanager
from io import BufferedReader, UnsupportedOperation

from ...exceptions import ImageReadError
from ._dicom import read_dicom
from ._raster import read_raster, read_raster_pixels
from ._signatures import HEAD_BYTES, check_file_size, recognise_format

__all__ = ["decode", "decode_pixels", "unreadable"]


def decode(path, frame, min_side, admit):
    """Read a file and decode one of its frames.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    frame : int
        Index of the frame.

    min_side : int or None
        Smallest side, in pixels, that is sufficient.

    admit : callable
        Called with the number of pixels before they are decoded. It may wait.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]

    Raises
    ------
    ImageReadError
        For every failure; the message gives the name of the file.
    """
    with _naming(path), _open(path) as file:
        image_format = _find_format(file)
        if image_format == "DICOM":
            return read_dicom(file.read(), frame, min_side, admit)
        with _Stream(file) as stream:
            return read_raster(stream, image_format, frame, admit)


def decode_pixels(path, admit):
    """Read a file and decode its first frame, with its colours if it has some.

    Parameters
    ----------
    path, admit
        The same as in :func:`decode`.

    Returns
    -------
    pixels : ndarray of shape (H, W, 3) or (H, W), or None
        See :func:`~skfusion.images._formats._raster.read_raster_pixels`. None for a
        DICOM file, which is not decoded.

    Raises
    ------
    ImageReadError
        For every failure; the message gives the name of the file.
    """
    with _naming(path), _open(path) as file:
        image_format = _find_format(file)
        if image_format == "DICOM":
            return None
        with _Stream(file) as stream:
            return read_raster_pixels(stream, image_format, admit)


def _find_format(file):
    """Return the format of a file, which is left at its beginning."""
    image_format = _recognise(file.read(HEAD_BYTES))
    check_file_size(os.fstat(file.fileno()).st_size, image_format)
    file.seek(0)
    return image_format


def _open(path):
    if not path.exists():
        raise ImageReadError("the file does not exist")
    if not path.is_file():  # opening a pipe would wait for its other end
        raise ImageReadError("it is not a file")
    # A buffered file would be copied when its buffer is joined to the rest.
    return path.open("rb", buffering=0)


class _Stream(BufferedReader):
    """A file that hides its path and descriptor from Pillow.

    Pillow would show the path in its messages. With the descriptor, libtiff would map
    the file into memory, and the process would crash if the file became shorter.
    """

    def __repr__(self):
        return "<file>"

    def fileno(self):
        raise UnsupportedOperation


def _recognise(head):
    if not head:
        raise ImageReadError("it is empty")
    image_format = recognise_format(head)
    if image_format is None:
        raise ImageReadError("its content is none of these formats")
    return image_format


def unreadable(path, reason):
    """Return the error for a file that could not be read.

    Parameters
    ----------
    path : pathlib.Path
        The file. The message contains only its last component.

    reason : str
        The reason of the failure, without a full stop.

    Returns
    -------
    error : ImageReadError

    Examples
    --------
    >>> from pathlib import Path
    >>> from skfusion.images._formats._decode import unreadable
    >>> unreadable(Path("Doe, Jane") / "1.png", "it is empty")
    ImageReadError("Expected a PNG, JPEG, PGM, TIFF, BMP or DICOM image, got '1.png':
    it is empty. Check the path, replace the file by a complete copy, or leave it
    out.")
    """
    return ImageReadError(
        "Expected a PNG, JPEG, PGM, TIFF, BMP or DICOM image, got "
        f"{path.name!r}: {reason}. Check the path, replace the file by a complete "
        "copy, or leave it out."
    )


@contextmanager
def _naming(path):
    """Convert every error of a decoder to an ImageReadError that names the file."""
    try:
        yield
    except ImageReadError as error:
        raise unreadable(path, str(error)) from error
    except MemoryError as error:
        raise unreadable(path, "it needs more memory than available") from error
    except OSError as error:
        if error.filename is None:
            raise unreadable(path, _reason(error)) from error
        # The cause is not shown, because it contains the folder.
        raise unreadable(path, error.strerror or "it cannot be opened") from None
    except BaseException as error:
        # A panic of a decoder in Rust is not an Exception. Other errors of this type
        # (Ctrl-C, exit, the time limit of a test) must be raised.
        panic = type(error).__module__ == "pyo3_runtime"
        if not (panic or isinstance(error, Exception)):
            raise
        raise unreadable(path, _reason(error)) from error


def _reason(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
