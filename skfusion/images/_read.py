"""Read one image file."""

from numbers import Integral
from pathlib import Path

from sklearn.utils import check_scalar

from ._formats._decode import decode
from ._pixel_share import PixelShare
from ._worker_pool import decode_isolated

__all__ = ["read_image"]


def read_image(path, *, frame=0, min_side=None, isolated=False):
    """Read a PNG, JPEG, PGM, TIFF, BMP or DICOM file as a grey image.

    The format is recognised by the file's content, never by its name. An image of
    8 or 16 bits keeps its depth until it is a float. Colour becomes grey by its
    luma (ITU-R BT.601), and transparency is left out.

    Parameters
    ----------
    path : str or path-like
        The file.

    frame : int, default=0
        Which frame of a multi-frame DICOM file or page of a TIFF, from 0.

    min_side : int, default=None
        Sides in pixels that are enough. A JPEG 2000 of one component is decoded at
        the smallest of its resolutions that has them, many times faster than as a
        whole; other files are read as they are. If None, the whole image is decoded.

    isolated : bool, default=False
        Whether to decode in a worker process, which is stopped when it takes too
        much time or memory. A native decoder can abort its whole process on a
        damaged file; with ``isolated=True`` that, too, ends in an
        :class:`~skfusion.exceptions.ImageReadError`. Use it for files of unknown
        origin; it costs about two seconds once, for the start of the worker, and
        then a copy of the image. Threads that call at once have a worker each.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]
        1 is bright.

    Raises
    ------
    skfusion.exceptions.ImageReadError
        If the file does not exist, is no image, is damaged or cut short, has no
        such frame, or claims more than 80 million pixels. The message names the
        file by its last path component.

    See Also
    --------
    scan_images : Make the DataFrame for a folder of images.

    Notes
    -----
    DICOM values go through the modality LUT (or rescale slope and intercept), then
    through the first VOI LUT or else the first window, and MONOCHROME1 is inverted
    at last. The window's output range becomes [0, 1]. Without a window it is the
    range that BitsStored allows, so images of one machine stay comparable; values
    of more than 16 bits, and floats, are scaled by their own extremes. VOI LUT and
    window are not applied to colour. Transfer syntaxes: uncompressed, deflated,
    RLE, JPEG (8 bits), JPEG lossless, JPEG-LS and JPEG 2000.

    Pillow reduces colour images of 16 bits a channel to 8.

    References
    ----------
    DICOM PS3.3, C.11.1 (modality LUT) and C.11.2 (VOI LUT).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skfusion.images import read_image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "image.pgm"
    ...     _ = path.write_bytes(b"P5 3 1 65535 " + bytes([0, 0, 128, 0, 255, 255]))
    ...     image = read_image(path)
    >>> image.shape, image.dtype
    ((1, 3), dtype('float32'))
    >>> image.round(3).tolist()
    [[0.0, 0.5, 1.0]]
    """
    path = Path(path)
    check_scalar(frame, "frame", Integral, min_val=0)
    if min_side is not None:
        min_side = int(check_scalar(min_side, "min_side", Integral, min_val=1))
    with PixelShare() as share:
        return read_shared(path, int(frame), min_side, isolated, share)


def read_shared(path, frame, min_side, isolated, share):
    """Read one image within a share, which the caller gives back after its use."""
    read = decode_isolated if isolated else decode
    return read(path, frame, min_side, share.take)
