"""Measure every image once: thumbnails and plain numbers, which are all that is kept.

The pixels of a file are dropped as soon as it is measured. A file that cannot be read
is a row of its own: its numbers are missing, and ``problem`` names the reason.
"""

from multiprocessing.pool import ThreadPool
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from PIL import Image

from .._store._keys import digest
from .._validation._columns import IMAGE
from .._validation._image_table import holds_paths
from ..exceptions import ImageReadError
from ..images._batch_readers import with_channels
from ..images._eight_bits import to_uint8
from ..images._pixels import read_pixels
from ..images._polarity import BRIGHT, border_median
from ._overlays import measure_overlays

__all__ = [
    "BORDER_COLUMNS",
    "SIZE_COLUMNS",
    "STATISTIC_COLUMNS",
    "THUMBNAIL_COLUMNS",
    "make_reader",
    "measure_images",
    "paths_of",
]

SIDE = 64  # of a thumbnail
_SMALL = 16  # side of the thumbnail whose pixels are columns
_MIN_SIDE = 512  # sufficient for all numbers

#: Size of the image in its file, in pixels, and width / height.
SIZE_COLUMNS = ["height", "width", "aspect"]
#: Means of 16 segments of the outermost pixels, clockwise from the upper left corner,
#: their median and their standard deviation.
BORDER_COLUMNS = [
    *(f"border_{i:02d}" for i in range(16)),
    "border_median",
    "border_std",
]
#: Mean, standard deviation, 95th percentile, entropy of the grey values in bits, and
#: mean difference of neighbours.
STATISTIC_COLUMNS = ["brightness", "contrast", "highlights", "entropy", "sharpness"]
#: Pixels of the 16 x 16 thumbnail, row by row, in [0, 1].
THUMBNAIL_COLUMNS = [f"thumbnail_{i:03d}" for i in range(_SMALL**2)]

_NUMBERS = [
    *SIZE_COLUMNS,
    *BORDER_COLUMNS,
    *STATISTIC_COLUMNS,
    *THUMBNAIL_COLUMNS,
]


def measure_images(X, modality=None):
    """Measure the images of X, each of which is decoded once.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        Paths of images, or their pixels. A path that is missing is a problem of its
        row, and no error. The column ``inverted`` is not used: files are measured as
        they are.

    modality : array-like of shape (n_images,), default=None
        In a mammogram with a bright border, drawings are black strokes.

    Returns
    -------
    thumbnails : ndarray of shape (n_images, 64, 64), dtype uint8
        Grey images, each stretched to its own range; 0 if the image is constant or
        cannot be read.

    measurements : DataFrame of shape (n_images, n_columns)
        ``SIZE_COLUMNS`` (pixels), ``BORDER_COLUMNS``, ``STATISTIC_COLUMNS`` and
        ``THUMBNAIL_COLUMNS``, float32, NaN if the image cannot be read; ``air``, the
        median of a wider border, by which the polarity is found; ``problem``, text,
        None if it can be read; ``digest`` of all pixels; and ``cells``, from which
        :func:`~skfusion.audit._overlays.count_overlays` computes the
        ``OVERLAY_COLUMNS``. Grey values are in [0, 1].
    """
    read, n_images = make_reader(X)
    thumbnails = np.zeros((n_images, SIDE, SIDE), dtype=np.uint8)
    numbers = np.full((n_images, len(_NUMBERS)), np.nan, dtype=np.float32)
    air = np.full(n_images, np.nan)
    is_mammogram = np.zeros(n_images, dtype=bool)
    if modality is not None:
        is_mammogram = np.asarray(modality) == "mammography"
    problems, digests, cells = (np.full(n_images, None, object) for _ in range(3))

    def measure(row):
        try:
            pixels, size = read(row)
        except ImageReadError as error:
            problems[row] = str(error)
        else:
            measured = _measure(pixels, size, bool(is_mammogram[row]))
            thumbnails[row], numbers[row], air[row], digests[row], cells[row] = measured

    pool = ThreadPool(joblib.cpu_count())
    try:
        for _ in pool.imap_unordered(measure, range(n_images)):
            pass
    finally:
        pool.terminate()
    measurements = pd.DataFrame(numbers, columns=_NUMBERS)
    more = {"air": air, "problem": problems, "digest": digests, "cells": cells}
    return thumbnails, measurements.assign(**more)


