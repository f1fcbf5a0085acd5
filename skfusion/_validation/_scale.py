"""What pixels must be like for a pretrained network."""

import numpy as np
import pandas as pd

from ..exceptions import DataQualityWarning, warn_user

_SCALE_SAMPLE = 32
_MOST_PLAUSIBLE = 10
_MOST_OF_12_BITS = 4095  # what scanners store, in 16
_FEWEST_PIXELS = 64  # of the smallest image that anybody flattens, 8 x 8


def as_one_array(X):
    """Put a list of images, which are arrays, tensors or PIL images, into one array.

    Parameters
    ----------
    X : object
        Any form of X. All but a list, tuple, Series or 1-D object array of images comes
        back as it is.

    Returns
    -------
    X : object
        An array of shape (n_samples, ...) of such images.

    Raises
    ------
    ValueError
        If the images differ in size, or are numbered places in a palette.
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
            "numbers are places in a palette. Pass [image.convert('L') for image in "
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
    # By its looks: Pillow need not be imported for it.
    return hasattr(image, "__array_interface__") and hasattr(image, "mode")


def warn_of_rows(X, estimator):
    """Warn where rows of many pixels are taken for images one pixel high.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_pixels)

    estimator : estimator
        For its name.
    """
    if X.shape[1] < _FEWEST_PIXELS:
        return
    warn_user(
        f"{type(estimator).__name__} takes each row of X for an image of 1 x "
        f"{X.shape[1]} pixels. Set image_shape=(height, width) if the images were "
        f"flattened, or image_shape=(1, {X.shape[1]}) if they were not.",
        DataQualityWarning,
    )


def warn_of_few_bits(images, estimator):
    """Warn where 16 bits hold numbers of 12 bits or fewer, which scaling makes black.

    Parameters
    ----------
    images : ndarray of shape (n_samples, height, width[, n_channels])
        Validated X. The first images are looked at.

    estimator : estimator
        For its name.
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
        warn_user(
            f"{type(estimator).__name__} was fitted on numbers far beyond [0, 1], and "
            "these are in it (files, uint8 and uint16 are scaled to it). Fit on what "
            "you predict.",
            DataQualityWarning,
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
        warn_user(
            f"{type(estimator).__name__} expects numbers in [0, 1] (uint8 and uint16 "
            f"are scaled to it). Got {images.dtype} up to "
            f"{np.max(images[:_SCALE_SAMPLE]):g}: divide X by its greatest possible "
            "value.",
            DataQualityWarning,
        )
