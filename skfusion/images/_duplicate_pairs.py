"""Pairs of images that are nearly the same, also mirrored or rotated."""

import hashlib

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ._alignment import aligned_correlations, tangent_basis
from ._resize import resize_image
from ._source import ImageSource
from ._texture import SIZE, shrink, textures

__all__ = [
    "SYMMETRIES",
    "duplicate_pairs",
    "family_numbers",
    "mark_exact",
    "read_thumbnails",
    "to_thumbnails",
]

_BATCH = 256
_COLUMNS = ["left", "right", "correlation", "texture", "symmetry"]
_COARSE, _FINE = (16, 16), (32, 32)
# Correlations of textures, chosen on BUSI and RSNA: docs/studies/near_duplicates.py.
_LIKELY_COARSE = 0.7
_LIKELY_FINE = 0.7
_SAME_TEXTURE = 0.75
_ALMOST_ONE = 0.999  # pairs that may be equal in every pixel
# What turns the left image of a pair into the right one.
SYMMETRIES = {
    "same": lambda image: image,
    "mirrored": lambda image: image[..., :, ::-1],
    "upside down": lambda image: image[..., ::-1, :],
    "rotated by 180": lambda image: image[..., ::-1, ::-1],
    "transposed": lambda image: image.swapaxes(-1, -2),
    "rotated by 90": lambda image: image.swapaxes(-1, -2)[..., ::-1, :],
    "rotated by 270": lambda image: image.swapaxes(-1, -2)[..., :, ::-1],
    "transposed and rotated by 180": lambda image: image.swapaxes(-1, -2)[
        ..., ::-1, ::-1
    ],
}
_BACK = {"rotated by 90": "rotated by 270", "rotated by 270": "rotated by 90"}


