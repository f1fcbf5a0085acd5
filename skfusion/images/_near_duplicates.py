"""Find images that are nearly the same."""

from numbers import Integral, Real

import numpy as np
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.utils import gen_batches

from .._validation._private import Interval, validate_params
from ._source import ImageSource

__all__ = ["find_near_duplicates"]

_BATCH = 512
_HASH_SIDE = 8
_MAX_DIFFERING = 20  # of the 63 bits of a hash; unrelated images differ in about 31


@validate_params(
    {
        "images": "no_validation",
        "threshold": [Interval(Real, 0, 1, closed="both")],
        "size": [Interval(Integral, _HASH_SIDE, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def find_near_duplicates(images, *, threshold=0.95, size=64):
    """Find families of images that are nearly the same.

    Near-duplicates are images that were saved twice, slightly cropped, or annotated
    with calipers. If they are on both sides of a split, a model seems better than it
    is. Pass the families as ``groups`` to functions that split the data.

    Candidate pairs are found by a perceptual hash (the signs of the 63 lowest
    frequencies of a cosine transform). A pair is a near-duplicate if the correlation
    of its thumbnails is above `threshold`. Near-duplicates of near-duplicates belong
    to the same family.

    Parameters
    ----------
    images : list, Series, DataFrame or ndarray
        Paths of images, or their pixels, in any form that
        :class:`~skfusion.images.ImageSource` accepts.

    threshold : float, default=0.95
        Pearson correlation, in [0, 1], above which two thumbnails are considered the
        same. Below 0.9 the families quickly become large.

    size : int, default=64
        Side of the square thumbnails in pixels, at least 8. Smaller thumbnails find
        more pairs, but also more false ones.

    Returns
    -------
    families : ndarray of shape (n_images,), dtype int64
        Family of each image, numbered in order of first appearance. An image without
        near-duplicates is the only member of its family.

    Raises
    ------
    ImageReadError
        If a file cannot be read.

    ValueError
        If `images` is empty.

    Notes
    -----
    The function is intended for ultrasound images. Mammograms of different women look
    alike at this size: of 2,329 images of the RSNA data set, 714 fall into 36 families,
    and 29 of these contain several patients. If the patients are known, use them as
    groups.

    All thumbnails are kept in memory (16 kB per image with the default `size`). The
    hash is compared for every pair of images, so the time grows with the square of
    the number of images: 10,000 images take seconds, and 100,000 take many minutes.
    Mirrored or rotated copies and images of a single grey value are not found.

    References
    ----------
    .. [1] C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash
       Functions", Master's thesis, Upper Austria University of Applied Sciences,
       Hagenberg, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.images import find_near_duplicates
    >>> images = make_breast_images(4, random_state=0).images
    >>> darker_copy = images[1] // 2
    >>> find_near_duplicates(np.stack([*images, darker_copy]))
    array([0, 1, 2, 3, 1])
    """
    thumbnails = _read_thumbnails(images, size)
    hashes = _perceptual_hashes(thumbnails)
    flat = _standardise(thumbnails.reshape(len(thumbnails), -1))
    pairs = [_same_pairs(rows, hashes, flat, threshold) for rows in _batches(flat)]
    left, right = np.concatenate(pairs, axis=1)
    shape = (len(flat), len(flat))
    graph = coo_array((np.ones(len(left), dtype=bool), (left, right)), shape=shape)
    labels = connected_components(graph, directed=False)[1]
    return _number_by_appearance(labels)


def _batches(rows):
    return gen_batches(len(rows), _BATCH)


def _read_thumbnails(images, size):
    """Return grey thumbnails of shape (n_images, size, size)."""
    source = ImageSource(images, image_size=size, resize="stretch")
    if len(source) == 0:
        raise ValueError("Expected at least 1 image. Got 0 images instead.")
    return np.concatenate(
        [source[rows].mean(axis=-1, dtype=np.float32) for rows in _batches(source)]
    )


def _perceptual_hashes(thumbnails):
    """Return 63 signs (-1 or 1) for each thumbnail."""
    low = dctn(thumbnails, axes=(1, 2))[:, :_HASH_SIDE, :_HASH_SIDE]
    low = low.reshape(len(low), -1)[:, 1:]  # without the mean
    return np.where(low > 0, 1, -1).astype(np.float32)


def _standardise(flat):
    """Return rows whose dot products are correlations (0 for a constant image)."""
    flat = flat - flat.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(flat, axis=1, keepdims=True)
    return flat / np.where(norms > 0, norms, 1)


def _same_pairs(rows, hashes, flat, threshold):
    """Return the pairs of `rows` with later images, as an array (2, n_pairs)."""
    agreement = hashes[rows] @ hashes[rows.start :].T
    likely = agreement >= hashes.shape[1] - 2 * _MAX_DIFFERING
    left, right = np.nonzero(np.triu(likely, k=1))
    left, right = left + rows.start, right + rows.start
    same = [
        np.einsum("ij,ij->i", flat[left[batch]], flat[right[batch]]) > threshold
        for batch in _batches(left)
    ]
    same = np.concatenate([np.zeros(0, dtype=bool), *same])
    return np.stack([left[same], right[same]])


def _number_by_appearance(labels):
    _, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[codes]
