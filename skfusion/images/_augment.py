"""Random changes of an image that keep its label."""

import numpy as np
from scipy.ndimage import affine_transform

__all__ = ["augment_image"]

# Each parameter is drawn uniformly from [-limit, limit]. The angle is in degrees, the
# scale is a fraction of the size, the shift a fraction of the side, the contrast a
# fraction, and the brightness is in standard deviations of the image.
AUGMENTATION_LIMITS = {
    "angle": 15.0,
    "scale": 0.1,
    "shift": 0.08,
    "contrast": 0.2,
    "brightness": 0.2,
}


def augment_image(image, seed):
    """Augment one image at random.

    The image is mirrored left to right with probability 0.5, rotated by up to
    15 degrees, scaled by up to 10 % and shifted by up to 8 % of its side. Its
    contrast is changed by up to 20 %, and its brightness by up to 0.2 standard
    deviations of the image. Areas outside the original image are filled with 0.

    Parameters
    ----------
    image : ndarray of shape (height, width) or (height, width, n_channels)
        Float image. It is not modified.

    seed : int
        Seed of the augmentation. With 0 the image is returned without changes.

    Returns
    -------
    image : ndarray of the same shape, dtype float32
        The augmented image. Its values may be slightly outside the range of the
        original.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images import augment_image
    >>> image = np.eye(8, dtype=np.float32)
    >>> augment_image(image, seed=3).shape
    (8, 8)
    >>> bool((augment_image(image, seed=0) == image).all())
    True
    """
    image = np.asarray(image, dtype=np.float32)
    if seed == 0:
        return image
    rng = np.random.default_rng(seed)
    flip = rng.random() < 0.5
    draws = {name: rng.uniform(-limit, limit) for name, limit in _limits()}
    return _expose(_move(image, flip, draws), draws)


def _limits():
    return AUGMENTATION_LIMITS.items()


def _move(image, flip, draws):
    matrix, offset = _affine(image.shape[:2], flip, draws)
    if image.ndim == 2:
        return affine_transform(image, matrix, offset, order=1)
    channels = [
        affine_transform(image[..., channel], matrix, offset, order=1)
        for channel in range(image.shape[2])
    ]
    return np.stack(channels, axis=-1)


def _affine(shape, flip, draws):
    """Return matrix and offset from output to input coordinates, about the centre."""
    angle = np.deg2rad(draws["angle"])
    cosine, sine = np.cos(angle), np.sin(angle)
    matrix = np.array([[cosine, sine], [-sine, cosine]]) / (1 + draws["scale"])
    if flip:
        matrix[:, 1] *= -1
    centre = (np.asarray(shape) - 1) / 2
    shift = draws["shift"] * np.asarray(shape)
    return matrix, centre - matrix @ (centre + shift)


def _expose(image, draws):
    mean, deviation = image.mean(), image.std()
    contrast, brightness = 1 + draws["contrast"], draws["brightness"]
    exposed = mean + contrast * (image - mean) + brightness * deviation
    return exposed.astype(np.float32)
