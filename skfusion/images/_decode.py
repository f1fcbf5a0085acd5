"""Decode one image file in this process, with one kind of error for everything."""

from contextlib import contextmanager

from ..exceptions import ImageReadError
from ._dicom import read_dicom
from ._headers import image_kind
from ._raster import read_raster

__all__ = ["decode", "unreadable"]


def decode(path, frame, min_side=None):
    """Read a file and decode one of its frames.

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
    data = _read_bytes(path)
    with _naming(path):
        kind = image_kind(data[:132])
        if not data:
            raise ImageReadError("it is empty")
        if kind is None:
            raise ImageReadError("its content is none of these")
        if kind == "DICOM":
            return read_dicom(data, frame, min_side)
        return read_raster(data, kind, frame)


def _read_bytes(path):
    try:
        if not path.exists():
            raise unreadable(path, "there is no such file")
        if not path.is_file():
            raise unreadable(path, "it is not a file")
        return path.read_bytes()
    except OSError as error:
        # Without the cause, which would show the folder.
        raise unreadable(path, error.strerror or "it cannot be opened") from None


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
    >>> from skfusion.images._decode import unreadable
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
    except BaseException as error:
        # A panic of a decoder in Rust is no Exception. Other such errors (Ctrl-C,
        # exit, a test's time limit) are not for us to swallow.
        panic = type(error).__module__ == "pyo3_runtime"
        if not (panic or isinstance(error, Exception)):
            raise
        reason = " ".join(str(error).split())[:300]
        raise unreadable(path, f"{type(error).__name__}: {reason}") from error
