"""The fine structure of thumbnails, by which two breasts of one shape differ."""

import numpy as np
from scipy.ndimage import gaussian_filter, minimum_filter

__all__ = ["SIZE", "shrink", "standardise", "textures"]

SIZE = 64  # side of the thumbnails
_SIGMA = 2  # of the neighbourhood of a pixel
_DARKEST = 13  # of 255: the background of a mammogram is darker
_SMALLEST = 0.05  # part of the image that must be brighter
_NOISE = 4  # grey values; contrast below it is not raised


def textures(thumbnails):
    """Return the local contrast of thumbnails, without background and outline.

    Parameters
    ----------
    thumbnails : ndarray of shape (n_images, 64, 64), dtype uint8

    Returns
    -------
    texture : ndarray of shape (n_images, 64, 64), dtype float32
        Difference of each pixel from its neighbourhood, in standard deviations of the
        neighbourhood, of which the background is no part; 0 in the background.

    foreground : ndarray of shape (n_images, 64, 64), dtype float32
        1 where the texture is known, 0 elsewhere.
    """
    grey = thumbnails.astype(np.float32)
    bright = (_blur(grey, 1) > _DARKEST).astype(np.float32)
    bright[bright.mean(axis=(1, 2)) < _SMALLEST] = 1
    weight = _blur(bright, _SIGMA) + 1e-6
    difference = bright * (grey - _blur(grey * bright, _SIGMA) / weight)
    deviation = np.sqrt(_blur(difference**2, _SIGMA) / weight)
    foreground = minimum_filter(bright, (1, 3, 3))
    return foreground * difference / (deviation + _NOISE), foreground


def shrink(texture, side):
    """Blur textures, reduce them to a side of 32 or 16 pixels, and standardise them.

    Parameters
    ----------
    texture : ndarray of shape (n_images, 64, 64), dtype float32

    side : int

    Returns
    -------
    shrunk : ndarray of shape (n_images, side, side), dtype float32
        Their dot products are correlations.
    """
    step = SIZE // side
    blurred = _blur(texture, step / 2).reshape(-1, side, step, side, step)
    return standardise(blurred.mean(axis=(2, 4)))


def standardise(images):
    """Return images whose dot products are correlations; 0 for a constant one.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width), dtype float32

    Returns
    -------
    images : ndarray of the same shape, dtype float32
    """
    images = images - images.mean(axis=(1, 2), keepdims=True)
    norms = np.linalg.norm(images, axis=(1, 2), keepdims=True)
    return images / np.where(norms > 1e-6, norms, 1)


def _blur(images, sigma):
    return gaussian_filter(images, (0, sigma, sigma))
