"""Put an image into a frame of another shape."""

import numpy as np
from PIL import Image

__all__ = ["fit_shape"]


def fit_shape(image, shape):
    """Resize an image to a height and width without changing its aspect ratio.

    Parameters
    ----------
    image : ndarray of shape (H, W, n_channels), floats

    shape : tuple of (height, width)

    Returns
    -------
    image : ndarray of shape (height, width, n_channels)
        The image as large as it fits, in the middle; 0 beside it.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.preprocessing._fit_shape import fit_shape
    >>> fit_shape(np.ones((2, 4, 1)), (4, 4))[..., 0].astype(int)
    array([[0, 0, 0, 0],
           [1, 1, 1, 1],
           [1, 1, 1, 1],
           [0, 0, 0, 0]])
    """
    height, width = image.shape[:2]
    if (height, width) == tuple(shape):
        return image
    scale = min(shape[0] / height, shape[1] / width)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (shape[0] - size[0]) // 2, (shape[1] - size[1]) // 2
    frame = np.zeros((*shape, image.shape[2]), dtype=image.dtype)
    place = frame[top : top + size[0], left : left + size[1]]
    for channel in range(image.shape[2]):
        picture = Image.fromarray(image[..., channel].astype(np.float32))
        resized = picture.resize(size[::-1], Image.Resampling.BILINEAR)
        place[..., channel] = np.asarray(resized)
    return frame
