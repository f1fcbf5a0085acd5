"""Check the header of a compressed DICOM frame before it is decoded.

One flipped bit in such a header can make a decoder request 24 GB of memory.
"""

import re
import struct
from io import BytesIO
from itertools import pairwise
from math import ceil

from ...exceptions import ImageReadError
from ._signatures import check_size

__all__ = [
    "check_jpeg",
    "check_jpeg2000",
    "check_rle",
    "check_scans",
    "jpeg2000_codestream",
    "jpeg2000_levels",
]

_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  "
_END_OF_IMAGE = b"\xff\xd9"
# Start-of-frame markers of JPEG and JPEG-LS. The range also contains DHT, JPG and DAC,
# which are removed.
_START_OF_FRAME = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA
# A marker that can follow the data of a scan: not an escaped byte or a restart marker.
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
# Encoders write 1 scan (sequential), 3 scans (one per component) or 6 to 12 scans
# (progressive).
_MAX_SCANS = 50
# An OpenJPEG decoder reserves two bytes for each layer of each precinct. 100,000
# precincts with 10 layers, ten times what real files have, stay below this.
_MAX_PRECINCT_LAYERS = 10_000_000


def _compare(name, found, expected):
    if found != expected:
        raise ImageReadError(
            f"its {name} is {found} in the compressed frame but {expected} in the "
            "header"
        )


def check_jpeg(frame, rows, columns, samples, bits_allocated):
    """Compare the frame header of a JPEG or JPEG-LS codestream with the data set.

    Parameters
    ----------
    frame : bytes
        The codestream.

    rows, columns, samples, bits_allocated : int
        Rows, Columns, SamplesPerPixel and BitsAllocated of the data set.

    Raises
    ------
    ImageReadError
        If they do not agree, or the codestream is truncated.
    """
    height, width, components, precision = _jpeg_frame_header(frame)
    check_size(height, width, "compressed frame")
    _compare("size", (height, width), (rows, columns))
    _compare("number of samples", components, samples)
    _check_precision(precision, bits_allocated)
    if _END_OF_IMAGE not in frame:
        raise ImageReadError("its compressed frame is truncated")
    check_scans(BytesIO(frame))


def check_scans(file):
    """Refuse a JPEG file that has more scans than any encoder writes.

    For each scan, which may have only a hundred bytes, a decoder passes over the whole
    image.

    Parameters
    ----------
    file : binary file
        File positioned at the beginning of the picture.

    Raises
    ------
    ImageReadError
        If there are more than 50 scans before the end of the picture.

    References
    ----------
    ITU-T T.81, B.1.1 (markers) and B.2 (the order of segments).
    """
    n_scans, length = 0, 2
    while True:
        file.seek(length, 1)
        marker = _next_marker(file)
        if marker in (None, _END_OF_IMAGE[1]):
            return
        n_scans += marker == _START_OF_SCAN
        if n_scans > _MAX_SCANS:
            raise ImageReadError(f"it has more than {_MAX_SCANS} JPEG scans")
        length = max(0, int.from_bytes(file.read(2), "big") - 2)


def _next_marker(file):
    """Return the next marker of a JPEG codestream; the file is positioned after it."""
    while len(block := file.read(4096)) > 1:
        if found := _MARKER.search(block):
            file.seek(found.end() - len(block), 1)
            return block[found.end() - 1]
        file.seek(-1, 1)  # a marker may begin with the last byte
    return None


def _jpeg_frame_header(frame):
    if frame[:2] != b"\xff\xd8":
        raise ImageReadError("its compressed frame is not JPEG")
    offset = 2
    while offset + 10 <= len(frame) and frame[offset] == 0xFF:
        marker = frame[offset + 1]
        if marker == 0xFF:  # a fill byte
            offset += 1
            continue
        if marker in _START_OF_FRAME:
            precision, height, width, components = struct.unpack_from(
                ">BHHB", frame, offset + 4
            )
            return height, width, components, precision
        if marker == _START_OF_SCAN:
            break
        offset += 2 + int.from_bytes(frame[offset + 2 : offset + 4], "big")
    raise ImageReadError("its compressed frame has no JPEG frame header")


def _check_precision(precision, bits_allocated):
    if not 1 <= precision <= min(16, bits_allocated):
        raise ImageReadError(
            f"its compressed frame has {precision} bits per sample, but the header "
            f"allows at most {min(16, bits_allocated)}"
        )


def check_jpeg2000(frame, rows, columns, samples, bits_allocated):
    """Compare the main header of a JPEG 2000 codestream with the data set.

    Besides size, components and precision, it checks the tiles, precincts and layers,
    for which a decoder reserves memory.

    Parameters
    ----------
    frame : bytes
        The codestream, or a JP2 file that contains it.

    rows, columns, samples, bits_allocated : int
        Rows, Columns, SamplesPerPixel and BitsAllocated of the data set.

    Raises
    ------
    ImageReadError
        If they do not agree, or the codestream is truncated or not plausible.
    """
    stream = jpeg2000_codestream(frame)
    if stream[:4] != b"\xff\x4f\xff\x51" or len(stream) < 42:
        raise ImageReadError("its compressed frame is not JPEG 2000")
    (x1, y1, x0, y0, tile_width, tile_height, tile_x0, tile_y0, components) = (
        struct.unpack_from(">8IH", stream, 8)
    )
    check_size(y1 - y0, x1 - x0, "compressed frame")
    _compare("size", (y1 - y0, x1 - x0), (rows, columns))
    _compare("number of samples", components, samples)
    for component in range(components):
        depth, step_x, step_y = struct.unpack_from(">3B", stream, 42 + 3 * component)
        _check_precision((depth & 0x7F) + 1, bits_allocated)
        if (step_x, step_y) not in ((1, 1), (2, 1), (2, 2)):
            raise ImageReadError("its compressed frame is subsampled beyond 2 x 2")
    _check_tiles(stream, x1 - tile_x0, y1 - tile_y0, tile_width, tile_height)
    _check_precincts(stream, rows, columns)
    if _END_OF_IMAGE not in stream:
        raise ImageReadError("its compressed frame is truncated")


