"""Find images that are nearly the same."""

from numbers import Integral, Real

from .._validation._no_images import refuse_no_images
from .._validation._private import Interval, validate_params
from ._duplicate_pairs import duplicate_pairs, family_numbers, read_thumbnails

__all__ = ["find_near_duplicates"]


@validate_params(
    {
        "images": "no_validation",
        "threshold": [Interval(Real, 0, 1, closed="both")],
        "size": [Interval(Integral, 8, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def find_near_duplicates(images, *, threshold=0.95, size=64):
    """Find families of images that are nearly the same.

    Near-duplicates are images that were saved twice, slightly cropped, annotated with
    calipers, mirrored or rotated by a multiple of 90 degrees. If they are on both sides
    of a split, a model seems better than it is. Pass the families as ``groups`` to
    functions that split the data.

    Near-duplicates of near-duplicates belong to the same family.

    Read more in the :ref:`User Guide <near_duplicates>`.

    Parameters
    ----------
    images : list, Series, DataFrame or ndarray
        Paths of images, or their pixels, in any form that
        :class:`~skfusion.images.ImageSource` accepts.

    threshold : float, default=0.95
        Pearson correlation, in [0, 1], above which two thumbnails are considered the
        same, after they were aligned. Their fine structure must agree in any case.

    size : int, default=64
        Side in pixels, at least 8, to which images are reduced first. A smaller size
        ignores finer detail. A size above 64 does not add any, because thumbnails of 64
        pixels are compared.

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
        If `images` is empty, or holds no images, such as the path of a folder.

    See Also
    --------
    skfusion.model_selection.check_split : Find the near-duplicates that cross a split.

    Notes
    -----
    Each image becomes a thumbnail of 64 x 64 pixels. Mammograms of different women have
    nearly equal thumbnails, because of the shape of the breast: their correlation is
    often above 0.95. For this reason the texture is compared as well, which is the
    local contrast without the background and the outline. Its correlation must be above
    0.75. Three steps compare fewer and fewer pairs:

    1. The textures at 16 x 16 pixels, in the eight symmetries of the square.
    2. The textures at 32 x 32 pixels, which may differ by a small shift or stretch, as
       in the tangent distance [1]_.
    3. Both thumbnails, after they were aligned by the Gauss-Newton method [2]_.

    The thumbnails and the textures need 9 kB of memory for each image. Pairs are
    compared in blocks, so that the time grows with the square of the number of images,
    but the memory does not. Images of a single grey value, and copies that were rotated
    by other angles or cropped by more than about 4 %, are not found. Images of 64
    pixels or fewer have little texture: many of their copies that were reduced,
    compressed or marked are missed.

    Another image of the same breast, taken a moment later, is a near-duplicate only if
    it is nearly the same. If the patients are known, use them as groups.

    References
    ----------
    .. [1] P. Simard, Y. LeCun and J. Denker, "Efficient Pattern Recognition Using a New
       Transformation Distance", Advances in Neural Information Processing Systems 5,
       1992.

    .. [2] B. D. Lucas and T. Kanade, "An Iterative Image Registration Technique with an
       Application to Stereo Vision", IJCAI, 1981.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.images import find_near_duplicates
    >>> images = make_breast_images(4, random_state=0).images
    >>> darker_copy, mirrored_copy = images[1] // 2, images[3][:, ::-1]
    >>> find_near_duplicates(np.stack([*images, darker_copy, mirrored_copy]))
    array([0, 1, 2, 3, 1, 3])
    """
    refuse_no_images(images, "images")
    thumbnails = read_thumbnails(images, size)
    pairs = duplicate_pairs(thumbnails, threshold)
    return family_numbers(pairs, len(thumbnails))
