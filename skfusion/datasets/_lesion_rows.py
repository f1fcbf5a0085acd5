"""One row per lesion, or one row per image with one box around all its lesions."""

import numpy as np
import pandas as pd

from .._validation._boxes import box_text, parse_boxes
from .._validation._columns import IMAGE, REGION

__all__ = ["arrange_lesions"]


def arrange_lesions(frame, is_lesion, lesions):
    """Return the table of a loader with one row per lesion or per image.

    Parameters
    ----------
    frame : DataFrame of n_lesions rows
        One row per lesion, or for an image without one, with ``image``, ``region`` and
        ``target``.

    is_lesion : Series of bool
        Whether the row is a lesion.

    lesions : {"together", "each"}
        Whether the lesions of an image share one row. Its region is a box around all
        of them, missing if the box of one of them is, its target the largest one, and
        its other columns are those of the first lesion with that target. Their number
        is the column ``n_lesions``.

    Returns
    -------
    frame : DataFrame

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.datasets._lesion_rows import arrange_lesions
    >>> frame = pd.DataFrame(
    ...     {
    ...         "image": ["a.png", "a.png"],
    ...         "target": [0, 1],
    ...         "region": ["10,10,20,20", "50,5,60,15"],
    ...         "shape": ["round", "irregular"],
    ...     }
    ... )
    >>> arrange_lesions(frame, pd.Series([True, True]), "together").T[1]
    image               a.png
    target                  1
    region         10,5,60,20
    shape           irregular
    n_lesions               2
    Name: 1, dtype: object
    """
    if lesions == "each":
        return frame
    frame = frame.assign(n_lesions=is_lesion.astype("int64"))
    number = frame.groupby(IMAGE)["n_lesions"].sum()
    around = _boxes_around(frame, is_lesion)
    # A stable sort keeps the order of the table among lesions of one target.
    first = frame.sort_values("target", ascending=False, kind="stable")
    first = first.drop_duplicates(IMAGE)
    order = pd.Categorical(first[IMAGE], frame[IMAGE].unique())
    first = first.iloc[np.argsort(order.codes, kind="stable")]
    region = [around.get(image) for image in first[IMAGE]]
    return first.assign(
        n_lesions=first[IMAGE].map(number),
        **{REGION: pd.Series(region, index=first.index, dtype=object)},
    )


def _boxes_around(frame, is_lesion):
    """Return the text of the box around all boxes of each image that has them."""
    edges = pd.DataFrame(parse_boxes(frame[REGION]), columns=["x0", "y0", "x1", "y1"])
    image = frame[IMAGE].to_numpy()
    unknown = edges["x0"].isna().to_numpy() & is_lesion.to_numpy()
    edges = edges.groupby(image).agg(
        {"x0": "min", "y0": "min", "x1": "max", "y1": "max"}
    )
    edges = edges.drop(index=set(image[unknown])).dropna()
    return {row.Index: box_text(*row[1:]) for row in edges.itertuples()}
