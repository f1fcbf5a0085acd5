"""A classifier of breasts by the patches of their images."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.metrics import log_loss
from sklearn.utils.validation import check_is_fitted, check_random_state

from .._validation._columns import GROUP, PATCH
from .._validation._fitting import all_or_nothing
from .._validation._groups import check_groups
from .._validation._images import check_images, check_labels
from .._validation._private import (
    BaseSearchCV,
    HasMethods,
    Interval,
    _fit_context,
)
from .._validation._unreadable import names_unreadable_images
from ..images._breast_crops import patch_texts
from ._calibration import calibrate, score_images, warn_of_chance
from ._composition import MostProbable, check_positive_class
from ._inner_folds import split_inner

__all__ = ["PatchClassifier"]


class PatchClassifier(MostProbable, MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Classifier of mammograms by patches of the breast in full resolution.

    A mammogram may have 3,000 x 4,000 pixels, and a mass 100: little of the mass is
    left if the whole image is resized. Here the breast is found, and a grid of square
    patches is laid over it. A classifier learns from patches that are drawn at random,
    each with the label of its image, and predicts all patches. The log-odds of the `k`
    most suspicious patches are averaged and calibrated [1]_. `k` is the number with the
    smallest log loss in inner folds, which no group crosses: 1 is the maximum, and the
    number of patches is the mean. Such pooling is common for mammograms [2]_ [3]_.

    A file is decoded once for all of its patches that are read together.

    Read more in the :ref:`User Guide <patches>`.

    Parameters
    ----------
    estimator : classifier
        Classifier of images with a parameter ``region``, or a pipeline that begins with
        a :class:`~skfusion.feature_extraction.CNNFeatureExtractor`. It has
        ``predict_proba`` or ``decision_function``. Each ``region`` in it is set to
        "breast", and the column ``patch`` of its X names the patch of each row. A
        search receives the groups: its `cv` must keep them together, since the patches
        of an image are many rows.

    patches : tuple of (int, int), default=(4, 3)
        Number of rows and columns of the grid. Neighbours overlap by at least a fifth
        of their side.

    n_drawn : int, default=4
        Number of patches of each image that are drawn for training. If the grid has
        fewer, all of them are used.

    cv : int, default=5
        Number of inner folds. The classifier is fitted once in each, and once to all
        images.

    random_state : int, RandomState instance or None, default=None
        Controls the draw of patches and the inner folds.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Class labels; the second is the positive one.

    estimator_ : classifier
        The classifier of patches, fitted to all images.

    n_pooled_ : int
        Number of the most suspicious patches whose log-odds are averaged.

    calibrator_ : LogisticRegression
        Map from this mean to calibrated log-odds. It is flat, with a warning, if
        malignant images do not have higher means in the inner folds.

    n_features_in_ : int
        Number of columns that are used, 1 for paths.

    feature_names_in_ : ndarray of str
        ``["image"]`` for paths.

    See Also
    --------
    BreastClassifier : Classifier that learns how to combine the images of an exam.
    LevelAggregator : Classifier that combines the images of a breast, or of a patient.

    Notes
    -----
    In images of another modality than "mammography", and where no breast is found, the
    grid is laid over the whole image.

    X of two dimensions may hold numbers instead of images. Then a row is one patch.

    References
    ----------
    .. [1] Platt, "Probabilistic outputs for support vector machines", 1999.
    .. [2] Zhu et al., "Deep multi-instance networks with sparse label assignment for
       whole mammogram classification", MICCAI 2017, https://arxiv.org/abs/1612.05968
    .. [3] Shen et al., "An interpretable classifier for high-resolution breast cancer
       screening images utilizing weakly supervised localization", Medical Image
       Analysis 68, 2021, https://doi.org/10.1016/j.media.2020.101908

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.feature_extraction import make_feature_classifier
    >>> from skfusion.fusion import PatchClassifier
    >>> X, y = make_breast_images(
    ...     12,
    ...     modality="mammography",
    ...     image_size=128,
    ...     folder=tempfile.mkdtemp(),
    ...     random_state=0,
    ...     return_X_y=True,
    ... )
    >>> image = make_feature_classifier(
    ...     "svm", backbone="squeezenet1_1", weights=None, image_size=32
    ... )
    >>> model = PatchClassifier(image, patches=(2, 2), cv=2, random_state=0)
    >>> model.fit(X, y).predict_proba(X).shape
    (12, 2)
    >>> model.n_pooled_ in range(1, 5)
    True
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit"])],
        "patches": [tuple, list],
        "n_drawn": [Interval(Integral, 1, None, closed="left")],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    # The same as in the networks: the column "group" of X holds the groups.
    __metadata_request__fit = {"groups": False}

    def __init__(
        self, estimator, *, patches=(4, 3), n_drawn=4, cv=5, random_state=None
    ):
        self.estimator = estimator
        self.patches = patches
        self.n_drawn = n_drawn
        self.cv = cv
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    @all_or_nothing
    @names_unreadable_images
    def fit(self, X, y, groups=None):
        """Fit the classifier of patches, and learn how many patches are averaged.

        Parameters
        ----------
        X : DataFrame, Series or list of shape (n_samples,)
            Paths of images, or a DataFrame with the column ``image``.

        y : array-like of shape (n_samples,)
            Class of each image, two of them.

        groups : array-like of shape (n_samples,), default=None
            Groups that no inner fold splits, such as the patient. If None, the column
            ``group`` of X; without it, rows of one file stay together.

        Returns
        -------
        self : object
            Fitted classifier.
        """
        self._texts = self._check_patches()
        X, y = self._check(X, y, reset=True)
        self.classes_, codes = check_labels(y, type(self).__name__)
        check_positive_class(self.classes_, type(self).__name__)
        groups = check_groups(X, groups)
        rng = check_random_state(self.random_state)
        drawn = _draw(len(X), self._n_places(X), self.n_drawn, rng)
        fold = {"cv": self.cv, "seed": rng.randint(2**31 - 1)}
        splits = split_inner(codes, np.ones((len(X), 1)), groups, **fold)
        if hasattr(X, "columns"):
            X = X.assign(**{GROUP: groups})
        scores = np.empty((len(X), self._n_places(X)))
        for train, test in splits:
            model = self._fit_patches(X, codes, groups, drawn, train)
            scores[test] = self._score(model, _rows(X, test), len(train))
        rows = np.arange(len(X))
        self.estimator_ = self._fit_patches(X, codes, groups, drawn, rows)
        self._n_learnt = len(X)
        self.n_pooled_, self.calibrator_ = _learn_pooling(scores, codes)
        warn_of_chance(self.calibrator_, type(self).__name__, "patches", "images")
        return self

    @names_unreadable_images
    def predict_proba(self, X):
        """Predict the probabilities of each image from all of its patches.

        Parameters
        ----------
        X : DataFrame, Series or list of shape (n_samples,)
            Images in any form that ``fit`` accepts.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, 2), dtype float64
        """
        check_is_fitted(self)
        (X,) = self._check(X)
        scores = self._score(self.estimator_, X, self._n_learnt)
        return self.calibrator_.predict_proba(_pool(scores, self.n_pooled_))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.string = True
        return tags

    def _check_patches(self):
        """Return the patches of the grid as they stand in the column ``patch``."""
        patches = self.patches
        is_number = [isinstance(n, Integral) and n >= 1 for n in patches]
        if len(patches) != 2 or not all(is_number):
            raise ValueError(
                f"The 'patches' parameter of {type(self).__name__} must be two "
                "integers, the numbers of rows and columns, each at least 1. Got "
                f"{patches!r} instead."
            )
        return np.array(patch_texts(patches), dtype=object)

    def _check(self, X, *y, reset=False):
        """Return an image table, or numbers of which a row is a patch, and y if given.

        Numbers have been checked as images of one row of pixels.
        """
        checked = check_images(self, X, *y, reset=reset)
        images, *y = checked if y else (checked,)
        if hasattr(images, "columns"):
            return images, *y
        if np.asarray(X).ndim > 2:
            raise ValueError(
                f"{type(self).__name__} cuts patches out of files in full resolution. "
                f"Got an array of shape {images.shape!r}. Pass the paths of images."
            )
        return images[:, 0], *y

    def _n_places(self, X):
        return len(self._texts) if hasattr(X, "columns") else 1

    def _fit_patches(self, X, codes, groups, drawn, rows):
        """Fit the classifier to the patches that were drawn of some rows."""
        n_classes = len(np.unique(codes[rows]))
        if n_classes < 2:
            raise ValueError(
                "Expected images of both classes in each inner fold. Got "
                f"{len(rows)} images of {n_classes} of them. Lower cv, or check the "
                "groups."
            )
        places = drawn[rows]
        model = self._model(X)
        patches = self._patches_of(_rows(X, rows), places)
        targets = np.repeat(codes[rows], places.shape[1])
        options = {}
        if isinstance(model, BaseSearchCV):  # which passes them to its own splitter
            options["groups"] = np.repeat(groups[rows], places.shape[1])
        return model.fit(patches, targets, **options)

    def _model(self, X):
        """Return a clone of the classifier that reads patches."""
        model = clone(self.estimator)
        if not hasattr(X, "columns"):
            return model
        names = [n for n in model.get_params() if n.rpartition("__")[2] == "region"]
        if not names:
            raise ValueError(
                f"{type(self).__name__} needs an estimator with a parameter 'region', "
                "such as CNN17Classifier or make_feature_classifier(). Got "
                f"{type(model).__name__} without one."
            )
        return model.set_params(**dict.fromkeys(names, "breast"))

    def _score(self, model, X, n_learnt):
        """Return the scores of all patches, of shape (n_samples, n_places)."""
        n_places = self._n_places(X)
        places = np.tile(np.arange(n_places), (len(X), 1))
        patches = self._patches_of(X, places)
        return score_images(model, patches, n_learnt).reshape(-1, n_places)

    def _patches_of(self, X, places):
        """Return a row for each patch: the row of its image, and its place."""
        if not hasattr(X, "columns"):
            return X
        rows = np.repeat(np.arange(len(X)), places.shape[1])
        texts = self._texts[places.ravel()]
        return X.iloc[rows].reset_index(drop=True).assign(**{PATCH: texts})


def _rows(X, rows):
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _draw(n_samples, n_places, n_drawn, rng):
    """Draw places of each image without repetition, in the order of the grid."""
    order = np.argsort(rng.uniform(size=(n_samples, n_places)), axis=1)
    return np.sort(order[:, :n_drawn], axis=1)


def _pool(scores, n_pooled):
    """Return the mean of the highest scores of each row, of shape (n_samples, 1)."""
    highest = np.sort(scores, axis=1)[:, -n_pooled:]
    return highest.mean(axis=1, keepdims=True)


def _learn_pooling(scores, codes):
    """Return the number of patches with the smallest log loss, and its calibrator."""
    lines, losses = [], []
    for n_pooled in range(1, scores.shape[1] + 1):
        pooled = _pool(scores, n_pooled)
        lines.append(calibrate(pooled[:, 0], codes))
        losses.append(log_loss(codes, lines[-1].predict_proba(pooled)))
    best = int(np.argmin(losses))
    return best + 1, lines[best]
