"""Images of X with which a network is trained."""

import copy
from functools import partial

import numpy as np
import pandas as pd

from .._engine import augment_batch
from .._validation._groups import check_groups, find_groups
from ..exceptions import (
    CacheWarning,
    DataQualityWarning,
    ImageReadError,
    warn_user,
)
from ..images import ImageSource
from ..images._batch_readers import ArrayReader
from ..images._cached_reader import CachedReader
from ..images._image_cache import ExactImageCache, ImageCache

__all__ = ["TrainingSource", "find_distinct"]


class TrainingSource(ImageSource):
    """Images of X, with their groups and their augmentation in training.

    Parameters
    ----------
    X, image_size, resize, image_cache, isolated, region, margin, dtype
        The same as in :class:`~skfusion.images.ImageSource`.
    """

    def unaugmented(self):
        """Return the same images without the column ``augmentation``."""
        source = copy.copy(self)
        source._reader = self._reader.unaugmented()
        return source

    @property
    def pixel_shape(self):
        """Height, width and number of channels of each image."""
        return self.image_size, self.image_size, self.n_channels

    @property
    def pixel_dtype(self):
        """Dtype of :meth:`read_pixels`."""
        return np.dtype(self.dtype if self._reader.is_scaled else np.float32)

    @property
    def has_store(self):
        """Return whether rows can be read again without decoding a file."""
        return isinstance(self._reader, ArrayReader | CachedReader)

    def stored_in(self, folder):
        """Return the same images, which are decoded once and stored in a folder."""
        source = copy.copy(self)
        # Rows that are augmented as they are read need images of full precision.
        cache = ExactImageCache if self._reader.seeds.any() else ImageCache
        source._reader = self._cached(cache(folder))
        return source

    def fill_store(self, verbose):
        """Store all images, so that no file is decoded during the training."""
        if not isinstance(self._reader, CachedReader):
            return
        try:
            self.fill_cache(verbose=verbose)
        except ImageReadError:
            raise
        except (OSError, ValueError) as error:
            warn_user(
                "The cache cannot hold the training images, and they are decoded in "
                f"every epoch: {error}",
                CacheWarning,
            )

    def final_array(self):
        """Return X if it is an array of images as the network takes them, or None."""
        images = getattr(self._reader, "images", None)
        if images is None or images.shape[1:] != self.pixel_shape:
            return None
        if self._reader.crops is not None:
            return None
        # torch takes no array that is read-only, such as one that joblib has mapped.
        is_final = images.dtype == self.pixel_dtype and images.flags.carray
        return images if is_final else None

    def distinct(self):
        """Find rows of one image, such as those of an over-sampled table.

        Returns
        -------
        rows : ndarray of shape (n_distinct,), dtype int64
            The first row of each image.

        places : ndarray of shape (n_samples,), dtype int64, or None
            Place of each row's image in `rows`. None if every row is an image of its
            own.
        """
        if isinstance(self._reader, ArrayReader):
            return np.arange(len(self)), None
        return find_distinct(list(self._reader.identities()))

    def groups(self, user):
        """Return the group of each image, which a split must keep together.

        Parameters
        ----------
        user : str
            Name of the estimator, for the warning.

        Returns
        -------
        groups : ndarray of shape (n_samples,), dtype int64
            Codes of the column ``group`` of X. Without one, equal arrays and rows of
            one file are a group.

        Warns
        -----
        DataQualityWarning
            If X has no column ``group``.
        """
        if find_groups(self._X) is None:
            warn_user(
                f"No groups were passed to {user}: its inner split keeps rows of one "
                "image together, but neither the images of a patient nor augmented "
                "copies of an array. Pass groups to fit, or a DataFrame with the "
                "columns 'image' and 'group'.",
                DataQualityWarning,
            )
        return check_groups(self._X)

    def augmenter(self, augmentation, strength):
        """Return the function that augments a batch, or None.

        Parameters
        ----------
        augmentation : bool or callable
            The parameter of the estimator.

        strength : float
            Factor of the limits, where `augmentation` is True.

        Returns
        -------
        augment : callable or None
        """
        if augmentation is True:
            return partial(augment_batch, strength=strength)
        return augmentation or None

    def by_column(self, chunks):
        """Yield the name of the column, and its images: all are present.

        Parameters
        ----------
        chunks : callable
            Returns an iterator over parts of the images, of shape (n, height, width,
            n_channels).

        Yields
        ------
        column : str

        chunks : iterator over ndarrays
        """
        yield "image", chunks()


def find_distinct(identities):
    """Return the first row of each distinct identity, and its place for each row."""
    places, distinct = pd.factorize(np.array(identities, dtype=object))
    if len(distinct) == len(places):
        return np.arange(len(places)), None
    rows = np.flatnonzero(~pd.Series(places).duplicated().to_numpy())
    return rows, places.astype(np.int64)
