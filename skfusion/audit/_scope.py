"""Refuse images that are unlike the training images."""

from numbers import Real

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from .._validation._fitting import all_or_nothing
from .._validation._groups import check_groups, find_groups
from .._validation._images import check_images
from .._validation._private import HasMethods, Interval, _fit_context
from .._validation._unreadable import names_unreadable_images
from ..exceptions import DataQualityWarning, warn_user
from ._scope_distance import FeatureDistance, split_by_group
from ._scope_looks import REASONS, are_outside, learn_limits, measure_looks

__all__ = ["ScopeDetector"]


class ScopeDetector(OutlierMixin, BaseEstimator):
    """Outlier detector that refuses images which are unlike the training images.

    A classifier answers for any image, also for a photograph. Fit this detector to the
    images from which the classifier learnt, and use the classifier's predictions of
    those images alone that the detector accepts.

    Read more in the :ref:`User Guide <new_images>`.

    Parameters
    ----------
    transformer : transformer
        Computes the features in which the distance is measured, such as a
        :class:`~skfusion.feature_extraction.CNNFeatureExtractor`. It is fitted once, to
        all images, and should learn nothing from them.

    false_alarm_rate : float, default=0.05
        Share of images like the training images that may be refused because of their
        distance, above 0 and at most 0.5.

    isolated : bool, default=False
        Whether files are decoded in worker processes, as by
        ``read_image(isolated=True)``, where the border is measured. Use it, also in the
        transformer, for files of unknown origin.

    Attributes
    ----------
    transformer_ : transformer
        Fitted transformer.

    limits_ : DataFrame of shape (4, 2)
        Least and greatest value, ``low`` and ``high``, of an image that is accepted:
        ``size`` (square root of its number of pixels), ``aspect`` (width / height),
        ``border`` (median of the pixels near the edge, in [0, 1]) and ``distance``.

    modalities_ : list of str
        Modalities of the training images. Empty where none is known.

    offset_ : float
        Minus the greatest distance that is accepted: ``decision_function`` is
        ``score_samples`` minus this number.

    false_alarms_ : Series of shape (5,)
        Share of the training images that a detector refuses which did not learn from
        their group: for each reason, "size", "polarity", "modality" and "distance", and
        for "any" of them. The share of distances is close to `false_alarm_rate` by
        construction.

    n_features_in_ : int
        Number of features in ``fit``: the length of the second axis of X.

    feature_names_in_ : ndarray of str
        Names of the columns of X, where they are strings; ``["image"]`` for paths.

    See Also
    --------
    audit_dataset : Find unreadable, constant and inverted images of a data set.
    sklearn.covariance.EllipticEnvelope : Outlier detector of features alone.

    Notes
    -----
    An image is refused for one or several of these reasons:

    - "size": the number of pixels, or the aspect, is beyond the range of the training
      images by a factor of more than 1.5 (the size is the square root of the number of
      pixels).
    - "polarity": the median of the border is brighter than half of white, and fewer
      than one in a hundred training images have such a border; or the other way round.
      Where the training images have both, polarity is not examined.
    - "modality": the column ``modality`` of X names a modality that no training image
      has. Where it is missing, the modality is not examined.
    - "distance": the distance to the fifth nearest training image [1]_ is above the
      threshold. It is Euclidean, between features of unit length, from 0 to 2.

    The threshold is learnt in five folds that no group crosses: the distance of each
    training image is measured by a detector that did not learn from its group, and the
    threshold is the quantile of these distances that split conformal prediction takes
    [2]_. New images of the same source are then refused at about `false_alarm_rate`.
    Those of another hospital are refused more often.

    An image that is accepted may still be one for which the classifier is wrong.

    The detector keeps the features of all training images, but neither their pixels nor
    their paths and groups.

    References
    ----------
    .. [1] Sun et al., "Out-of-Distribution Detection with Deep Nearest Neighbors",
       ICML 2022.
    .. [2] Bates et al., "Testing for Outliers with Conformal p-values", Annals of
       Statistics 51, 2023.

    Examples
    --------
    Five new mammograms, of which one is inverted and one is noise:

    >>> import numpy as np
    >>> from skfusion.audit import ScopeDetector
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.feature_extraction import CNNFeatureExtractor
    >>> make = {"modality": "mammography", "image_size": 64}
    >>> X = make_breast_images(60, **make, random_state=0).images
    >>> X_new = make_breast_images(5, **make, random_state=1).images
    >>> X_new[1] = 255 - X_new[1]
    >>> X_new[2] = np.random.default_rng(0).integers(256, size=(64, 64))
    >>> features = CNNFeatureExtractor("cnn17", image_size=64)
    >>> scope = ScopeDetector(features).fit(X)
    >>> scope.predict(X_new)
    array([ 1, -1, -1,  1,  1])
    >>> scope.check(X_new)[["border", "distance", "reason"]][1:3].round(1)
       border  distance              reason
    1     0.9       0.5  polarity, distance
    2     0.5       0.7            distance
    """

    _parameter_constraints: dict = {
        "transformer": [HasMethods(["fit", "transform"])],
        "false_alarm_rate": [Interval(Real, 0, 0.5, closed="right")],
        "isolated": ["boolean"],
    }

    # The same as in the networks: the column "group" of X holds the groups.
    __metadata_request__fit = {"groups": False}

    def __init__(self, transformer, *, false_alarm_rate=0.05, isolated=False):
        self.transformer = transformer
        self.false_alarm_rate = false_alarm_rate
        self.isolated = isolated

    @_fit_context(prefer_skip_nested_validation=False)
    @all_or_nothing
    @names_unreadable_images
    def fit(self, X, y=None, groups=None):
        """Learn the limits of the training images, and the threshold of the distance.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            The images from which the classifier learns: paths, or a DataFrame with the
            column ``image``, or pixels of shape (n_samples, height, width) or
            (n_samples, height, width, n_channels). The column ``modality`` is used.

        y : None
            Ignored.

        groups : array-like of shape (n_samples,), default=None
            Groups that no inner fold splits, usually patients. If None, the column
            ``group`` of X. Without it, copies of an image are a group.

        Returns
        -------
        self : object
            Fitted detector.

        Raises
        ------
        ValueError
            If there are images of fewer than 2 groups.

        Warns
        -----
        DataQualityWarning
            If there are too few images for `false_alarm_rate`. The threshold is then
            their greatest distance.
        """
        images = check_images(self, X, reset=True)
        splits = split_by_group(check_groups(images, find_groups(X, groups)))
        looks = measure_looks(images, self.isolated)
        self.transformer_ = clone(self.transformer).fit(X)
        features = self._features_of(X)
        self.modalities_ = sorted(looks["modality"].dropna().unique(), key=str)
        self._distance = FeatureDistance().fit(features)
        held_out = np.empty(len(looks))
        for train, test in splits:
            distance = FeatureDistance().fit(features[train])
            held_out[test] = distance.measure(features[test])
        threshold = _threshold(held_out, self.false_alarm_rate)
        self.offset_ = -threshold
        self.limits_ = _with_distance(learn_limits(looks), threshold)
        looks["distance"] = held_out
        self.false_alarms_ = _count_false_alarms(looks, splits, threshold)
        return self

    @names_unreadable_images
    def check(self, X):
        """Measure each image, and name the reasons for which it is refused.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            Images in any form that ``fit`` accepts.

        Returns
        -------
        table : DataFrame of shape (n_samples, 7)
            In the order and with the index of X: the measures ``size``, ``aspect``,
            ``border`` and ``distance`` (see ``limits_``), ``modality``, ``refused``,
            bool, and ``reason``, names that are separated by commas, or empty text. It
            holds neither paths nor groups.
        """
        table = self._measure(X)
        outside = are_outside(table, self.limits_, self.modalities_)
        table["refused"] = outside.any(axis=1)
        table["reason"] = _name_reasons(outside)
        is_indexed = isinstance(X, pd.DataFrame | pd.Series)
        return table.set_axis(X.index) if is_indexed else table

    @names_unreadable_images
    def score_samples(self, X):
        """Score how much images are like the training images.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            Images in any form that ``fit`` accepts.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Minus the distance; minus infinity where an image is refused for another
            reason than its distance.
        """
        table = self._measure(X)
        outside = are_outside(table, self.limits_.drop("distance"), self.modalities_)
        return np.where(outside.any(axis=1), -np.inf, -table["distance"].to_numpy())

    def decision_function(self, X):
        """Score images so that those which are refused have negative scores.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            Images in any form that ``fit`` accepts.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            ``score_samples(X) - offset_``.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """Predict whether images are like the training images.

        Parameters
        ----------
        X : DataFrame, Series, list or ndarray
            Images in any form that ``fit`` accepts.

        Returns
        -------
        is_inlier : ndarray of shape (n_samples,), dtype int64
            1 for an image that is accepted, -1 for one that is refused.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags

    def _measure(self, X):
        """Return size, aspect, border, modality and distance of each image."""
        check_is_fitted(self)
        looks = measure_looks(check_images(self, X), self.isolated)
        distance = self._distance.measure(self._features_of(X))
        looks.insert(3, "distance", distance)
        return looks

    def _features_of(self, X):
        features = self.transformer_.transform(X)
        return check_array(features, accept_sparse="csr", dtype=np.float64)