def read_thumbnails(X, size=64, isolated=False):
    """Read grey thumbnails, each stretched to its own range.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        Paths of images, or their pixels, in any form of ImageSource.

    size : int, default=64
        Side in pixels to which images are reduced first; they lose finer detail.

    isolated : bool, default=False
        Whether files are decoded in worker processes.

    Returns
    -------
    thumbnails : ndarray of shape (n_images, 64, 64), dtype uint8
        An image of a single grey value is 0 everywhere.
    """
    source = ImageSource(X, image_size=size, resize="stretch", isolated=isolated)
    if len(source) == 0:
        raise ValueError("Expected at least 1 image. Got 0 images instead.")
    thumbnails = np.zeros((len(source), SIZE, SIZE), dtype=np.uint8)
    for rows in _batches(len(source)):
        images = [resize_image(image, SIZE, "stretch") for image in source[rows]]
        thumbnails[rows] = to_thumbnails(np.stack(images))
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

    Three checks follow each other, the cheapest one first: a correlation of 16 x 16
    pixels of texture, one of 32 x 32 pixels that allows for a shift and stretch to
    first order, and one of the aligned thumbnails.

    Parameters
    ----------
    thumbnails : ndarray of shape (n_images, 64, 64), dtype uint8
        As returned by :func:`read_thumbnails`.

    threshold : float, default=0.95
        Pearson correlation above which two aligned thumbnails are considered the same.
        Their textures must agree, too.

    Returns
    -------
    pairs : DataFrame of shape (n_pairs, 5)
        Rows of the images ``left`` < ``right``, sorted; ``correlation`` of their
        aligned thumbnails; ``texture``, the correlation of their textures;
        ``symmetry``, the name of what turns the left image into the right one, a key of
        ``SYMMETRIES``: "same", "mirrored", "rotated by 90" ...
    """
    # Equal thumbnails are compared once, or a thousand copies would be 500,000 pairs.
    codes = pd.factorize(np.array([_digest(image) for image in thumbnails]))[0]
    first, counts = np.unique(codes, return_index=True, return_counts=True)[1:]
    if len(first) < len(codes):
        thumbnails = thumbnails[first]
    pairs = _compare(thumbnails, np.flatnonzero(counts > 1), threshold)
    if len(first) < len(codes):
        pairs = _pairs_of_copies(pairs, codes)
    return pairs[_COLUMNS].sort_values(["left", "right"], ignore_index=True)


def _digest(image):
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest()


def _compare(thumbnails, repeated, threshold):
    """Return the pairs of different thumbnails, and the repeated ones with itself."""
    coarse, fine = _shrink_all(thumbnails)
    batches = _batches(len(thumbnails))
    pairs = [_find_likely(rows, coarse, fine) for rows in batches]
    pairs.append(
        pd.DataFrame({"left": repeated, "right": repeated, "symmetry": "same"})
    )
    pairs = pd.concat(pairs)
    grey, texture = np.zeros((2, len(pairs)), dtype=np.float32)
    for rows in _batches(len(pairs)):
        grey[rows], texture[rows] = _align(pairs.iloc[rows], thumbnails)
    pairs = pairs.assign(correlation=grey, texture=texture)
    is_same = (pairs["correlation"] > threshold) & (pairs["texture"] > _SAME_TEXTURE)
    pairs = pairs[is_same].sort_values("texture", ascending=False, kind="stable")
    return pairs.drop_duplicates(["left", "right"])


def _pairs_of_copies(pairs, codes):
    """Return the pairs of all images whose thumbnails are those of a pair."""
    rows = pd.DataFrame({"code": codes, "row": np.arange(len(codes))})
    for side in ("left", "right"):
        named = rows.rename(columns={"code": side, "row": f"row_{side}"})
        pairs = pairs.merge(named, on=side)
    pairs = pairs.drop(columns=["left", "right"])
    pairs = pairs.rename(columns={"row_left": "left", "row_right": "right"})
    is_copy = codes[pairs["left"]] == codes[pairs["right"]]
    pairs = pairs[~is_copy | (pairs["left"] < pairs["right"]).to_numpy()]
    turned = pairs["left"] > pairs["right"]
    symmetry = pairs["symmetry"].mask(turned, pairs["symmetry"].replace(_BACK))
    left, right = (np.sort(pairs[["left", "right"]], axis=1)[:, i] for i in (0, 1))
    return pairs.assign(left=left, right=right, symmetry=symmetry)


def _shrink_all(thumbnails):
    """Return the textures of all images in two sizes."""
    coarse = np.empty((len(thumbnails), *_COARSE), dtype=np.float32)
    fine = np.empty((len(thumbnails), *_FINE), dtype=np.float32)
    for rows in _batches(len(thumbnails)):
        texture = textures(thumbnails[rows])[0]
        coarse[rows] = shrink(texture, _COARSE[0])
        fine[rows] = shrink(texture, _FINE[0])
    return coarse, fine


def _find_likely(rows, coarse, fine):
    """Return the pairs of `rows` with later images whose shrunk textures agree."""
    basis = tangent_basis(fine[rows])
    later = coarse[rows.start :].reshape(len(coarse) - rows.start, -1).T
    found = []
    for symmetry, turn in SYMMETRIES.items():
        turned = turn(coarse[rows]).reshape(len(basis), -1)
        left, right = np.nonzero(turned @ later > _LIKELY_COARSE)
        left, right = left[right > left], right[right > left] + rows.start
        is_likely = _agree(turn(basis), left, fine, right) > _LIKELY_FINE
        pairs = {"left": left[is_likely] + rows.start, "right": right[is_likely]}
        found.append(pd.DataFrame({**pairs, "symmetry": symmetry}))
    return pd.concat(found, ignore_index=True)


def _batches(n):
    return [slice(start, min(start + _BATCH, n)) for start in range(0, n, _BATCH)]


def _agree(basis, left, fine, right):
    """Return the length of the projection of each right image on its left basis."""
    lengths = [np.zeros(0, dtype=np.float32)]
    for pairs in _batches(len(left)):
        vectors = basis[left[pairs]].reshape(-1, 5, fine[0].size)
        images = fine[right[pairs]].reshape(-1, fine[0].size, 1)
        lengths.append(np.linalg.norm(vectors @ images, axis=(1, 2)))
    return np.concatenate(lengths)


def _align(pairs, thumbnails):
    """Return the correlations of the aligned images and of their textures."""
    turned = [
        SYMMETRIES[symmetry](thumbnails[row])
        for row, symmetry in zip(pairs["left"], pairs["symmetry"], strict=True)
    ]
    return aligned_correlations(np.stack(turned), thumbnails[pairs["right"]])


def mark_exact(pairs, X, X_right=None):
    """Find the pairs whose images are equal in every pixel.

    Only the images of pairs of high correlation are decoded again, at full size.

    Parameters
    ----------
    pairs : DataFrame
        As returned by :func:`duplicate_pairs`.

    X : DataFrame, Series, list or ndarray
        The images of the pairs.

    X_right : DataFrame, Series, list or ndarray, default=None
        The right images of the pairs, if they are not in `X`.

    Returns
    -------
    is_exact : ndarray of shape (n_pairs,), dtype bool
        A mirrored or rotated copy is exact if all its pixels are.
    """
    source = ImageSource(X)
    right_source = source if X_right is None else ImageSource(X_right)
    is_exact = np.zeros(len(pairs), dtype=bool)
    for number, pair in enumerate(pairs.itertuples()):
        if min(pair.correlation, pair.texture) > _ALMOST_ONE:
            left, right = source[[pair.left]][0], right_source[[pair.right]][0]
            left = SYMMETRIES[pair.symmetry](left[..., 0])
            is_exact[number] = np.array_equal(left, right[..., 0])
    return is_exact


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
