"""Mammograms whose polarity is inverted in their file."""

import numpy as np

from ._finding import findings_of

__all__ = ["find_inverted"]

_BRIGHT = 0.5


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
        Of the kind "inverted polarity".
    """
    border = measurements["border_median"].to_numpy()
    known = np.zeros(len(border), bool) if inverted is None else inverted
    is_bright = border > _BRIGHT
    rows = np.flatnonzero((is_bright | known) & (modality == "mammography"))
    return findings_of(
        "inverted polarity",
        rows,
        [_detail(border[row], known[row]) for row in rows],
        ["note" if known[row] and is_bright[row] else "warning" for row in rows],
    )


def _detail(border, is_known):
    if not border > _BRIGHT:
        return f"the column 'inverted' is true, but the border is {border:.2f}"
    corrected = ", corrected by the column 'inverted'" if is_known else ""
    return f"the border is {border:.2f} of white{corrected}"
