"""Resize an image with antialiasing."""

import numpy as np
from PIL import Image

__all__ = ["resize_image"]


def resize_image(image, image_size, resize="pad"):
    """Resize one image to a square.

    Parameters
    ----------
    image : ndarray of shape (height, width, n_channels), dtype float32
        Image of any size.

    image_size : int
        Side of the square, in pixels.

    resize : {"pad", "stretch"}, default="pad"
        "pad" keeps the aspect ratio, centres the image and fills the rest with 0.
        "stretch" ignores the aspect ratio and fills the square.

    Returns
    -------
    image : ndarray of shape (image_size, image_size, n_channels), dtype float32
        The image, resized with antialiasing (a triangle filter whose width is that of
        the reduction).

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images import resize_image
    >>> image = np.ones((20, 10, 1), dtype=np.float32)
    >>> resize_image(image, 8)[4, :, 0]
    array([0., 0., 1., 1., 1., 1., 0., 0.], dtype=float32)
    """
    if resize not in ("pad", "stretch"):
        raise ValueError(
            "The 'resize' parameter must be 'pad' or 'stretch'. Got "
            f"{resize!r} instead."
        )
    height, width = image.shape[:2]
    if height == width == image_size:
        return image
    size = (image_size, image_size)
    if resize == "pad":
        scale = image_size / max(height, width)
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
    channels = [_resize_channel(channel, size) for channel in np.moveaxis(image, -1, 0)]
    return _centre(np.stack(channels, axis=-1), image_size)


def _resize_channel(channel, size):
    picture = Image.fromarray(np.ascontiguousarray(channel, dtype=np.float32))
    return np.asarray(picture.resize(size[::-1], Image.Resampling.BILINEAR))


def _centre(image, image_size):
    height, width, n_channels = image.shape
    if height == width == image_size:
        return image
    square = np.zeros((image_size, image_size, n_channels), dtype=np.float32)
    top, left = (image_size - height) // 2, (image_size - width) // 2
    square[top : top + height, left : left + width] = image
    return square
