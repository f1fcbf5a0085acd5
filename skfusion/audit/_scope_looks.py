"""What new images are compared by, and the limits that training images set."""

import numpy as np
import pandas as pd

from .._validation._columns import IMAGE, MODALITY
from ..images import ImageSource
from ..images._polarity import BRIGHT, border_median
from ..images._size import image_size

__all__ = ["REASONS", "are_outside", "learn_limits", "measure_looks"]

#: Reason for which an image is refused, by the measure that is beyond its limits.
REASONS = {
    "size": "size",
    "aspect": "size",
    "border": "polarity",
    "modality": "modality",
    "distance": "distance",
}
_FACTOR = 1.5  # beyond the range of the training images
_RARE = 0.01  # share of training images on one side of half of white
_SIDE = 64  # pixels, sufficient for the median of the border
_BATCH = 64


def measure_looks(X, isolated):
    """Measure size, shape and border of images.

    Parameters
    ----------
    X : DataFrame of shape (n_images, n_columns), or ndarray
        Validated images: an image table, or pixels.

    isolated : bool
        Whether files are decoded in worker processes.

    Returns
    -------
    looks : DataFrame of shape (n_images, 4)
        ``size``, the square root of the number of pixels of the file; ``aspect``,
        width / height; ``border``, the median of the pixels near the edge, in [0, 1];
        and ``modality``, None where it is not known.

    Raises
    ------
    ImageReadError
        If a file cannot be read.
    """
    source = ImageSource(X, image_size=_SIDE, resize="stretch", isolated=isolated)
    border = np.empty(len(source))
    for start in range(0, len(source), _BATCH):
        rows = np.arange(start, min(start + _BATCH, len(source)))
        border[rows] = [border_median(image.mean(axis=2)) for image in source[rows]]
    width, height = _sizes(X)
    return pd.DataFrame(
        {
            "size": np.sqrt(width * height),
            "aspect": width / height,
            "border": border,
            "modality": _modalities(X),
        }
    )


def _sizes(X):
    """Return the width and the height of each image, of shape (2, n_images)."""
    if not isinstance(X, pd.DataFrame):
        return np.tile(np.array([X.shape[2::-1][:2]], dtype=float).T, len(X))
    sizes = [image_size(path) for path in X[IMAGE]]
    return np.array([(np.nan,) * 2 if s is None else s for s in sizes], float).T


def _modalities(X):
    if not isinstance(X, pd.DataFrame) or MODALITY not in X.columns:
        return None
    values = X[MODALITY].astype(object).to_numpy()
    return np.where(pd.isna(values) | (values == ""), None, values)


def learn_limits(looks):
    """Learn the limits beyond which an image is unlike the training images.

    Parameters
    ----------
    looks : DataFrame
        Result of :func:`measure_looks`.

    Returns
    -------
    limits : DataFrame of shape (3, 2)
        ``low`` and ``high`` of ``size``, ``aspect`` and ``border``.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.audit._scope_looks import learn_limits
    >>> looks = {"size": [90, 120], "aspect": [0.75, 0.9], "border": [0.1, 0.2]}
    >>> learn_limits(pd.DataFrame(looks))
             low    high
    size    60.0  180.00
    aspect   0.5    1.35
    border  -inf    0.50
    """
    shape = looks[["size", "aspect"]]
    limits = pd.DataFrame({"low": shape.min() / _FACTOR, "high": shape.max() * _FACTOR})
    bright = (looks["border"] > BRIGHT).mean()
    low = BRIGHT if 1 - bright < _RARE else -np.inf
    high = BRIGHT if bright < _RARE else np.inf
    limits.loc["border"] = [low, high]
    return limits


def are_outside(looks, limits, modalities):
    """Find the measures of each image that are beyond their limits.

    Parameters
    ----------
    looks : DataFrame of shape (n_images, n_measures)
        With every measure of `limits`, and ``modality``.

    limits : DataFrame of shape (n_measures, 2)

    modalities : list of str
        Modalities of the training images. If empty, no modality is refused.

    Returns
    -------
    outside : DataFrame of shape (n_images, n_measures + 1), dtype bool
    """
    outside = pd.DataFrame(
        {
            name: (looks[name] < limits.loc[name, "low"])
            | (looks[name] > limits.loc[name, "high"])
            for name in limits.index
        }
    )
    known = looks["modality"].notna() & bool(modalities)
    return outside.assign(modality=known & ~looks["modality"].isin(modalities))
