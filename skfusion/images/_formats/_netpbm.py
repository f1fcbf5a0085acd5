"""Decode binary PGM and PPM files of any depth."""

import math
import re

import numpy as np

from ...exceptions import ImageReadError
from ._grey import in_bands, luma, to_unit_range
from ._signatures import check_size

__all__ = ["read_netpbm"]

_NUMBER = rb"(?:\s|#[^\r\n]*[\r\n])+(\d{1,10})"
_HEADER = re.compile(rb"P(?:[14]%b%b|[2356]%b%b%b)\s" % ((_NUMBER,) * 5))
# More than any header needs. A comment may be as long as the file.
_HEADER_BYTES = 2**16


def read_netpbm(file, frame, admit):
    """Decode a binary PGM or PPM file; Pillow needs minutes for most depths.

    Parameters
    ----------
    file : binary file
        File positioned at its beginning.

    frame : int
        Index of the frame, which must be 0.

    admit : callable
        Called with the number of pixels before they are decoded.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1], or None
        None for bitmaps and for numbers that are stored as text.

    Raises
    ------
    ImageReadError
        If the header has no end, is not valid, or gives more pixels than the file has.
    """
    header = _HEADER.match(file.read(_HEADER_BYTES))
    if header is None:
        raise ImageReadError("it has no valid PGM or PPM header")
    if frame:
        raise ImageReadError(f"it has no frame {frame}")
    if header[0][1:2] not in b"56":
        return None
    width, height, top = map(int, header.groups()[2:])
    check_size(height, width)
    if not 0 < top < 2**16:
        raise ImageReadError(f"its header gives {top} as the largest value")
    admit(height * width)
    file.seek(header.end())
    row = (width, 3 if header[0][1:2] == b"6" else 1)
    return in_bands(
        lambda rows: _to_grey(_read(file, (rows.stop - rows.start, *row), top), top),
        (height, width),
    )


def _read(file, shape, top):
    """Return the next stored values, of shape (n_rows, width, n_samples)."""
    dtype = np.dtype(np.uint8 if top < 256 else ">u2")
    n_bytes = dtype.itemsize * math.prod(shape)
    data = file.read(n_bytes)
    if len(data) < n_bytes:
        raise ImageReadError("it is truncated")
    return np.frombuffer(data, dtype).reshape(shape)


def _to_grey(values, top):
    """Scale values to 8 bits, or grey values of more bits to 16, as Pillow does."""
    is_grey = values.shape[-1] == 1
    full, dtype = (65535, np.int32) if is_grey and top > 255 else (255, np.uint8)
    scaled = np.minimum(np.rint(values / top * full), full).astype(dtype)
    return to_unit_range(scaled[..., 0] if is_grey else luma(scaled), 0, full)
