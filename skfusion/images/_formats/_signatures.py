"""What a file says of itself: its kind, and the size of its image."""

from pydicom.filereader import read_file_meta_info

from ...exceptions import ImageReadError

__all__ = [
    "HEAD_BYTES",
    "MAX_PIXELS",
    "check_file_size",
    "check_size",
    "image_kind",
    "is_compressed_dicom",
]

#: Most pixels that an image may have. The largest digitised mammogram films have
#: about 40 million; a header that claims more than this is damaged or hostile.
MAX_PIXELS = 80_000_000

#: Bytes from which the kind of a file is known.
HEAD_BYTES = 132

# Eight bytes a pixel; a DICOM file may hold many frames, each of them smaller.
_MAX_BYTES = 8 * MAX_PIXELS
_MAX_DICOM_BYTES = 2**31

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
)
_EXPLICIT_VRS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV "
    b"TM UC UI UL UN UR US UT UV".split()
)


def image_kind(head):
    """Tell the kind of an image file by its first bytes, never by its name.

    Parameters
    ----------
    head : bytes
        The first 132 bytes of the file, or all of a shorter one.

    Returns
    -------
    kind : {"DICOM", "PNG", "JPEG", "TIFF", "BMP", "PPM"} or None
        ``None`` where the bytes begin none of them.

    Examples
    --------
    >>> from skfusion.images._formats._signatures import image_kind
    >>> image_kind(bytes(128) + b"DICM")
    'DICOM'
    >>> image_kind(b"P5 64 64 255 ")
    'PPM'
    >>> print(image_kind(b"patient;age"))
    None
    """
    if head[128:HEAD_BYTES] == b"DICM":
        return "DICOM"
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "PPM"
    if _begins_dicom_data_set(head):
        return "DICOM"
    return None


def _begins_dicom_data_set(head):
    """Whether a little-endian DICOM data set begins without a preamble.

    Such a file starts with an element of group 2 or 8, which has a known value
    representation (explicit) or a short length (implicit).
    """
    if len(head) < 8 or head[:2] not in (b"\x02\x00", b"\x08\x00"):
        return False
    if head[4:6] in _EXPLICIT_VRS:
        return True
    element = int.from_bytes(head[2:4], "little")
    length = int.from_bytes(head[4:8], "little")
    return element <= 0x60 and length <= 128 and length % 2 == 0


def check_size(rows, columns, what="header"):
    """Refuse a size that no image of the field has, before anything is decoded.

    Parameters
    ----------
    rows, columns : int
        The size that the file claims.

    what : str, default="header"
        Where it claims it; begins the message.

    Raises
    ------
    ImageReadError
        If a side is zero, or there are more than ``MAX_PIXELS`` pixels. The
        message does not name the file: :func:`skfusion.images.read_image` does.

    Examples
    --------
    >>> from skfusion.images._formats._signatures import check_size
    >>> check_size(4096, 3328)
    >>> check_size(0, 3328)
    Traceback (most recent call last):
        ...
    skfusion.exceptions.ImageReadError: the header gives 0 x 3328 pixels
    """
    if rows < 1 or columns < 1:
        raise ImageReadError(f"the {what} gives {rows} x {columns} pixels")
    if rows * columns > MAX_PIXELS:
        raise ImageReadError(
            f"the {what} gives {rows} x {columns} pixels, more than the "
            f"{MAX_PIXELS} that an image may have"
        )


def check_file_size(n_bytes, kind):
    """Refuse a file that is larger than any image may be, before it is read.

    Parameters
    ----------
    n_bytes : int
        Size of the file.

    kind : {"DICOM", "PNG", "JPEG", "TIFF", "BMP", "PPM"}
        What it is by its first bytes.

    Raises
    ------
    ImageReadError
        If it has more than eight bytes for each of ``MAX_PIXELS``, or, as DICOM,
        which may hold many frames, more than 2 GiB.

    Examples
    --------
    >>> from skfusion.images._formats._signatures import check_file_size
    >>> check_file_size(200 * 10**9, "PNG")
    Traceback (most recent call last):
        ...
    skfusion.exceptions.ImageReadError: it has 200000000000 bytes, more than the
    640000000 that a PNG file may have
    """
    limit = _MAX_DICOM_BYTES if kind == "DICOM" else _MAX_BYTES
    if n_bytes > limit:
        raise ImageReadError(
            f"it has {n_bytes} bytes, more than the {limit} that a {kind} file may have"
        )


def is_compressed_dicom(path):
    """Tell whether a file is DICOM whose pixels are compressed.

    Parameters
    ----------
    path : pathlib.Path
        The file, of which only the beginning is read.

    Returns
    -------
    is_compressed : bool
        False, too, for what cannot be read: reading the image says why.

    Examples
    --------
    >>> from pathlib import Path
    >>> from skfusion.images._formats._signatures import is_compressed_dicom
    >>> is_compressed_dicom(Path("no such file"))
    False
    """
    try:
        if not path.is_file():  # opening a pipe would wait for its other end
            return False
        with path.open("rb") as file:
            if file.read(HEAD_BYTES)[128:] != b"DICM":
                return False
        return read_file_meta_info(path).TransferSyntaxUID.is_encapsulated
    except Exception:  # pydicom raises many kinds on a damaged header
        return False
