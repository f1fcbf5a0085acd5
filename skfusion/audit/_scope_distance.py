"""Distance of an image from the training images, in the space of features."""

import numpy as np
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

__all__ = ["FeatureDistance", "split_by_group"]

# Chosen on the development part of the studies, before the covariance of 16 to 128
# principal components, and the distance to one neighbour.
_N_NEIGHBORS = 5
_N_FOLDS = 5


class FeatureDistance:
    """Distance to the fifth nearest training image, of features of unit length.

    Attributes
    ----------
    neighbors : NearestNeighbors
        It holds the features of the training images.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.audit._scope_distance import FeatureDistance
    >>> directions = np.repeat([[1.0, 0.0]], 5, axis=0)
    >>> distance = FeatureDistance().fit(directions)
    >>> distance.measure(np.array([[9.0, 0.0], [0.0, 9.0]])).round(3)
    array([0.   , 1.414])
    """

    def fit(self, features):
        """Keep the features of the training images.

        Parameters
        ----------
        features : ndarray or sparse array of shape (n_images, n_features)
            Of dtype float64.

        Returns
        -------
        self : object
        """
        n_neighbors = min(_N_NEIGHBORS, features.shape[0])
        self.neighbors = NearestNeighbors(n_neighbors=n_neighbors)
        self.neighbors.fit(normalize(features))
        return self

    def measure(self, features):
        """Return the distance of each image.

        Parameters
        ----------
        features : ndarray or sparse array of shape (n_images, n_features)
            Of dtype float64.

        Returns
        -------
        distance : ndarray of shape (n_images,)
            Between 0, where five training images have the same direction of features,
            and 2, where they have the opposite one.
        """
        return self.neighbors.kneighbors(normalize(features))[0][:, -1]


def split_by_group(groups):
    """Split images into folds that no group crosses.

    Parameters
    ----------
    groups : ndarray of shape (n_images,)

    Returns
    -------
    splits : list of (train, test)

    Raises
    ------
    ValueError
        If there are fewer than 2 groups.
    """
    n_groups = len(np.unique(groups))
    if n_groups < 2:
        raise ValueError(
            f"Expected images of at least 2 groups in fit. Got {len(groups)} sample(s) "
            f"of {n_groups} group(s). The threshold is learnt from images of other "
            "groups: check the column 'group'."
        )
    return list(GroupKFold(min(_N_FOLDS, n_groups)).split(groups, groups=groups))
