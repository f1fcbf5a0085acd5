"""The colours of an image file."""

from pathlib import Path

import numpy as np
from PIL import Image

from ._formats._signatures import HEAD_BYTES, recognise_format

__all__ = ["read_colour"]

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP")
_COLOURS = ("RGB", "RGBA", "RGBX", "P", "PA", "CMYK", "YCbCr")


def read_colour(path):
    """Return the colours of a file that :func:`~skfusion.images.read_image` has read.

    Parameters
    ----------
    path : str or Path
        The file. Its size is not checked here.

    Returns
    -------
    colour : ndarray of shape (H, W, 3), dtype uint8, or None
        None if the file is grey, has more than 8 bits, or is DICOM.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skfusion.images._colour import read_colour
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.png"
    ...     Image.new("RGB", (1, 1), (200, 100, 50)).save(path)
    ...     read_colour(path).tolist()
    [[[200, 100, 50]]]
    """
    with Path(path).open("rb") as file:
        image_format = recognise_format(file.read(HEAD_BYTES))
        if image_format not in _FORMATS:
            return None
        file.seek(0)
        with Image.open(file, formats=[image_format]) as image:
            if image.mode not in _COLOURS:
                return None
            return np.asarray(image.convert("RGB"))
