"""The share of a map that lies in a region."""

from numbers import Real

import numpy as np

from .._validation._boxes import parse_boxes
from .._validation._private import Interval, validate_params

__all__ = ["mass_inside"]


@validate_params(
    {
        "saliency_map": ["array-like"],
        "region": ["array-like", str],
        "enlarge": [Interval(Real, 0, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def mass_inside(saliency_map, region, *, enlarge=0.0):
    """Compute the share of a map that lies in a region, such as a lesion.

    A map that is the same everywhere has the share of the area of the region: compare
    the two.

    Read more in the :ref:`User Guide <saliency>`.

    Parameters
    ----------
    saliency_map : array-like of shape (height, width)
        Map of :func:`saliency`, at least 0.

    region : str, tuple or array-like of bool of shape (height, width)
        A box, ``"x0,y0,x1,y1"`` or ``(x0, y0, x1, y1)`` in pixels of the image, as in
        the column ``region`` of X; or a mask of the image.

    enlarge : float, default=0.0
        Fraction by which the sides of a box are longer. 0.25 adds an eighth of the side
        at each edge. It has no effect on a mask.

    Returns
    -------
    share : float
        In [0, 1]; NaN for a map of zeros.

    Raises
    ------
    ValueError
        If the map has other than 2 axes, the mask has another shape than the map, or
        the box is not known or none.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.inspection import mass_inside
    >>> saliency_map = np.zeros((4, 4))
    >>> saliency_map[1, 1], saliency_map[3, 3] = 3, 1
    >>> mass_inside(saliency_map, "0,0,2,2")
    0.75
    >>> mass_inside(np.ones((4, 4)), "1,1,3,3", enlarge=1)
    1.0
    """
    saliency_map = np.asarray(saliency_map, dtype=np.float64)
    if saliency_map.ndim != 2:
        raise ValueError(
            "Expected a map of shape (height, width). Got an array of shape "
            f"{saliency_map.shape!r}."
        )
    if isinstance(region, str):
        (region,) = parse_boxes([region])
    region = np.asarray(region)
    if region.shape == (4,):
        region = _box_mask(region.astype(np.float64), enlarge, saliency_map.shape)
    if region.shape != saliency_map.shape:
        raise ValueError(
            f"Expected a box, or a mask of the shape {saliency_map.shape!r} of the "
            f"map. Got an array of shape {region.shape!r}."
        )
    total = saliency_map.sum()
    return float(saliency_map[region.astype(bool)].sum() / total) if total else np.nan


def _box_mask(box, enlarge, shape):
    """Return the mask of an enlarged box, rounded outwards to whole pixels."""
    x0, y0, x1, y1 = box
    if not (x0 < x1 and y0 < y1):  # also where one is NaN
        raise ValueError(
            "Expected a box x0, y0, x1, y1 with x0 < x1 and y0 < y1. Got "
            f"{tuple(box.tolist())!r}: leave out images without a box."
        )
    x, y = enlarge / 2 * (x1 - x0), enlarge / 2 * (y1 - y0)
    left, top = (max(0, int(np.floor(edge))) for edge in (x0 - x, y0 - y))
    right, bottom = (max(0, int(np.ceil(edge))) for edge in (x1 + x, y1 + y))
    mask = np.zeros(shape, dtype=bool)
    mask[top:bottom, left:right] = True
    return mask