def _threshold(distances, false_alarm_rate):
    """Return the quantile of distances that new images exceed at a given rate."""
    n_images = len(distances)
    rank = int(np.ceil((n_images + 1) * (1 - false_alarm_rate)))
    if rank > n_images:
        warn_user(
            f"false_alarm_rate={false_alarm_rate:g} needs "
            f"{int(np.ceil(1 / false_alarm_rate)) - 1} images or more. Got {n_images}: "
            "the threshold is their greatest distance, and more images may be refused.",
            DataQualityWarning,
        )
    return float(np.sort(distances)[min(rank, n_images) - 1])


def _with_distance(limits, threshold):
    limits.loc["distance"] = [0, threshold]
    return limits


def _count_false_alarms(looks, splits, threshold):
    """Return the share of images refused, for each reason, out of fold."""
    refused = pd.DataFrame(False, looks.index, [*dict.fromkeys(REASONS.values())])
    for train, test in splits:
        limits = _with_distance(learn_limits(looks.iloc[train]), threshold)
        modalities = looks["modality"].iloc[train].dropna().unique()
        outside = are_outside(looks.iloc[test], limits, [*modalities])
        for measure, reason in REASONS.items():
            refused.loc[outside.index, reason] |= outside[measure]
    return refused.assign(any=refused.any(axis=1)).mean().rename("share")


def _name_reasons(outside):
    """Return the reasons of each image, as text."""
    names = outside.rename(columns=REASONS)
    return [
        ", ".join(dict.fromkeys(names.columns[row])) for row in names.to_numpy(bool)
    ]
