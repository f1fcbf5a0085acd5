"""Size of an image from the header of its file."""

from pathlib import Path

from PIL import Image

from ._formats._signatures import HEAD_BYTES, check_size, recognise_format
from ._scan import read_dicom_header

__all__ = ["image_size", "is_image"]


def image_size(path):
    """Return the size of an image from its header; no pixel is decoded.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    size : tuple of (width, height) or None
        None if the file cannot be opened, is not an image of a supported format, or
        declares a size that no image may have.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skfusion.images._size import image_size
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "image"
    ...     _ = path.write_bytes(b"P5 4 3 255 ")
    ...     size = image_size(path)
    >>> size
    (4, 3)
    """
    path = Path(path)
    try:
        image_format = _format_of(path)
        if image_format is None:
            return None
        if image_format == "DICOM":
            header = read_dicom_header(path)
            size = int(header.Columns), int(header.Rows)
        else:
            with Image.open(path, formats=[image_format]) as image:
                size = image.size
        check_size(size[1], size[0])
    except Exception:  # a damaged header raises errors of many classes
        return None
    return size


def is_image(path):
    """Return whether a file begins like an image of a supported format.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    is_image : bool
        False if the file cannot be opened.
    """
    try:
        return _format_of(Path(path)) is not None
    except OSError:
        return False


def _format_of(path):
    if not path.is_file():  # opening a pipe would wait for its other end
        return None
    with path.open("rb") as file:
        return recognise_format(file.read(HEAD_BYTES))
