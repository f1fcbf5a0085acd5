"""Files of images on disk."""

import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np

from ..images._size import image_size

__all__ = ["files_by_folder", "have_another_size"]

_SUFFIXES = (".dcm", ".dicom", ".png", ".jpg", ".jpeg", ".pgm", ".tif", ".tiff")


def files_by_folder(folder):
    """Return the image files below a folder by the name of every folder they are in.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    files : dict of str to list of Path
        Sorted. A file is listed under each folder between `folder` and itself.
    """
    files = defaultdict(list)
    for parent, folders, names in os.walk(folder):
        folders.sort()
        parts = Path(parent).relative_to(folder).parts
        for name in sorted(names):
            if name.lower().endswith(_SUFFIXES) and not name.startswith("."):
                for part in parts:
                    files[part].append(Path(parent, name))
    return dict(files)


def have_another_size(images, widths, heights):
    """Find the images of another size than a table states, such as resized copies.

    The headers are read in threads. An image whose header cannot be read is not found
    here: it raises an error when it is decoded.

    Parameters
    ----------
    images : sequence of str
        Paths.

    widths, heights : sequence of int
        Size of each image in the table.

    Returns
    -------
    is_other : ndarray of shape (n_images,), dtype bool
    """
    with ThreadPoolExecutor(joblib.cpu_count()) as pool:
        sizes = list(pool.map(image_size, images))
    stated = zip(widths, heights, strict=True)
    pairs = zip(sizes, stated, strict=True)
    return np.array([size not in (None, own) for size, own in pairs], dtype=bool)
