"""Equalize the contrast of images."""

from numbers import Real

import numpy as np

from .._optional import import_optional
from .._store._keys import versions_of
from .._validation._private import Interval
from ._base import ImageCleaner

__all__ = ["ContrastEqualizer"]


class ContrastEqualizer(ImageCleaner):
    """Transformer that equalizes the contrast of images locally (CLAHE).

    Contrast-limited adaptive histogram equalization makes faint structures visible in
    dark and in bright parts, and amplifies noise. It needs the package scikit-image:
    ``pip install "skfusion[contrast]"``.

    Read more in the :ref:`User Guide <preprocessing>`.

    Parameters
    ----------
    clip_limit : float, default=0.01
        In (0, 1]. Higher numbers give more contrast.

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
        If an array has numbers far beyond [0, 1].

    See Also
    --------
    skimage.exposure.equalize_adapthist : It computes each image, and each channel.

    Notes
    -----
    Arrays of uint8 and uint16 are scaled to [0, 1]. Numbers of other arrays that are
    outside [0, 1] are cut off. Images of one colour are not changed.

    References
    ----------
    .. [1] K. Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", Graphics
       Gems IV, 1994.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.preprocessing import ContrastEqualizer
    >>> X = np.linspace(100, 120, 64 * 64).reshape(1, 64, 64).astype(np.uint8)
    >>> spread = np.ptp(ContrastEqualizer().fit_transform(X))
    >>> spread > 200
    np.True_
    """

    _parameter_constraints: dict = {
        **ImageCleaner._parameter_constraints,
        "clip_limit": [Interval(Real, 0, 1, closed="right")],
    }

    _in_unit_range = True

    def __init__(self, *, clip_limit=0.01, folder=True):
        super().__init__(folder=folder)
        self.clip_limit = clip_limit

    def _settings(self):
        _import_exposure()
        return *super()._settings(), versions_of("scikit-image")

    def _clean(self, image, colour=None):
        image = np.clip(image, 0, 1)
        channels = [self._equalize(channel) for channel in np.moveaxis(image, -1, 0)]
        return np.stack(channels, axis=-1).astype(image.dtype), [1]

    def _equalize(self, channel):
        exposure = _import_exposure()
        if channel.min() == channel.max():  # which would become white
            return channel
        return exposure.equalize_adapthist(channel, clip_limit=self.clip_limit)


def _import_exposure():
    return import_optional(
        "skimage.exposure", extra="contrast", purpose="ContrastEqualizer"
    )