def jpeg2000_codestream(frame):
    """Return the codestream of a JP2 file, or the frame itself if it is a codestream.

    Parameters
    ----------
    frame : bytes
        The frame.

    Returns
    -------
    stream : bytes

    Raises
    ------
    ImageReadError
        If a JP2 file contains no codestream.
    """
    if not frame.startswith(_JP2_SIGNATURE):
        return frame
    offset = 0
    while offset + 8 <= len(frame):
        length, box = struct.unpack_from(">I4s", frame, offset)
        if box == b"jp2c":
            return frame[offset + 8 :]
        if length < 8:
            break
        offset += length
    raise ImageReadError("its compressed frame is a JP2 file without an image")


def jpeg2000_levels(stream):
    """Return the smallest number of times that a codestream halves its image.

    Parameters
    ----------
    stream : bytes
        A checked codestream.

    Returns
    -------
    levels : int
    """
    return min((levels for _, _, levels, _ in _coding_styles(stream)), default=0)


def _check_tiles(stream, width, height, tile_width, tile_height):
    if width < 1 or height < 1 or tile_width < 1 or tile_height < 1:
        raise ImageReadError("its compressed frame has tiles of size 0")
    n_tiles = ceil(width / tile_width) * ceil(height / tile_height)
    # Every tile has a header of at least 14 bytes.
    if n_tiles > min(65535, len(stream) // 14):
        raise ImageReadError(f"its compressed frame claims {n_tiles} tiles")


def _check_precincts(stream, rows, columns):
    """Refuse precincts and layers that a decoder could not hold in memory."""
    for style, layers, levels, precincts in _coding_styles(stream):
        if levels > 32 or layers < 1:
            raise ImageReadError("its compressed frame has no valid coding style")
        if not style & 1:  # one precinct per resolution
            precincts = b"\xff" * (levels + 1)
        if len(precincts) <= levels:
            raise ImageReadError("its compressed frame is truncated")
        n_precincts = 0
        for resolution, exponents in enumerate(precincts[: levels + 1]):
            scale = 1 << (levels - resolution)
            wide, high = scale << (exponents & 0x0F), scale << (exponents >> 4)
            n_precincts += ceil(columns / wide) * ceil(rows / high)
        if n_precincts * layers > _MAX_PRECINCT_LAYERS:
            raise ImageReadError(
                f"its compressed frame claims {n_precincts} precincts in {layers} "
                "layers"
            )


def _coding_styles(stream):
    """Yield style, layers, levels and precinct sizes of each COD and COC segment."""
    layers = 1
    for marker, segment in _segments(stream):
        if marker == b"\xff\x52" and len(segment) >= 10:
            layers = int.from_bytes(segment[2:4], "big")
            yield segment[0], layers, segment[5], segment[10:]
        elif marker == b"\xff\x53" and len(segment) >= 7:
            yield segment[1], layers, segment[2], segment[7:]


def _segments(stream):
    """Yield the marker segments of the main header and of all tile-part headers."""
    offset, tile_begin, tile_length = 2, 0, 0
    while offset + 4 <= len(stream):
        marker = stream[offset : offset + 2]
        length = int.from_bytes(stream[offset + 2 : offset + 4], "big")
        if marker == b"\xff\x93":  # the packets: continue after this tile-part
            if tile_begin + tile_length <= offset:
                return
            offset = tile_begin + tile_length
            continue
        segment = stream[offset + 4 : offset + 2 + length]
        if marker == b"\xff\x90" and len(segment) == 8:  # start of a tile-part
            tile_begin, tile_length = offset, int.from_bytes(segment[2:6], "big")
        yield marker, segment
        offset += 2 + length


def check_rle(frame, rows, columns, samples, bits_allocated):
    """Check that the header of an RLE frame has one segment for each byte of a pixel.

    Parameters
    ----------
    frame : bytes
        The frame.

    rows, columns, samples, bits_allocated : int
        Rows, Columns, SamplesPerPixel and BitsAllocated of the data set.

    Raises
    ------
    ImageReadError
        If the segments do not agree with the data set, or are truncated.
    """
    if len(frame) < 64:
        raise ImageReadError("its compressed frame is truncated")
    n_segments, *offsets = struct.unpack_from("<16I", frame)
    _compare("number of RLE segments", n_segments, samples * bits_allocated // 8)
    if n_segments > 15:
        raise ImageReadError(f"its compressed frame claims {n_segments} RLE segments")
    bounds = [*offsets[:n_segments], len(frame)]
    if bounds[0] != 64 or any(end <= begin for begin, end in pairwise(bounds)):
        raise ImageReadError("its compressed frame has RLE segments out of order")
