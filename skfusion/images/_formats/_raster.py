"""Decode PNG, JPEG, PGM, TIFF and BMP files with Pillow."""

from contextlib import contextmanager

import numpy as np
from PIL import Image

from ...exceptions import ImageReadError
from ._codestreams import check_scans
from ._grey import bands, in_bands, luma, to_unit_range
from ._netpbm import read_netpbm
from ._signatures import check_size

__all__ = ["read_raster", "read_raster_pixels"]

# TIFF tags
_BITS_PER_SAMPLE, _PHOTOMETRIC = 258, 262
_TILE_WIDTH, _TILE_LENGTH = 322, 323
_WHITE_IS_ZERO = 0

# Pillow searches each page in a list of the pages before it, which is slow.
_MAX_PAGES = 10_000


def read_raster(file, image_format, frame, admit):
    """Decode one frame of a file that is not DICOM.

    Parameters
    ----------
    file : binary file
        File positioned at its beginning.

    image_format : {"PNG", "JPEG", "PPM", "TIFF", "BMP"}
        Format of the file. No other format is tried.

    frame : int
        Index of the frame (TIFF page).

    admit : callable
        Called with the number of pixels before they are decoded.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]

    Raises
    ------
    ImageReadError, OSError, SyntaxError, ValueError, ...
        All errors of Pillow for a damaged file; the caller converts them.
    """
    if image_format == "PPM":
        image = read_netpbm(file, frame, admit)
        if image is not None:
            return image
    with _loaded(file, image_format, frame, admit) as image:
        return _to_grey(image)


def read_raster_pixels(file, image_format, admit):
    """Decode the first frame of a file that is not DICOM, with its colours.

    Parameters
    ----------
    file, image_format, admit
        The same as in :func:`read_raster`.

    Returns
    -------
    pixels : ndarray of shape (H, W, 3) or (H, W)
        uint8 in [0, 255] for images of 8 bits, in RGB if the file may hold colours;
        otherwise float32 in [0, 1], grey. Transparency is ignored, and a PPM file is
        read in grey.
    """
    if image_format == "PPM":
        return read_raster(file, image_format, 0, admit)
    with _loaded(file, image_format, 0, admit) as image:
        if image.mode.startswith("I;16") or image.mode in ("I", "F"):
            return _to_grey(image)
        is_grey = image.mode in ("1", "L", "LA", "La")
        return np.asarray(image.convert("L" if is_grey else "RGB"))


@contextmanager
def _loaded(file, image_format, frame, admit):
    """Open an image, check what it declares, and decode one frame."""
    with Image.open(file, formats=[image_format]) as image:
        check_size(image.height, image.width)
        if frame:
            _seek(image, frame)
        _check_blocks(image)
        admit(image.height * image.width)
        if image_format == "JPEG":
            file.seek(image.tile[0][2])
            check_scans(file)
        image.load()
        yield image


def _seek(image, frame):
    if frame >= _MAX_PAGES:
        raise ImageReadError(f"its page {frame} is beyond the first {_MAX_PAGES}")
    try:
        image.seek(frame)
    except EOFError as error:
        raise ImageReadError(f"it has no frame {frame}") from error
    check_size(image.height, image.width)


def _tags(image):
    """Return the tags of a TIFF, and an empty dict for other formats."""
    return getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}


def _check_blocks(image):
    """Refuse tiles that are too large, because they are decoded as a whole."""
    tags = _tags(image)
    if _TILE_WIDTH in tags and _TILE_LENGTH in tags:
        check_size(tags[_TILE_LENGTH], tags[_TILE_WIDTH], "tile header")


def _to_grey(image):
    """Return the loaded image in grey, scaled by the bit depth of its file."""
    mode = image.mode
    if mode.startswith("I;16") or mode in ("I", "F"):
        low, high = _range(image)

        def convert(rows):
            return _polarity(to_unit_range(_band(image, rows), low, high), image)

    elif mode in ("1", "L", "LA", "La"):

        def convert(rows):
            return to_unit_range(_band(image, rows, "L"), 0, 255)

    else:
        colours = mode if mode in ("RGB", "RGBA", "RGBX") else "RGB"

        def convert(rows):
            return to_unit_range(luma(_band(image, rows, colours)), 0, 255)

    return in_bands(convert, (image.height, image.width))


def _band(image, rows, mode=None):
    """Return rows of the loaded image, converted to `mode` if it is given."""
    band = image.crop((0, rows.start, image.width, rows.stop))
    return np.asarray(band if mode is None else band.convert(mode))


def _range(image):
    """Return the range of a channel with more than eight bits.

    Pillow returns 16-bit PNG and PGM as 32-bit integers. A TIFF of floats in [0, 1] is
    not scaled. Other floats and 32-bit integers are scaled by the minimum and maximum
    of the image.
    """
    bits = _tags(image).get(_BITS_PER_SAMPLE)
    if image.mode.startswith("I;16"):
        (bits,) = bits or (16,)
        return 0, 2**bits - 1
    if image.format != "TIFF":
        return 0, 65535
    if image.mode == "I" and bits == (16,):  # signed
        return -32768, 32767
    low, high = _extremes(image)
    if not np.isfinite([low, high]).all():
        raise ImageReadError("it holds NaN or infinite values")
    return (0, 1) if image.mode == "F" and low >= 0 and high <= 1 else (low, high)


def _extremes(image):
    """Return the minimum and the maximum, which are NaN if any value is NaN."""
    lows, highs = [], []
    for rows in bands((image.height, image.width)):
        values = _band(image, rows)
        lows.append(values.min())
        highs.append(values.max())
    return float(np.min(lows)), float(np.max(highs))


def _polarity(grey, image):
    """Invert a 16- or 32-bit TIFF whose zero is white; Pillow inverts up to 8 bits."""
    if _tags(image).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        return 1 - grey
    return grey
