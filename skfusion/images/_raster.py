"""PNG, JPEG, PGM, TIFF and BMP, with Pillow."""

from io import BytesIO

import numpy as np
from PIL import Image

from ..exceptions import ImageReadError
from ._grey import luma, to_unit_range
from ._headers import check_size

__all__ = ["read_raster"]

# TIFF tags
_BITS_PER_SAMPLE, _PHOTOMETRIC = 258, 262
_TILE_WIDTH, _TILE_LENGTH = 322, 323
_WHITE_IS_ZERO = 0


def read_raster(data, kind, frame):
    """Decode one frame of a file that Pillow reads.

    Parameters
    ----------
    data : bytes
        The whole file.

    kind : {"PNG", "JPEG", "PPM", "TIFF", "BMP"}
        The only format that is tried.

    frame : int
        Which frame (TIFF page), from 0.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]

    Raises
    ------
    ImageReadError, OSError, SyntaxError, ValueError, ...
        Whatever Pillow raises for a damaged file; named by the caller.
    """
    with Image.open(BytesIO(data), formats=[kind]) as image:
        check_size(image.height, image.width)
        if frame:
            _seek(image, frame)
        _check_blocks(image)
        image.load()
        return _to_grey(image)


def _seek(image, frame):
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
    if mode in ("1", "L", "LA", "La"):
        return to_unit_range(np.asarray(image.convert("L")), 0, 255)
    if mode.startswith("I;16"):
        (bits,) = _tags(image).get(_BITS_PER_SAMPLE, (16,))
        return _polarity(to_unit_range(np.asarray(image), 0, 2**bits - 1), image)
    if mode in ("I", "F"):
        values = np.asarray(image)
        return _polarity(to_unit_range(values, *_wide_range(values, image)), image)
    if mode not in ("RGB", "RGBA", "RGBX"):
        image = image.convert("RGB")
    return to_unit_range(luma(np.asarray(image)), 0, 255)


def _wide_range(values, image):
    """Return the range of a mode that does not tell its own.

    Pillow gives 16-bit PNG and PGM as 32-bit integers; a TIFF of 32-bit integers
    or floats is left as it is inside [0, 1], else scaled by its own extremes.
    """
    if image.format != "TIFF":
        return 0, 65535
    if image.mode == "I" and _tags(image).get(_BITS_PER_SAMPLE) == (16,):  # signed
        return -32768, 32767
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise ImageReadError("it holds NaN or infinite values")
    return (0, 1) if image.mode == "F" and low >= 0 and high <= 1 else (low, high)


def _polarity(grey, image):
    """Invert a 16- or 32-bit TIFF whose zero is white; Pillow does it up to 8 bits."""
    if _tags(image).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        return 1 - grey
    return grey
