"""Scores of a classifier in inner folds that no group crosses."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import check_random_state, get_tags, indexable

from .._validation._blanks import warn_of_blanks_in_groups
from .._validation._columns import IMAGE
from .._validation._groups import find_groups
from .._validation._image_table import holds_paths, image_table
from .._validation._images import check_labels, check_target, no_samples
from .._validation._private import HasMethods, Interval, _num_samples, _safe_indexing
from ..fusion._composition import check_positive_class, copy_input_attributes
from ..fusion._inner_folds import split_inner
from ._fit_fold import _fit, positive_score

__all__ = [
    "InnerScoresClassifier",
    "check_both_classes",
    "group_rows",
    "score_inner_folds",
]


def group_rows(X, groups=None):
    """Return the group of each row.

    Parameters
    ----------
    X : DataFrame, list, ndarray or sparse matrix
        Samples in any form.

    groups : array-like of shape (n_samples,), default=None
        If None, the column ``group`` of X; without it, rows of one file in the column
        ``image``, or in a list of paths, are a group, and so is every row of numbers.

    Returns
    -------
    groups : ndarray of shape (n_samples,)

    is_known : bool
        Whether the groups were passed, or are a column of X.
    """
    groups = find_groups(X, groups)
    if groups is not None:
        return groups, True
    if holds_paths(X):
        return pd.factorize(image_table(X)[IMAGE].map(str))[0], False
    return np.arange(_num_samples(X)), False


def score_inner_folds(estimator, X, y, splits, groups, classes):
    """Score each row by a clone that was fitted without its fold.

    Parameters
    ----------
    estimator : classifier
        It is cloned.

    X : DataFrame, list, ndarray or sparse matrix

    y : ndarray of shape (n_samples,)

    splits : list of (train, test)
        Rows of both sides of each inner fold.

    groups : ndarray of shape (n_samples,) or None
        Groups that are passed to ``fit`` of an estimator that accepts them.

    classes : ndarray of shape (2,)
        The positive class last.

    Returns
    -------
    scores : ndarray of shape (n_samples,), dtype float64

    Raises
    ------
    ValueError
        If all rows that a clone learns from are of one class, or a score is NaN or
        infinite.
    """
    scores = np.empty(len(y))
    for train, test in splits:
        check_both_classes(y[train])
        model = _fit(clone(estimator), X, y, train, groups)
        scores[test] = positive_score(model, _safe_indexing(X, test), classes)
    _check_finite(scores, estimator)
    return scores


def _check_finite(scores, estimator):
    strange = scores[~np.isfinite(scores)]
    if len(strange):
        raise ValueError(
            f"Expected finite scores in the inner folds. {type(estimator).__name__} "
            f"gave {strange[0]} to {len(strange)} of {len(scores)} samples. It may "
            "have diverged, or lack the attribute classes_ after fit."
        )


def _check_inner_folds(codes, groups, cv):
    n_groups, n_rows = len(pd.unique(groups)), np.bincount(codes).max()
    if n_groups < cv:
        raise ValueError(
            f"Expected at least cv={cv} groups, one for each inner fold. Got "
            f"{n_groups} groups of n_samples={len(groups)}. Lower cv."
        )
    if n_rows < cv:
        raise ValueError(
            f"Expected at least cv={cv} samples of a class, one for each inner fold. "
            f"Got {n_rows} samples of the class that has more. Lower cv."
        )


def check_both_classes(y):
    """Raise a ValueError unless the rows that an inner fold learns from have two."""
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(
            f"Expected samples of both classes to learn from in each inner fold. Got "
            f"{len(y)} samples of the class {classes.tolist()[0]!r} only. Each class "
            "needs at least 2 groups (patients), and more if some have many samples."
        )


class InnerScoresClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Base class of classifiers that learn from the inner scores of another one.

    Warning: this class should not be used directly. Use derived classes instead.
    """

    _parameter_constraints: dict = {
        "estimator": [
            HasMethods(["fit", "predict_proba"]),
            HasMethods(["fit", "decision_function"]),
        ],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    # The same as in the networks: the column "group" of X holds the groups.
    __metadata_request__fit = {"groups": False}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator).input_tags
        tags.classifier_tags.multi_class = False
        tags.input_tags.string = inner.string
        tags.input_tags.sparse = inner.sparse
        tags.input_tags.allow_nan = inner.allow_nan
        return tags

    def _fit_inner(self, X, y, groups):
        """Fit the classifier; return its inner scores, and the codes of the classes."""
        name = type(self).__name__
        X, y = indexable(X, check_target(X, y))
        if not len(y):
            raise no_samples(self)
        self.classes_, codes = check_labels(y, name)
        check_positive_class(self.classes_, name)
        groups, is_known = group_rows(X, groups)
        warn_of_blanks_in_groups(groups)
        _check_inner_folds(codes, groups, self.cv)
        splits = self._split(codes, pd.factorize(groups, sort=True)[0])
        groups = groups if is_known else None
        scores = score_inner_folds(self.estimator, X, y, splits, groups, self.classes_)
        rows = np.arange(len(y))
        self.estimator_ = _fit(clone(self.estimator), X, y, rows, groups)
        copy_input_attributes(self, self.estimator_)
        return scores, codes

    def _split(self, codes, groups):
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        present = np.ones((len(codes), 1))
        return split_inner(codes, present, groups, cv=self.cv, seed=seed)
