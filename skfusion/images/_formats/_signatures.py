"""Recognise the format of a file, and check the size that its header declares."""

from pydicom.filereader import read_file_meta_info

from ...exceptions import ImageReadError

__all__ = [
    "HEAD_BYTES",
    "MAX_PIXELS",
    "check_file_size",
    "check_size",
    "is_compressed_dicom",
    "recognise_format",
]

#: Largest number of pixels of an image. The largest digitised mammogram films have
#: about 40 million. A header that declares more than this limit is damaged or hostile.
MAX_PIXELS = 80_000_000

#: Number of bytes from which the format of a file is recognised.
HEAD_BYTES = 132

# Eight bytes per pixel. A DICOM file may hold many frames, each of them smaller.
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


def recognise_format(head):
    """Return the format of an image file from its first bytes, never from its name.

    Parameters
    ----------
    head : bytes
        The first 132 bytes of the file, or all of a shorter one.

    Returns
    -------
    image_format : {"DICOM", "PNG", "JPEG", "TIFF", "BMP", "PPM"} or None
        None if the format is none of these.

    Examples
    --------
    >>> from skfusion.images._formats._signatures import recognise_format
    >>> recognise_format(bytes(128) + b"DICM")
    'DICOM'
    >>> recognise_format(b"P5 64 64 255 ")
    'PPM'
    >>> print(recognise_format(b"patient;age"))
    None
    """
    if head[128:HEAD_BYTES] == b"DICM":
        return "DICOM"
    for signature, image_format in _SIGNATURES:
        if head.startswith(signature):
            return image_format
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "PPM"
    if _begins_dicom_data_set(head):
        return "DICOM"
    return None


def _begins_dicom_data_set(head):
    """Return whether the bytes are a little-endian DICOM data set without a preamble.

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


def check_size(rows, columns, name="header"):
    """Refuse an implausible image size, before anything is decoded.

    Parameters
    ----------
    rows, columns : int
        The size that the file declares.

    name : str, default="header"
        The part of the file that declares it. The message begins with this name.

    Raises
    ------
    ImageReadError
        If a side is zero, or the image has more than ``MAX_PIXELS`` pixels. The name of
        the file is added to the message by :func:`skfusion.images.read_image`.

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
        raise ImageReadError(f"the {name} gives {rows} x {columns} pixels")
    if rows * columns > MAX_PIXELS:
        raise ImageReadError(
            f"the {name} gives {rows} x {columns} pixels, more than the "
            f"{MAX_PIXELS} that an image may have"
        )


def check_file_size(n_bytes, image_format):
    """Refuse a file that is larger than any image may be, before it is read.

    Parameters
    ----------
    n_bytes : int
        Size of the file.

    image_format : {"DICOM", "PNG", "JPEG", "TIFF", "BMP", "PPM"}
        Format of the file.

    Raises
    ------
    ImageReadError
        If the file has more than eight bytes for each of ``MAX_PIXELS``. For DICOM,
        which may hold many frames, the limit is 2 GiB.

    Examples
    --------
    >>> from skfusion.images._formats._signatures import check_file_size
    >>> check_file_size(200 * 10**9, "PNG")
    Traceback (most recent call last):
        ...
    skfusion.exceptions.ImageReadError: it has 200000000000 bytes, more than the
    640000000 that a PNG file may have
    """
    limit = _MAX_DICOM_BYTES if image_format == "DICOM" else _MAX_BYTES
    if n_bytes > limit:
        raise ImageReadError(
            f"it has {n_bytes} bytes, more than the {limit} that a {image_format} file "
            "may have"
        )


def is_compressed_dicom(path):
    """Return whether a file is DICOM with compressed pixels.

    Parameters
    ----------
    path : pathlib.Path
        The file. Only its beginning is read.

    Returns
    -------
    is_compressed : bool
        Also False if the file cannot be read. Reading the image then raises the error.

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
    except Exception:  # pydicom raises many different errors for a damaged header
        return False
