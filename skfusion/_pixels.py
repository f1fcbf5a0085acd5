"""What pixels must be like for a pretrained network."""

import warnings

import numpy as np
import pandas as pd

from .exceptions import DataQualityWarning

_SCALE_SAMPLE = 32
_MOST_PLAUSIBLE = 10


def check_channels(n_channels, estimator):
    """Raise a ValueError unless a pretrained network can see so many channels.

    Parameters
    ----------
    n_channels : int
        1 (repeated) or 3.

    estimator : estimator
        For its name.
    """
    if n_channels not in (1, 3):
        raise ValueError(
            f"{type(estimator).__name__} expects images with 1 or 3 channels, on the "
            f"last axis. Got {n_channels!r} instead. Move the channels to the last "
            "axis with numpy.moveaxis, or choose three of them."
        )


def is_beyond_unit_range(images):
    """Whether numbers that are taken as they are go far beyond [0, 1].

    Augmented images leave [0, 1] a little; images of 8 bits that became floats leave
    it by far.

    Parameters
    ----------
    images : DataFrame or ndarray
        Validated X. Of an array, the first images are looked at.

    Returns
    -------
    is_beyond : bool
    """
    if isinstance(images, pd.DataFrame) or images.dtype in (np.uint8, np.uint16):
        return False
    return bool(np.max(images[:_SCALE_SAMPLE], initial=0) > _MOST_PLAUSIBLE)


def warn_of_other_scale(images, estimator):
    """Warn where an estimator of numbers far beyond [0, 1] is shown some that are not.

    Parameters
    ----------
    images : DataFrame or ndarray
        Validated X.

    estimator : estimator
        For its name.
    """
    if not is_beyond_unit_range(images):
        warnings.warn(
            f"{type(estimator).__name__} was fitted on numbers far beyond [0, 1], and "
            "these are in it (files, uint8 and uint16 are scaled to it). Fit on what "
            "you predict.",
            DataQualityWarning,
            stacklevel=3,
        )


def warn_of_scale(images, estimator):
    """Warn where numbers that a network takes as they are go far beyond [0, 1].

    Parameters
    ----------
    images : DataFrame or ndarray
        Validated X.

    estimator : estimator
        For its name.
    """
    if is_beyond_unit_range(images):
        warnings.warn(
            f"{type(estimator).__name__} expects numbers in [0, 1] (uint8 and uint16 "
            f"are scaled to it). Got {images.dtype} up to "
            f"{np.max(images[:_SCALE_SAMPLE]):g}: divide X by its greatest possible "
            "value.",
            DataQualityWarning,
            stacklevel=3,
        )
