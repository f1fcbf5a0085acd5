"""Decode JPEG 2000 at a reduced resolution."""

import struct
from io import BytesIO

import numpy as np
from PIL import Image

from ._codestreams import jpeg2000_codestream, jpeg2000_levels

__all__ = ["decode_reduced"]


def decode_reduced(frame, min_side):
    """Decode the smallest resolution whose sides are not below `min_side`.

    A codestream contains its image also at half the size, a quarter of it, and so on.
    To decode one of these sizes, only a part of the bytes is needed.

    Parameters
    ----------
    frame : bytes
        A checked frame with one component (see ``check_jpeg2000``).

    min_side : int
        Smallest side in pixels.

    Returns
    -------
    pixels : ndarray of shape (H, W), dtype uint8 or uint16, or None
        Stored values. None if only the whole image is large enough, if its values are
        signed, or if its corner is not at 0.

    References
    ----------
    ISO/IEC 15444-1, A.5.1 (SIZ) and A.6.1 (COD).
    """
    stream = jpeg2000_codestream(frame)
    x1, y1, x0, y0 = struct.unpack_from(">4I", stream, 8)
    depth = stream[42]
    largest = min(x1 - x0, y1 - y0) // min_side
    reduction = min(largest.bit_length() - 1, jpeg2000_levels(stream))
    if reduction < 1 or depth & 0x80 or x0 or y0:
        return None
    with Image.open(BytesIO(stream), formats=["JPEG2000"]) as picture:
        # If a halved side is not an integer, Pillow rounds it to the nearest one and
        # fails, because the standard rounds up. Give it sides that need no rounding.
        picture._size = tuple(_round_up(side, 2**reduction) for side in picture.size)
        picture.reduce = reduction
        pixels = np.asarray(picture)
    # Pillow shifts values up to fill 8 or 16 bits.
    return pixels >> (8 * pixels.itemsize - (depth + 1))


def _round_up(side, factor):
    return -(-side // factor) * factor
