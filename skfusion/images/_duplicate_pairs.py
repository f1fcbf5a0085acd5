"""Pairs of images that are nearly the same, also mirrored or rotated."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.utils import gen_batches

from ._source import ImageSource

__all__ = [
    "SYMMETRIES",
    "duplicate_pairs",
    "family_numbers",
    "mark_exact",
    "read_thumbnails",
    "to_thumbnails",
]

_BATCH = 256
# What turns the left image of a pair into the right one.
SYMMETRIES = {
    "same": lambda image: image,
    "mirrored": lambda image: image[..., :, ::-1],
    "upside down": lambda image: image[..., ::-1, :],
    "rotated by 180": lambda image: image[..., ::-1, ::-1],
    "transposed": lambda image: image.swapaxes(-1, -2),
    "rotated by 90": lambda image: image.swapaxes(-1, -2)[..., ::-1, :],
    "rotated by 270": lambda image: image.swapaxes(-1, -2)[..., :, ::-1],
    "transposed and rotated by 180": lambda image: (
        image.swapaxes(-1, -2)[..., ::-1, ::-1]
    ),
}


def read_thumbnails(X, size=64, isolated=False):
    """Read grey thumbnails, each stretched to its own range.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        Paths of images, or their pixels, in any form of ImageSource.

    size : int, default=64
        Side in pixels.

    isolated : bool, default=False
        Whether files are decoded in worker processes.

    Returns
    -------
    thumbnails : ndarray of shape (n_images, size, size), dtype uint8
        An image of a single grey value is 0 everywhere.
    """
    source = ImageSource(X, image_size=size, resize="stretch", isolated=isolated)
    thumbnails = np.zeros((len(source), size, size), dtype=np.uint8)
    for rows in gen_batches(len(source), _BATCH):
        thumbnails[rows] = to_thumbnails(source[rows])
    return thumbnails


def to_thumbnails(images):
    """Return grey images in 8 bits, each stretched to its own range.

    Parameters
    ----------
    images : ndarray of shape (n_images, size, size, n_channels), dtype float32

    Returns
    -------
    thumbnails : ndarray of shape (n_images, size, size), dtype uint8
    """
    grey = images.mean(axis=-1, dtype=np.float32)
    grey -= grey.min(axis=(1, 2), keepdims=True)
    highest = grey.max(axis=(1, 2), keepdims=True)
    return np.rint(grey * (255 / np.where(highest > 0, highest, 1))).astype(np.uint8)


def duplicate_pairs(thumbnails, threshold=0.95):
    """Find the pairs of images that are nearly the same.

    Parameters
    ----------
    thumbnails : ndarray of shape (n_images, size, size), dtype uint8
        As returned by :func:`read_thumbnails`.

    threshold : float, default=0.95
        Pearson correlation above which two thumbnails are considered the same.

    Returns
    -------
    pairs : DataFrame of shape (n_pairs, 4)
        Rows of the images ``left`` < ``right``, sorted; ``correlation`` of their
        thumbnails; ``symmetry``, the name of what turns the left image into the right
        one, a key of ``SYMMETRIES``: "same", "mirrored", "rotated by 90" ...
    """
    flat = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(flat, axis=1, keepdims=True)
    flat /= np.where(norms > 0, norms, 1)
    found = []
    for name, change in SYMMETRIES.items():
        turned = change(flat.reshape(thumbnails.shape)).reshape(flat.shape)
        for rows in gen_batches(len(flat), _BATCH):
            correlation = np.triu(turned[rows] @ flat[rows.start :].T, k=1)
            left, right = np.nonzero(correlation > threshold)
            found.append(
                pd.DataFrame(
                    {
                        "left": left + rows.start,
                        "right": right + rows.start,
                        "correlation": correlation[left, right],
                        "symmetry": name,
                    }
                )
            )
    pairs = pd.concat(found, ignore_index=True)
    pairs = pairs.sort_values("correlation", ascending=False, kind="stable")
    pairs = pairs.drop_duplicates(["left", "right"])
    return pairs.sort_values(["left", "right"], ignore_index=True)


def mark_exact(pairs, X):
    """Find the pairs whose images are equal in every pixel.

    Only the images of pairs of high correlation are decoded again, at full size.

    Parameters
    ----------
    pairs : DataFrame
        As returned by :func:`duplicate_pairs`.

    X : DataFrame, Series, list or ndarray
        The images of the pairs.

    Returns
    -------
    is_exact : ndarray of shape (n_pairs,), dtype bool
        A mirrored or rotated copy is exact if all its pixels are.
    """
    source = ImageSource(X)
    columns = ["left", "right", "correlation", "symmetry"]
    return np.array(
        [
            correlation > 0.999
            and np.array_equal(
                SYMMETRIES[symmetry](source[[left]][0, ..., 0]),
                source[[right]][0, ..., 0],
            )
            for left, right, correlation, symmetry in zip(
                *(pairs[name] for name in columns), strict=True
            )
        ],
        dtype=bool,
    )


def family_numbers(pairs, n_images):
    """Return the family of each image, numbered in order of first appearance.

    Parameters
    ----------
    pairs : DataFrame
        As returned by :func:`duplicate_pairs`.

    n_images : int

    Returns
    -------
    families : ndarray of shape (n_images,), dtype int64
        An image without a pair is the only member of its family.
    """
    edges = (np.ones(len(pairs), dtype=bool), (pairs["left"], pairs["right"]))
    graph = coo_array(edges, shape=(n_images, n_images))
    labels = connected_components(graph, directed=False)[1]
    _, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes]
