"""Checks of the range, the size and the channels of pixels."""

import numpy as np
import pandas as pd

from ..exceptions import DataQualityWarning, warn_user

__all__ = [
    "as_one_array",
    "check_channels",
    "is_beyond_unit_range",
    "warn_of_few_bits",
    "warn_of_other_scale",
    "warn_of_rows",
    "warn_of_scale",
]

_SCALE_SAMPLE = 32
_MOST_PLAUSIBLE = 10
_MOST_OF_12_BITS = 4095  # scanners store 12 bits in 16
_FEWEST_PIXELS = 64  # 8 x 8, the smallest image that is likely to be flattened


def as_one_array(X):
    """Stack a list of arrays, tensors or PIL images into one array.

    Parameters
    ----------
    X : object
        Any form of X. Anything except a list, tuple, Series or 1-D object array of
        images is returned unchanged.

    Returns
    -------
    X : object
        An array of shape (n_samples, ...) of such images.

    Raises
    ------
    ValueError
        If the images differ in size, or hold indices into a palette.
    """
    is_column = isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1
    if not is_column and not isinstance(X, list | tuple | pd.Series):
        return X
    images = [image for image in X if hasattr(image, "shape") or _is_pil(image)]
    if len(images) < len(X) or len(X) == 0:
        return X
    if any(_is_pil(image) and image.mode == "P" for image in images):
        raise ValueError(
            "Expected grey or colour images in X. Got PIL images of mode 'P', whose "
            "numbers are indices into a palette. Pass [image.convert('L') for image in "
            "X], or the paths of the files."
        )
    arrays = [np.asarray(image) for image in images]
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) > 1:
        raise ValueError(
            f"Expected images of one size in X. Got the shapes {shapes[:3]!r}"
            f"{' and others' if len(shapes) > 3 else ''}. Pass the paths of their "
            "files, which are read and resized, or resize the images to one size "
            "(skfusion.images.resize_image)."
        )
    return np.stack(arrays)


def _is_pil(image):
    # By attributes, so that Pillow need not be imported.
    return hasattr(image, "__array_interface__") and hasattr(image, "mode")


def warn_of_rows(X, estimator):
    """Warn where rows of many pixels become images that are one pixel high.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_pixels)

    estimator : estimator
        Named in the message.
    """
    if X.shape[1] < _FEWEST_PIXELS:
        return
    remedy = "Pass X of shape (n_samples, height, width) if the images were flattened."
    if hasattr(estimator, "image_shape"):
        remedy = (
            "Set image_shape=(height, width) if the images were flattened, or "
            f"image_shape=(1, {X.shape[1]}) if they were not."
        )
    warn_user(
        f"{type(estimator).__name__} treats each row of X as an image of 1 x "
        f"{X.shape[1]} pixels. {remedy}",
        DataQualityWarning,
    )


def warn_of_few_bits(images, estimator):
    """Warn where uint16 holds 12 bits or fewer, which become black when scaled.

    Parameters
    ----------
    images : ndarray of shape (n_samples, height, width[, n_channels])
        Validated X, of which the first images are checked.

    estimator : estimator
        Named in the message.
    """
    if images.dtype != np.uint16:
        return
    greatest = np.max(images[:_SCALE_SAMPLE], initial=0)
    if 0 < greatest <= _MOST_OF_12_BITS:
        warn_user(
            f"{type(estimator).__name__} divides uint16 by 65535. Got pixels up to "
            f"{greatest}, which become nearly black. Divide X by its greatest possible "
            "value, such as 4095 for 12 bits, or pass the paths of the files.",
            DataQualityWarning,
        )


def check_channels(n_channels, estimator):
    """Raise an error unless a pretrained network can take this number of channels.

    Parameters
    ----------
    n_channels : int
        Number of channels; 1 (which is repeated) and 3 are allowed.

    estimator : estimator
        Named in the message.
    """
    if n_channels not in (1, 3):
        raise ValueError(
            f"{type(estimator).__name__} expects images with 1 or 3 channels, on the "
            f"last axis. Got {n_channels!r} instead. Move the channels to the last "
            "axis with numpy.moveaxis, or choose three of them."
        )


def is_beyond_unit_range(images):
    """Return whether numbers that are not scaled go far beyond [0, 1].

    Augmented images leave [0, 1] a little; 8-bit images that were converted to float
    leave it by far.

    Parameters
    ----------
    images : DataFrame or ndarray
        Validated X; of an array, the first images are checked.

    Returns
    -------
    is_beyond : bool
    """
    if isinstance(images, pd.DataFrame) or images.dtype in (np.uint8, np.uint16):
        return False
    return bool(np.max(images[:_SCALE_SAMPLE], initial=0) > _MOST_PLAUSIBLE)


def warn_of_other_scale(images, estimator):
    """Warn where an estimator was fitted on numbers far beyond [0, 1], unlike X.

    Parameters
    ----------
    images : DataFrame or ndarray
        Validated X.

    estimator : estimator
        Named in the message.
    """
    if not is_beyond_unit_range(images):
        warn_user(
            f"{type(estimator).__name__} was fitted on numbers far beyond [0, 1], but "
            "X is in [0, 1] (files, uint8 and uint16 are scaled to it). Fit and "
            "predict on images of the same scale.",
            DataQualityWarning,
        )


def warn_of_scale(images, estimator):
    """Warn where numbers that are not scaled go far beyond [0, 1].

    Parameters
    ----------
    images : DataFrame or ndarray
        Validated X.

    estimator : estimator
        Named in the message.
    """
    if is_beyond_unit_range(images):
        warn_user(
            f"{type(estimator).__name__} expects numbers in [0, 1] (uint8 and uint16 "
            f"are scaled to it). Got {images.dtype} up to "
            f"{np.max(images[:_SCALE_SAMPLE]):g}: divide X by its greatest possible "
            "value.",
            DataQualityWarning,
        )
