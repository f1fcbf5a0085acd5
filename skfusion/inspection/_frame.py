"""The place of the square that a model reads in the image that it was cut from."""

import numpy as np
import torch
from torch.nn import functional

__all__ = ["Frame"]


class Frame:
    """The place of the square that a model reads in its image.

    Parameters
    ----------
    shape : tuple of (height, width)
        Size of the image in pixels.

    box : tuple of (x0, y0, x1, y1)
        What was cut out of the image, in pixels. It may go beyond the image.

    image_size : int
        Side of the square in pixels.

    resize : {"pad", "stretch"}
        The same as in :func:`~skfusion.images.resize_image`.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.inspection._frame import Frame
    >>> frame = Frame((2, 4), (0, 0, 4, 2), image_size=4, resize="pad")
    >>> frame.content()
    (slice(1, 3, None), slice(0, 4, None))
    >>> frame.to_image(np.ones((4, 4))).tolist()
    [[0.125, 0.125, 0.125, 0.125], [0.125, 0.125, 0.125, 0.125]]
    """

    def __init__(self, shape, box, image_size, resize):
        self.shape = shape
        self.box = box
        self.image_size = image_size
        self.resize = resize

    def content(self):
        """Return the rows and columns of the square that are no padding of it."""
        x0, y0, x1, y1 = self.box
        size = self.image_size
        if self.resize == "stretch":
            return slice(0, size), slice(0, size)
        scale = size / max(x1 - x0, y1 - y0)
        sides = [max(1, round(side * scale)) for side in (y1 - y0, x1 - x0)]
        starts = [(size - side) // 2 for side in sides]
        return tuple(slice(a, a + b) for a, b in zip(starts, sides, strict=True))

    def inside(self):
        """Return the rows and columns of the image that lie in the box."""
        x0, y0, x1, y1 = self.box
        height, width = self.shape
        return slice(max(y0, 0), min(y1, height)), slice(max(x0, 0), min(x1, width))

    def to_image(self, attributions):
        """Return attributions of the square as a map of the image.

        Parameters
        ----------
        attributions : ndarray of shape (n_rows, n_columns)
            Of any resolution, over the whole square.

        Returns
        -------
        saliency : ndarray of shape (height, width), dtype float32
            Negative numbers are 0, and the sum is 1, unless all numbers are 0. It is 0
            outside of the box.
        """
        x0, y0, x1, y1 = self.box
        square = _resize(attributions, (self.image_size, self.image_size))
        found = _resize(square[self.content()], (y1 - y0, x1 - x0))
        height, width = self.shape
        saliency = np.zeros(self.shape, dtype=np.float32)
        top, left = max(y0, 0), max(x0, 0)
        inside = found[top - y0 : height - y0, left - x0 : width - x0]
        part = saliency[top:, left:][: inside.shape[0], : inside.shape[1]]
        np.maximum(inside, 0, out=part)
        total = saliency.sum(dtype=np.float64)
        return saliency if total == 0 else (saliency / total).astype(np.float32)


def _resize(image, size):
    """Resize by interpolation, with antialiasing where the image becomes smaller."""
    tensor = torch.from_numpy(np.asarray(image, dtype=np.float32))[None, None]
    options = {"mode": "bilinear", "antialias": True, "align_corners": False}
    return functional.interpolate(tensor, size, **options)[0, 0].numpy()
