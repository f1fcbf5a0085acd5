"""Files of images on disk."""

import os
from collections import defaultdict
from pathlib import Path

__all__ = ["files_by_folder"]

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
