"""Read the pixels of a file as they are stored, with their colours."""

from pathlib import Path

import numpy as np

from ._formats._decode import decode_pixels
from ._formats._signatures import is_compressed_dicom
from ._pixel_share import PixelShare
from ._read import read_shared
from ._size import image_size
from ._worker_pool import can_isolate

__all__ = ["read_colour", "read_pixels"]


def read_pixels(path, min_side):
    """Read one file in 8 bits with its colours, or in grey where it has more bits.

    Parameters
    ----------
    path : str or path-like
        The file.

    min_side : int
        Smallest side, in pixels, that is sufficient where a file has several
        resolutions, as in :func:`~skfusion.images.read_image`.

    Returns
    -------
    pixels : ndarray of shape (H, W, 3) or (H, W)
        uint8 in [0, 255] for images of 8 bits, in RGB if the file may hold colours;
        otherwise, and for DICOM, float32 in [0, 1], grey.

    size : tuple of (height, width)
        Size of the image in its file, which may be larger.

    Raises
    ------
    ImageReadError
        If the file cannot be read.
    """
    path = Path(path)
    with PixelShare() as share:
        pixels = decode_pixels(path, share.take)
        if pixels is not None:
            return pixels, pixels.shape[:2]
        # A decoder of compressed DICOM may abort the process, and holds Python's lock.
        isolated = is_compressed_dicom(path) and can_isolate()
        grey = read_shared(path, 0, min_side, isolated, share)
        size = image_size(path)  # as (width, height)
        return grey, (size[::-1] if size else grey.shape)


def read_colour(path):
    """Return the colours of a file that :func:`~skfusion.images.read_image` has read.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    colour : ndarray of shape (H, W, 3), dtype uint8, or None
        None if the file is grey, has more than 8 bits, or is PPM or DICOM.

    Raises
    ------
    ImageReadError
        If the file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> from skfusion.images._pixels import read_colour
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.png"
    ...     Image.new("RGB", (1, 1), (200, 100, 50)).save(path)
    ...     read_colour(path).tolist()
    [[[200, 100, 50]]]
    """
    # The reader of the grey image still holds its share, and would wait for itself.
    pixels = decode_pixels(Path(path), admit=lambda n_pixels: None)
    is_colour = pixels is not None and pixels.ndim == 3 and pixels.dtype == np.uint8
    return pixels if is_colour else None
