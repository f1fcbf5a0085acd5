"""Remove text, calipers and coloured marks."""

import numpy as np
from scipy import ndimage

from ..images._eight_bits import to_uint8
from ..images._overlays import find_overlays
from ._base import ImageCleaner

__all__ = ["OverlayRemover"]

_SMOOTH = 2.0  # pixels


class OverlayRemover(ImageCleaner):
    """Transformer that removes text, calipers and coloured marks from ultrasound.

    People mark the lesions that worry them, so that marks reveal the label. Pixels
    whose colour is not that of the image, and thin bright strokes, are filled from
    their surroundings.

    Read more in the :ref:`User Guide <preprocessing>`.

    Parameters
    ----------
    folder : True, str or Path, default=True
        Folder of the files that are written where X holds paths. True is the folder
        ``cleaned`` in the folder that the environment variable ``SKFUSION_HOME``
        names, or in ``~/.cache/skfusion`` without it.

    Attributes
    ----------
    image_shape_ : tuple or None
        Shape of each image in ``fit``; None for paths.

    n_features_in_ : int
        Number of features in ``fit``: the length of the second axis of X.

    feature_names_in_ : ndarray of str
        Names of the columns of X, where they are strings; ``["image"]`` for paths.

    Warns
    -----
    DataQualityWarning
        If an array has numbers far beyond [0, 1], in which no marks are found.

    See Also
    --------
    skfusion.datasets.load_bus_uclm : Its ``frame`` names the images with calipers.

    Notes
    -----
    Use it before other steps, which write grey files: it needs the colours of the
    original. The colours of DICOM files are not used. What was under a mark is lost,
    and a smooth patch remains in its place, which a model may recognise. Dotted lines
    between calipers remain in part. Rows that have another modality than "ultrasound"
    in the column ``modality`` are not changed; rows without a modality are treated as
    ultrasound.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.preprocessing import OverlayRemover
    >>> X = np.full((1, 40, 40), 60, dtype=np.uint8)
    >>> X[0, 20, 12:21] = X[0, 16:25, 16] = 255  # a caliper
    >>> OverlayRemover().fit_transform(X).max()
    np.uint8(60)
    """

    _modality = "ultrasound"
    _reads_colour = True
    _in_unit_range = True

    def _clean(self, image, colour=None):
        if colour is None:
            n_channels = image.shape[2]
            colour = to_uint8(image[..., :3] if n_channels > 2 else image[..., 0])
        mask = find_overlays(colour)
        if not mask.any() or mask.all():
            return image, [0]
        return _fill(image, mask), [int(mask.sum())]


def _fill(image, mask):
    """Fill pixels from the nearest others, smoothed."""
    nearest = ndimage.distance_transform_edt(
        mask, return_distances=False, return_indices=True
    )
    filled = image[tuple(nearest)]
    smooth = ndimage.gaussian_filter(filled, (_SMOOTH, _SMOOTH, 0))
    return np.where(mask[..., np.newaxis], smooth, image)
