"""Mammograms whose polarity is inverted in their file."""

import numpy as np
import pandas as pd

from ..images._polarity import BRIGHT
from ._finding import findings_of

__all__ = ["find_inverted", "is_bright"]

_DETAIL = {
    False: "the border is {:.2f} of white",
    True: "marked as inverted, but the border is {:.2f}",
}


def is_bright(measurements):
    """Return whether the border of each image is brighter than half of white.

    Parameters
    ----------
    measurements : DataFrame
        Result of ``measure_images``.

    Returns
    -------
    is_bright : ndarray of shape (n_images,), dtype bool
    """
    return measurements["air"].to_numpy() > BRIGHT


def find_inverted(measurements, modality, inverted):
    """Find mammograms with a bright border, which is air and should be black.

    Parameters
    ----------
    measurements : DataFrame
        Result of ``measure_images``.

    modality : ndarray of shape (n_images,) or None
        Only the rows of mammography are examined.

    inverted : ndarray of shape (n_images,), dtype bool, or None
        The column ``inverted`` of X, which corrects an image when it is read.

    Returns
    -------
    findings : DataFrame
        Of the kinds "inverted polarity", also where the column is wrong, and "corrected
        polarity".
    """
    border = measurements["air"].to_numpy()
    known = np.zeros(len(border), bool) if inverted is None else inverted
    bright = is_bright(measurements)
    is_mammogram = np.asarray(modality == "mammography") & np.isfinite(border)
    wrong = np.flatnonzero(is_mammogram & (bright != known))
    corrected = np.flatnonzero(is_mammogram & bright & known)
    details = [_DETAIL[bool(known[row])].format(border[row]) for row in wrong]
    notes = [_DETAIL[False].format(border[row]) for row in corrected]
    return pd.concat(
        [
            findings_of("inverted polarity", wrong, details, "warning"),
            findings_of("corrected polarity", corrected, notes, "note"),
        ]
    )
