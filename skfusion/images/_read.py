"""Read one image file."""

from numbers import Integral
from pathlib import Path

from sklearn.utils import check_scalar

from ._formats._decode import decode
from ._pixel_share import PixelShare
from ._worker_pool import decode_isolated

__all__ = ["read_image", "read_shared"]


def read_image(path, *, frame=0, min_side=None, isolated=False):
    """Read a PNG, JPEG, PGM, TIFF, BMP or DICOM file as a grey image.

    The format is recognised by the content of the file, never by its name. An image of
    8 or 16 bits keeps its depth until it is converted to floats. Colour is converted to
    grey by its luma (ITU-R BT.601), and transparency is ignored.

    Parameters
    ----------
    path : str or path-like
        The file.

    frame : int, default=0
        Index of the frame of a multi-frame DICOM file, or of the page of a TIFF.

    min_side : int, default=None
        Smallest side, in pixels, that is sufficient. A JPEG 2000 image with one
        component is decoded at the lowest of its resolutions that is sufficient, which
        is many times faster. For other files the parameter has no effect. If None, the
        whole image is decoded.

    isolated : bool, default=False
        Whether to decode in a worker process, which is stopped if it needs too much
        time or memory. A native decoder can abort the whole process on a damaged file.
        With ``isolated=True`` an :class:`~skfusion.exceptions.ImageReadError` is raised
        instead. Use it for files of unknown origin. It costs about two seconds once,
        for the start of the worker, and one additional copy of each image. Threads
        that call the function at the same time use separate workers.

    Returns
    -------
    image : float32 ndarray of shape (H, W), in [0, 1]
        The grey image, where 1 is bright.

    Raises
    ------
    skfusion.exceptions.ImageReadError
        If the file does not exist, is not an image, is damaged or truncated, does not
        have the frame, or declares more than 80 million pixels. The message contains
        only the last component of the path.

    See Also
    --------
    scan_images : Return a DataFrame of the images in a folder.

    Notes
    -----
    For DICOM files, the modality LUT (or rescale slope and intercept) is applied first,
    then the first VOI LUT or, if the file has none, the first window. Finally
    MONOCHROME1 is inverted. The output range of the window is scaled to [0, 1]. Without
    a window, the range that BitsStored allows is used, so that images of one machine
    stay comparable. Values of more than 16 bits, and floats, are scaled by the minimum
    and maximum of the image. VOI LUT and window are not applied to colour. These
    transfer syntaxes are supported: uncompressed, deflated, RLE, JPEG (8 bits), JPEG
    lossless, JPEG-LS and JPEG 2000.

    Pillow reduces colour images with 16 bits per channel to 8 bits.

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
    """Read one image within a share, which the caller releases after use."""
    read = decode_isolated if isolated else decode
    return read(path, frame, min_side, share.take)
