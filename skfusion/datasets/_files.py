"""Files of images on disk: where they are, and their headers."""

import os
from collections import defaultdict
from pathlib import Path

from pydicom import dcmread

from ..images._formats._decode import unreadable

__all__ = ["files_by_folder", "read_header"]

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