def make_reader(X):
    """Return how to read one image.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        Paths or pixels.

    Returns
    -------
    read : callable
        Takes a row and returns its pixels and their size, see
        :func:`~skfusion.images._pixels.read_pixels`.

    n_images : int
    """
    if holds_paths(X):
        paths = paths_of(X)

        def read(row):
            if paths[row] is None:
                raise ImageReadError("the row has no path")
            return read_pixels(paths[row], _MIN_SIDE)

        return read, len(paths)
    images = _as_images(X)
    low, high = _range_of(images)

    def read_array(row):
        image = images[row, ..., :3] if images.shape[-1] >= 3 else images[row, ..., 0]
        if not np.isfinite(image).all():
            raise ImageReadError("some pixels are not finite numbers")
        if images.dtype != np.uint8:
            image = (image.astype(np.float32) - low) / (high - low)
        if image.ndim == 3:
            image = to_uint8(image) if image.dtype != np.uint8 else image
        return image, image.shape[:2]

    return read_array, len(images)


def paths_of(X):
    """Return the paths of X; None where it has none.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray of paths

    Returns
    -------
    paths : ndarray of shape (n_images,), dtype object
    """
    if isinstance(X, pd.DataFrame):
        X = X[IMAGE] if IMAGE in X.columns else X.iloc[:, 0]
    values = np.asarray(X, dtype=object).reshape(-1)
    is_path = [isinstance(value, str | Path) and str(value) != "" for value in values]
    return np.where(is_path, values, None)


def _as_images(X):
    """Return X as an array of shape (n_images, height, width, n_channels)."""
    try:
        images = np.asarray(X)
    except ValueError:  # images of several shapes
        images = np.empty(len(X), dtype=object)
    if images.ndim not in (3, 4) or images.dtype.kind not in "buif":
        raise ValueError(
            "Expected paths of images, or pixels as one array of numbers, of shape "
            "(n_images, height, width) or (n_images, height, width, n_channels). Got "
            f"{type(X).__name__} of shape {images.shape!r}, dtype {images.dtype!s}, "
            "instead. Save images of several shapes as files, and pass their paths."
        )
    return with_channels(images, None)


def _range_of(images):
    """Return the values of an array that are black and white."""
    if images.dtype in (np.uint8, np.uint16):
        return 0, np.iinfo(images.dtype).max
    known = np.isfinite(images)
    low = float(images.min(initial=0, where=known))
    return low, float(images.max(initial=1, where=known))


def _measure(pixels, size, is_mammogram):
    """Return thumbnail, numbers, border, digest and cells of overlays of one image."""
    if pixels.dtype != np.uint8:
        picture = Image.fromarray(pixels)
        in_eight_bits = Image.fromarray(to_uint8(pixels))
    else:
        in_eight_bits = Image.fromarray(pixels)
        picture = in_eight_bits.convert("L")
    scale = np.float32(1 if picture.mode == "F" else 255)
    border = _measure_border(np.asarray(picture) / scale)
    height, width = size
    numbers = [
        *(height, width, width / height),
        *border,
        *_measure_values(picture, scale),
        *(_shrink(picture, _SMALL) / scale).ravel(),
    ]
    thumbnail = _stretch(_shrink(picture, SIDE))
    air = border_median(np.asarray(picture)) / scale
    cells = measure_overlays(in_eight_bits, is_mammogram and air > BRIGHT)
    return thumbnail, numbers, air, _digest(pixels), cells


def _digest(pixels):
    """Return a digest of the grey values; a copy in RGB has the same."""
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        pixels = pixels[..., 0]
    return digest(
        pixels.shape, pixels.dtype.str, np.ascontiguousarray(pixels).tobytes()
    )


def _shrink(picture, side):
    resized = picture.resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.float32)


def _stretch(image):
    image = image - image.min()
    return np.rint(image * (255 / max(image.max(), 1e-6))).astype(np.uint8)


def _measure_border(grey):
    """Return means of segments of the border, its median and its deviation.

    It is a hundredth of the shorter side wide, because the outermost pixels of some
    mammograms are a white frame.
    """
    wide = max(1, min(grey.shape) // 100)
    sides = grey[:wide], grey[:, -wide:].T, grey[-wide:, ::-1], grey[::-1, :wide].T
    parts = [part for side in sides for part in np.array_split(side, 4, axis=1)]
    means = [part.mean() if part.size else np.nan for part in parts]
    ring = np.concatenate([side.ravel() for side in sides])
    return *means, np.median(ring), ring.std()


def _measure_values(picture, scale):
    """Return five plain statistics of the grey values."""
    grey = np.asarray(picture)
    picture = Image.fromarray(to_uint8(grey)) if picture.mode == "F" else picture
    shares = np.array(picture.histogram()) / grey.size
    levels = np.arange(256) / 255
    mean = shares @ levels
    deviation = np.sqrt(shares @ (levels - mean) ** 2)
    highlights = levels[min(255, np.searchsorted(np.cumsum(shares), 0.95))]
    entropy = -(shares[shares > 0] @ np.log2(shares[shares > 0]))
    steps = np.abs(np.diff(grey.astype(np.int16 if scale == 255 else np.float32)))
    return (
        mean,
        deviation,
        highlights,
        entropy,
        steps.mean() / scale if steps.size else 0,
    )
