"""What is asked of the arguments of a gain of fusion."""

import numpy as np
from sklearn.utils.validation import check_consistent_length, column_or_1d

from .._validation._samples import check_columns

__all__ = ["check_models", "check_samples", "fold_of_each"]

_RESERVED = ("best single", "pooled", "per modality")


def check_models(single_models, fusions):
    """Check the models of single images and the fusions; return the columns.

    Parameters
    ----------
    single_models, fusions : list of (str, classifier)

    Returns
    -------
    columns : list of str

    Raises
    ------
    ValueError
        If there is nothing to fuse or to compare, names are not distinct, or a model of
        single images has no ``predict_proba``.
    """
    columns = [column for column, _ in single_models]
    if len(columns) < 2 or not fusions:
        raise ValueError(
            "Expected at least 2 columns in single_models, one for each modality, and "
            f"a fusion. Got {len(columns)} and {len(fusions)}."
        )
    names = [*columns, *(name for name, _ in fusions), *_RESERVED]
    if len(set(names)) < len(names):
        raise ValueError(
            f"Expected distinct names of columns and fusions, and none of {_RESERVED}. "
            f"Got {columns!r} and {[name for name, _ in fusions]!r}."
        )
    for column, estimator in single_models:
        if not hasattr(estimator, "predict_proba"):
            raise ValueError(
                f"Expected the model of {column!r} in single_models to have "
                f"predict_proba. Got {estimator!r}: wrap it in CalibratedClassifierCV."
            )
    return columns


def check_samples(X, y, columns):
    """Check labels, and that each modality was taken in both classes.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    y : array-like of shape (n_samples,)

    columns : list of str

    Returns
    -------
    y : ndarray of shape (n_samples,)
    """
    there = check_columns(X, columns, "fusion_gain")
    y = column_or_1d(y, warn=True)
    check_consistent_length(X, y)
    if len(np.unique(y)) != 2:
        raise ValueError(f"Expected y of 2 classes. Got {len(np.unique(y))}.")
    for column, rows in zip(columns, there.T, strict=True):
        if len(np.unique(y[rows])) < 2:
            raise ValueError(
                f"Expected images of both classes in the column {column!r} of X. Got "
                f"{rows.sum()} images of {len(np.unique(y[rows]))}: that it was taken "
                "gives the class away."
            )
    return y


def fold_of_each(splits, n_samples):
    """Fold in which each sample is tested.

    Parameters
    ----------
    splits : list of (train, test)

    n_samples : int

    Returns
    -------
    fold : ndarray of shape (n_samples,), int64
    """
    tested = np.concatenate([test for _, test in splits])
    if len(tested) != n_samples or len(np.unique(tested)) != n_samples:
        raise ValueError(
            "Expected cv to test every sample once. Got "
            f"{len(tested)} tests of {len(np.unique(tested))} samples out of "
            f"{n_samples}."
        )
    fold = np.empty(n_samples, dtype=np.int64)
    for number, (_, test) in enumerate(splits):
        fold[test] = number
    return fold
