"""Boxes of the lesions in a mask."""

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from pydicom import dcmread
from scipy.ndimage import find_objects, label

from ..images import read_image

__all__ = ["image_size", "mask_boxes"]

_NEIGHBOURS = np.ones((3, 3))  # also diagonal ones
# Smaller parts beside a larger one are specks. Six masks of BUSI have one, of 1 to 5
# pixels; the smallest part that BUS-UCLM draws as a lesion has 175 pixels at 320 x 227.
_MIN_PIXELS = 10


def mask_boxes(mask):
    """Return the box of each lesion in a mask, the largest lesion first.

    Parameters
    ----------
    mask : str, Path or ndarray of shape (H, W[, n_channels])
        File that :func:`~skfusion.images.read_image` reads, or its pixels. Every pixel
        that is not 0 belongs to a lesion; in a JPEG file, whose compression adds faint
        pixels, every pixel above half of the range. Transparency in a file is ignored.

    Returns
    -------
    boxes : list of tuple of (x0, y0, x1, y1)
        In pixels of the mask; x1 and y1 are exclusive. Connected pixels are one
        lesion; fewer than 10 of them beside a larger lesion are a speck, which is left
        out. Empty if the mask is empty.

    size : tuple of (width, height)
        Size of the mask in pixels, which should be that of the image.

    Raises
    ------
    skfusion.exceptions.ImageReadError
        If the file cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.datasets._mask_boxes import mask_boxes
    >>> mask = np.zeros((20, 30), dtype=bool)
    >>> mask[5:9, 10:18] = True
    >>> mask[15, 2] = True  # a speck
    >>> mask_boxes(mask)
    ([(10, 5, 18, 9)], (30, 20))
    """
    pixels = mask != 0 if isinstance(mask, np.ndarray) else _read_mask(mask)
    if pixels.ndim == 3:
        pixels = pixels.any(axis=-1)
    height, width = pixels.shape
    rows, columns = pixels.any(axis=1).nonzero()[0], pixels.any(axis=0).nonzero()[0]
    if not len(rows):
        return [], (width, height)
    # Labelling the smallest box around all of them takes a fraction of the time.
    top, left = int(rows[0]), int(columns[0])
    parts = _parts(pixels[top : rows[-1] + 1, left : columns[-1] + 1])
    return [_box(*part, top, left) for part in parts], (width, height)


def image_size(path):
    """Return the width and height in the header of an image file.

    Parameters
    ----------
    path : str or Path
        File of any format that Pillow or pydicom reads.

    Returns
    -------
    size : tuple of (width, height)
    """
    try:
        with Image.open(path) as image:
            return image.size
    except UnidentifiedImageError:
        header = dcmread(path, stop_before_pixels=True)
        return header.Columns, header.Rows


def _read_mask(file):
    is_jpeg = Path(file).suffix.lower() in (".jpg", ".jpeg")
    return read_image(file) > (0.5 if is_jpeg else 0)


def _parts(pixels):
    """Return the slices of the connected parts, the largest first, without specks."""
    regions, _ = label(pixels, structure=_NEIGHBOURS)
    n_pixels = np.bincount(regions.ravel())[1:]
    slices = find_objects(regions)
    largest_first = np.argsort(-n_pixels, kind="stable")
    kept = [part for part in largest_first if n_pixels[part] >= _MIN_PIXELS]
    return [slices[part] for part in kept or largest_first[:1]]


def _box(rows, columns, top, left):
    return left + columns.start, top + rows.start, left + columns.stop, top + rows.stop
