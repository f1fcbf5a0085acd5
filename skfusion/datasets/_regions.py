"""The column ``region`` of a data set that has masks of its lesions."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import pandas as pd

from .._validation._boxes import box_around, box_text
from .._validation._columns import IMAGE, REGION
from .._validation._private import StrOptions
from ..exceptions import DataQualityWarning, ImageReadError, warn_user
from ._mask_boxes import image_size, mask_boxes

__all__ = ["LESIONS", "add_regions"]

# The constraint of the parameter `lesions` of every loader that reads masks.
LESIONS = [StrOptions({"together", "each"})]
_N_ROWS_NAMED = 10


def add_regions(frame, masks, *, lesions, split_masks=False):
    """Add the column ``region``, the boxes of the lesions in the masks.

    Masks are read in threads. Call it after all rows that are left out are gone: their
    masks are then not read, and the rows in the warning are rows of the result.

    Parameters
    ----------
    frame : DataFrame of n_images rows
        The column ``image`` holds paths.

    masks : list of n_images lists of path-like
        The files of the masks of each image, one or more lesions each. None if the
        image has no lesion; an empty list if it has one, but no mask.

    lesions : {"together", "each"}
        Whether an image is one row, with one box around its lesions, or each lesion
        is a row, from the largest to the smallest of an image.

    split_masks : bool, default=False
        Whether parts of a mask that do not touch are lesions of their own. Otherwise, a
        file is one lesion.

    Returns
    -------
    frame : DataFrame of n_images or n_lesions rows
        Rows 0, 1, 2 ... with the column ``region``: None for an image without a lesion,
        and where a mask cannot be used.

    Warns
    -----
    DataQualityWarning
        If a mask is missing, empty, unreadable or of another size than its image. One
        such mask makes the box around all lesions of the image unknown, too.
    """
    jobs = list(zip(frame[IMAGE], masks, strict=True))
    with ThreadPoolExecutor(joblib.cpu_count()) as pool:
        found = list(pool.map(lambda job: _find_lesions(*job, split_masks), jobs))
    if lesions == "together":
        found = [_together(of_image) for of_image in found]
    rows = [row for row, of_image in enumerate(found) for _ in of_image]
    lesions_found = [lesion for of_image in found for lesion in of_image]
    _warn_about_masks([problem for _, problem in lesions_found])
    texts = [None if box is None else box_text(*box) for box, _ in lesions_found]
    frame = frame.iloc[rows].reset_index(drop=True)
    return frame.assign(**{REGION: pd.Series(texts, dtype=object)})


def _find_lesions(image, masks, split_masks):
    """Return a box and a problem, one of them None, for each lesion of an image."""
    if masks is None:
        return [(None, None)]
    if not masks:
        return [(None, "is missing")]
    try:
        size = image_size(image)
    except Exception:  # a damaged file may raise any error
        return [(None, "belongs to an unreadable image")]
    lesions = []
    for mask in masks:
        lesions += _read_lesions(mask, size, split_masks)
    return sorted(lesions, key=_area, reverse=True)


def _read_lesions(mask, image_size, split_masks):
    """Return a box and a problem for each lesion of a mask."""
    if not Path(mask).is_file():
        return [(None, "is missing")]
    try:
        boxes, size = mask_boxes(mask)
    except ImageReadError:
        return [(None, "is unreadable")]
    if size != image_size:
        return [(None, "has another size than its image")]
    if not boxes:
        return [(None, "is empty")]
    return [(box, None) for box in (boxes if split_masks else [box_around(boxes)])]


def _area(lesion):
    """Return the area of the box of a lesion; an unknown box is last."""
    box, _ = lesion
    return -1 if box is None else (box[2] - box[0]) * (box[3] - box[1])


def _together(lesions):
    """Return the lesions of an image as one, unknown if one of them is."""
    problems = [problem for _, problem in lesions if problem is not None]
    if problems:
        return [(None, problems[0])]
    boxes = [box for box, _ in lesions if box is not None]
    return [(box_around(boxes) if boxes else None, None)]


def _warn_about_masks(problems):
    """Warn of the rows whose region is missing because of a mask."""
    found = pd.Series(problems, dtype=object).dropna()
    if found.empty:
        return
    kinds = [
        f"its mask {problem} ({_list(rows.index)})"
        for problem, rows in found.groupby(found)
    ]
    warn_user(
        f"The region of {len(found)} of {len(problems)} rows is missing (None), "
        f"although the images have lesions: {'; '.join(kinds)}. Leave these rows out "
        "to work with regions; where files are missing, unpack the publisher's archive "
        "again.",
        DataQualityWarning,
    )


def _list(rows):
    """Return the number of rows and the first of them as text."""
    text = ", ".join(str(row) for row in rows[:_N_ROWS_NAMED])
    more = ", ..." if len(rows) > _N_ROWS_NAMED else ""
    return f"{len(rows)}: row{'s' * (len(rows) > 1)} {text}{more}"
