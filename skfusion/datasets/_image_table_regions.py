"""Boxes of the lesions of a user's table."""

import re
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pandas as pd

from .._validation._boxes import box_around, box_text, is_within, parse_boxes
from ..exceptions import DataQualityWarning, warn_user
from ._image_table_files import find_files
from ._image_table_problems import ROWS_COUNT, name_rows
from ._image_table_values import is_filled
from ._mask_boxes import mask_boxes

__all__ = ["read_regions", "require_edges"]

_NO_BOX = (
    "Write x0,y0,x1,y1 in pixels, with x0 < x1 and y0 < y1, or nothing. If the boxes "
    "are x, y, width, height, compute x1 = x + width and y1 = y + height."
)
_SIZE = re.compile(r"(.*[^a-z])?[wh]|.*(width|height)", re.IGNORECASE)


def require_edges(columns):
    """Raise a ValueError unless there are four columns, named like edges.

    Parameters
    ----------
    columns : list or tuple of str
        Names of the columns, of which the last two must not be a width and a height.
    """
    if len(columns) != 4:
        raise ValueError(
            "Expected one column or the four columns of x0, y0, x1 and y1 as region. "
            f"Got {len(columns)} columns."
        )
    x, y, width, height = columns
    if any(_SIZE.fullmatch(str(name).strip()) for name in (width, height)):
        raise ValueError(
            "Expected the four columns of the edges x0, y0, x1 and y1 as region. Got "
            f"{list(columns)!r}, the last two of which look like a width and a height. "
            f'Write table["x1"] = table["{x}"] + table["{width}"] and table["y1"] = '
            f'table["{y}"] + table["{height}"], pass the DataFrame table, and '
            f'region=["{x}", "{y}", "x1", "y1"].'
        )


def read_regions(columns, folder, sizes, problems):
    """Return the box of each row, from one column or four.

    Parameters
    ----------
    columns : DataFrame of one or four columns
        Text "x0,y0,x1,y1" or paths of masks; or the four edges.

    folder : Path
        Folder where relative paths of masks start.

    sizes : Series of tuple of (width, height)
        Sizes of the images; None where they are unknown.

    problems : Problems
        Receives the rows without a box that can be used.

    Returns
    -------
    regions : Series of str
        Text "x0,y0,x1,y1", or None.

    masks : list of str
        Files of masks.

    Warns
    -----
    DataQualityWarning
        If a mask is empty.
    """
    if columns.shape[1] == 4:
        boxes, masks = _boxes_of_edges(columns, problems), pd.Series(dtype=object)
    else:
        boxes, masks = _boxes_of_one(columns.iloc[:, 0], folder, sizes, problems)
    _check_edges(boxes.dropna(), sizes, problems)
    texts = [None if box is None else box_text(*box) for box in boxes]
    return pd.Series(texts, index=columns.index, dtype=object), masks.tolist()


def _boxes_of_edges(edges, problems):
    numbers = edges.apply(pd.to_numeric, errors="coerce")
    x0, y0, x1, y1 = (numbers.iloc[:, i] for i in range(4))
    is_box = np.isfinite(numbers).all(axis=1) & (x0 < x1) & (y0 < y1)
    given = edges.apply(is_filled).any(axis=1)
    problems.add(edges.index[given & ~is_box], "no box of four edges", _NO_BOX)
    boxes = [
        tuple(row) if good else None
        for row, good in zip(numbers.to_numpy(), is_box, strict=True)
    ]
    return pd.Series(boxes, index=edges.index, dtype=object)


def _boxes_of_one(values, folder, sizes, problems):
    """Return boxes of text and of masks, and the files of the masks."""
    boxes = pd.Series([_parse(value) for value in values], values.index, dtype=object)
    others = values[boxes.isna() & is_filled(values)]
    files = find_files(others, folder)
    problems.add(
        files.index[files.isna()],
        "neither a box nor the file of a mask",
        _NO_BOX,
    )
    masks = files.dropna()
    boxes[masks.index] = _read_masks(masks, sizes, problems)
    return boxes, masks


def _parse(value):
    try:
        box = parse_boxes([value])[0]
    except ValueError:
        return None
    return None if pd.isna(box).any() else tuple(box)


def _read_masks(masks, sizes, problems):
    """Return the box around the lesions of each mask, or None."""
    with ThreadPoolExecutor(joblib.cpu_count()) as pool:
        read = pd.Series(list(pool.map(_read_mask, masks)), masks.index, dtype=object)
    problems.add(
        read.index[read.isna()],
        "a mask that cannot be read",
        "Replace the mask, or leave its cell empty.",
    )
    read = read.dropna()
    other = [
        row
        for row, (_, size) in read.items()
        if sizes[row] is not None and size != sizes[row]
    ]
    remedy = "Replace the mask, or leave its cell empty."
    problems.add(other, "a mask of another size than its image", remedy)
    empty = [row for row, (boxes, _) in read.items() if not boxes]
    if empty:
        warn_user(
            f"{len(empty)} masks are empty, so that the region is missing: "
            f"{name_rows(empty)} ({ROWS_COUNT}). Replace them if these images have a "
            "lesion.",
            DataQualityWarning,
        )
    boxes = [
        box_around(read[row][0]) if row in read.index and read[row][0] else None
        for row in masks.index
    ]
    return pd.Series(boxes, index=masks.index, dtype=object)


def _read_mask(file):
    try:
        return mask_boxes(file)
    except Exception:  # a damaged file raises errors of many classes
        return None


def _check_edges(boxes, sizes, problems):
    """Note the boxes that do not lie within their image, if its size is known."""
    outside = [
        row
        for row, box in boxes.items()
        if sizes[row] is not None and not is_within(box, *sizes[row])
    ]
    problems.add(
        outside,
        "a box beyond the edge of its image",
        "Boxes are x0,y0,x1,y1 (not width and height) in pixels of the file, from its "
        "upper left corner.",
    )
