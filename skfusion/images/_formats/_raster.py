"""PNG, JPEG, PGM, TIFF and BMP, with Pillow."""

import numpy as np
from PIL import Image

from ...exceptions import ImageReadError
from ._codestreams import check_scans
from ._grey import bands, in_bands, luma, to_unit_range
from ._netpbm import read_netpbm
from ._signatures import check_size

__all__ = ["read_raster"]

# TIFF tags
_BITS_PER_SAMPLE, _PHOTOMETRIC = 258, 262
_TILE_WIDTH, _TILE_LENGTH = 322, 323
_WHITE_IS_ZERO = 0

# Pillow looks each page up in a list of those before it.
_MAX_PAGES = 10_000


def read_raster(file, kind, frame, admit):
    """Decode one frame of a file that is not DICOM.

    Parameters
    ----------
    file : binary file
        At its beginning.

    kind : {"PNG", "JPEG", "PPM", "TIFF", "BMP"}
        The only format that is tried.

    frame : int
        Which frame (TIFF page), from 0.

    admit : callable
        Called with the number of pixels before they are decoded.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]

    Raises
    ------
    ImageReadError, OSError, SyntaxError, ValueError, ...
        Whatever Pillow raises for a damaged file; named by the caller.
    """
    if kind == "PPM":
        image = read_netpbm(file, frame, admit)
        if image is not None:
            return image
    with Image.open(file, formats=[kind]) as image:
        check_size(image.height, image.width)
        if frame:
            _seek(image, frame)
        _check_blocks(image)
        admit(image.height * image.width)
        if kind == "JPEG":
            file.seek(image.tile[0][2])
            check_scans(file)
        image.load()
        return _to_grey(image)


def _seek(image, frame):
    if frame >= _MAX_PAGES:
        raise ImageReadError(f"its page {frame} is beyond the first {_MAX_PAGES}")
    try:
        image.seek(frame)
    except EOFError as error:
        raise ImageReadError(f"it has no frame {frame}") from error
    check_size(image.height, image.width)


def _tags(image):
    """Return the tags of a TIFF, and none of the other formats."""
    return getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}


def _check_blocks(image):
    """Refuse tiles and strips far larger than the image: they are decoded whole."""
    tags = _tags(image)
    if _TILE_WIDTH in tags and _TILE_LENGTH in tags:
        check_size(tags[_TILE_LENGTH], tags[_TILE_WIDTH], "tile header")


def _to_grey(image):
    """Return the loaded image in grey, scaled by the depth of its file."""
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
    """Return some rows of the loaded image, in another mode where one is given."""
    band = image.crop((0, rows.start, image.width, rows.stop))
    return np.asarray(band if mode is None else band.convert(mode))


def _range(image):
    """Return the range of one channel of more than eight bits.

    Pillow gives 16-bit PNG and PGM as 32-bit integers; a TIFF of 32-bit integers
    or floats is left as it is inside [0, 1], else scaled by its own extremes.
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
    """Return the least and the largest value; NaN where there is one."""
    lows, highs = [], []
    for rows in bands((image.height, image.width)):
        values = _band(image, rows)
        lows.append(values.min())
        highs.append(values.max())
    return float(np.min(lows)), float(np.max(highs))


def _polarity(grey, image):
    """Invert a 16- or 32-bit TIFF whose zero is white; Pillow does it up to 8 bits."""
    if _tags(image).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        return 1 - grey
    return grey
