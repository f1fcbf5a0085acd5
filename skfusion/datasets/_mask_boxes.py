"""Boxes of the lesions in a mask."""

import numpy as np
from PIL import Image
from scipy.ndimage import find_objects, label

__all__ = ["mask_boxes"]

_NEIGHBOURS = np.ones((3, 3))  # also diagonal ones
# Smaller parts beside a larger one are specks. Six masks of BUSI have one, of 1 to 5
# pixels; the smallest part that BUS-UCLM draws as a lesion has 175 pixels at 320 x 227.
_MIN_PIXELS = 10


def mask_boxes(mask):
    """Return the box of each lesion in a mask, the largest first.

    Parameters
    ----------
    mask : str, Path or ndarray of shape (H, W[, n_channels])
        File of any mode that Pillow reads, or its pixels. Transparency is ignored, and
        every pixel that is not 0 belongs to a lesion.

    Returns
    -------
    boxes : list of tuple of (x0, y0, x1, y1)
        In pixels of the mask; x1 and y1 are exclusive. Connected pixels are one
        lesion; fewer than 10 of them beside a larger lesion are a speck, which is left
        out. Empty if the mask is empty.

    size : tuple of (width, height)
        Size of the mask in pixels, which should be that of the image.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.datasets._mask_boxes import mask_boxes
    >>> mask = np.zeros((20, 30), dtype=bool)
    >>> mask[5:9, 10:18] = True
    >>> mask_boxes(mask)
    ([(10, 5, 18, 9)], (30, 20))
    """
    pixels = mask if isinstance(mask, np.ndarray) else _read_mask(mask)
    if pixels.ndim == 3:
        pixels = pixels.any(axis=-1)
    regions, _ = label(pixels != 0, structure=_NEIGHBOURS)
    n_pixels = np.bincount(regions.ravel(), minlength=1)[1:]
    slices = find_objects(regions)
    largest_first = np.argsort(-n_pixels, kind="stable")
    kept = [i for i in largest_first if n_pixels[i] >= _MIN_PIXELS]
    boxes = [_box(*slices[i]) for i in kept or largest_first[:1]]
    return boxes, pixels.shape[::-1]


def _read_mask(file):
    with Image.open(file) as image:
        if image.mode in ("LA", "RGBA", "PA", "P"):
            image = image.convert("RGB")
        return np.asarray(image)


def _box(rows, columns):
    return tuple(int(x) for x in (columns.start, rows.start, columns.stop, rows.stop))
