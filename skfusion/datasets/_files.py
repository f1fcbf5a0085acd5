"""Files of images on disk: where they are, their header, size and mask."""

import os
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import dcmread

from ..images._formats._decode import unreadable

__all__ = ["files_by_folder", "image_size", "mask_box", "read_header"]

_SUFFIXES = (".dcm", ".dicom", ".png", ".jpg", ".jpeg", ".pgm", ".tif", ".tiff")
_DICOM = (".dcm", ".dicom")


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


def read_header(file):
    """Return the header of a DICOM file, without pixels.

    Parameters
    ----------
    file : Path

    Returns
    -------
    header : pydicom.FileDataset

    Raises
    ------
    ImageReadError
        If it cannot be read. The message gives the name of the file.
    """
    try:
        return dcmread(file, stop_before_pixels=True)
    except Exception as error:
        raise unreadable(file, f"its header cannot be read ({error})") from error


def image_size(file):
    """Return width and height of an image from its header.

    Parameters
    ----------
    file : str or Path

    Returns
    -------
    size : tuple of (width, height)

    Raises
    ------
    ImageReadError
        If it cannot be read. The message gives the name of the file.
    """
    file = Path(file)
    if file.suffix.lower() in _DICOM:
        header = read_header(file)
        return int(header.get("Columns") or 0), int(header.get("Rows") or 0)
    try:
        with Image.open(file) as image:
            return image.size
    except OSError as error:
        raise unreadable(file, "it cannot be opened") from error


def mask_box(file):
    """Return the box around everything bright in a mask.

    It is faster than :func:`~skfusion.datasets._mask_boxes.mask_boxes`, which finds
    each lesion, and a mask saved as JPEG, with its noise, is read as well.

    Parameters
    ----------
    file : Path
        A DICOM file, or a file that Pillow reads.

    Returns
    -------
    box : tuple of (x0, y0, x1, y1) or None
        None if the mask is empty.

    Raises
    ------
    ImageReadError
        If it cannot be read. The message gives the name of the file.
    """
    pixels = _read_pixels(file)
    is_lesion = pixels > pixels.max() / 2
    rows, columns = (np.flatnonzero(is_lesion.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    return tuple(int(x) for x in (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))


def _read_pixels(file):
    try:
        if file.suffix.lower() in _DICOM:
            return dcmread(file).pixel_array
        with Image.open(file) as image:
            return np.asarray(image.convert("L"))
    except Exception as error:
        raise unreadable(file, f"{type(error).__name__} when it was decoded") from error
