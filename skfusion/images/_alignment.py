"""Alignment of two thumbnails, one of which may be a cropped copy of the other."""

import numpy as np
from scipy.ndimage import gaussian_filter

from ._texture import SIZE, textures

__all__ = ["aligned_correlations", "tangent_basis"]

_N_STEPS = 6
_SIGMA = 1.5  # blur in pixels, so that a shift of two pixels is a small one
_FARTHEST = 5  # pixels by which a copy may be moved or stretched
_OFFSET = np.linspace(-1, 1, SIZE, dtype=np.float32)  # of a pixel from the centre
_RIDGE = 1e-3
_SMALLEST = 150  # pixels on which both textures are known


def tangent_basis(images):
    """Return what an image becomes by a small shift or stretch, as a basis.

    Parameters
    ----------
    images : ndarray of shape (n_images, side, side), dtype float32

    Returns
    -------
    basis : ndarray of shape (n_images, 5, side, side), dtype float32
        An orthonormal basis of the image and its derivatives. The length of the
        projection of another image on it is their correlation after the best shift and
        stretch, to first order.
    """
    vectors = np.stack([images, *_derivatives(images)], axis=1)
    vectors -= vectors.mean(axis=(2, 3), keepdims=True)
    flat = vectors.reshape(*vectors.shape[:2], -1).swapaxes(1, 2)
    return np.linalg.qr(flat)[0].swapaxes(1, 2).reshape(vectors.shape)


def _derivatives(images):
    """Return the changes by shift and stretch, first of the columns, then the rows."""
    down, right = np.gradient(images, axis=(1, 2))
    offset = np.linspace(-1, 1, images.shape[1], dtype=np.float32)
    return right, right * offset, down, down * offset[:, np.newaxis]


def aligned_correlations(left, right):
    """Return how well pairs of thumbnails agree after the best shift and stretch.

    Parameters
    ----------
    left, right : ndarray of shape (n_pairs, 64, 64), dtype uint8

    Returns
    -------
    grey, texture : ndarray of shape (n_pairs,), dtype float32
        Pearson correlations of the grey values, and of the textures, where both images
        show something. 0 where that is next to nothing.
    """
    (left_texture, left_known), (right_texture, right_known) = map(
        textures, (left, right)
    )
    moves = _find_moves(_smooth(left_texture), _smooth(right_texture))
    inside = _move(np.ones(left.shape, dtype=np.float32), moves) > 0.99
    both = inside & (_move(left_known, moves) > 0.5) & (right_known > 0)
    grey = _correlate(_move(left.astype(np.float32), moves), right, inside)
    texture = _correlate(_move(left_texture, moves), right_texture, both)
    return grey, np.where(both.sum(axis=(1, 2)) < _SMALLEST, 0, texture)


def _find_moves(left, right):
    """Return shift and stretch of columns and rows, by the Gauss-Newton method."""
    moves = np.zeros((len(left), 4), dtype=np.float32)
    right = right.reshape(len(right), -1, 1)
    for _ in range(_N_STEPS):
        moved = _move(left, moves)
        slopes = np.stack([moved, *_derivatives(moved)], axis=-1)
        slopes = slopes.reshape(len(left), -1, 5)  # the first one is the contrast
        across = slopes.swapaxes(1, 2)
        squares = across @ slopes
        ridge = np.trace(squares, axis1=1, axis2=2) + 1e-6
        squares += _RIDGE * ridge[:, np.newaxis, np.newaxis] * np.eye(5, dtype="f4")
        steps = np.linalg.solve(squares, across @ right)[:, 1:, 0]
        moves = np.clip(moves + steps, -_FARTHEST, _FARTHEST)
    return moves


def _move(images, moves):
    """Resample images at moved columns and rows; 0 outside of the image."""
    columns, rows = (
        _interpolation(*moves[:, axes].T[..., np.newaxis]) for axes in ([0, 1], [2, 3])
    )
    return rows @ images @ columns.swapaxes(1, 2)


def _interpolation(shift, stretch):
    """Return matrices (n, 64, 64) that interpolate linearly."""
    pixels = np.arange(SIZE, dtype=np.float32)
    places = pixels + shift + stretch * _OFFSET
    return np.maximum(0, 1 - np.abs(places[:, :, np.newaxis] - pixels))


def _smooth(images):
    return gaussian_filter(images, (0, _SIGMA, _SIGMA))


def _correlate(left, right, where):
    """Return the Pearson correlation of the pixels `where`, for each pair."""
    count = np.maximum(where.sum(axis=(1, 2), keepdims=True), 1)

    def centre(images):
        images = images * where
        return where * (images - images.sum(axis=(1, 2), keepdims=True) / count)

    left, right = centre(left), centre(right)
    norms = np.linalg.norm(left, axis=(1, 2)) * np.linalg.norm(right, axis=(1, 2))
    return (left * right).sum(axis=(1, 2)) / np.where(norms > 1e-6, norms, 1)
