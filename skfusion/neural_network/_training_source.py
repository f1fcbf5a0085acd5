"""Images of X with which a network is trained."""

import copy
from functools import partial

from .._engine import augment_batch
from .._validation._groups import check_groups, find_groups
from ..exceptions import DataQualityWarning, warn_user
from ..images import ImageSource

__all__ = ["TrainingSource"]


class TrainingSource(ImageSource):
    """Images of X, with their groups and their augmentation in training.

    Parameters
    ----------
    X, image_size, resize, image_cache, isolated, region, margin
        The same as in :class:`~skfusion.images.ImageSource`.
    """

    def unaugmented(self):
        """Return the same images without the column ``augmentation``."""
        source = copy.copy(self)
        source._reader = self._reader.unaugmented()
        return source

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

    def present_by_column(self, images):
        """Yield the name of the column, and its images: all are present."""
        yield "image", images
