"""Checks of the arguments of ``fusion_gain``."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d

from .._validation._blanks import warn_of_blanks
from .._validation._columns import GROUP, is_present
from .._validation._pair_warning import PAIRED_BY, warn_of_label_pairs
from .._validation._samples import check_columns, group_samples
from ..metrics._paired import warn_of_few_groups
from ._folds import CheckedData
from ._named_estimators import check_named
from ._splits import check_splits

__all__ = ["CheckedSamples", "check_fusion_data", "check_models", "fold_of_each"]

_RESERVED = ("best single", "pooled", "per modality")
_NAME = "fusion_gain"


@dataclass(frozen=True)
class CheckedSamples(CheckedData):
    """Checked data with a column of paths for each modality.

    Attributes
    ----------
    columns : list of str
        Columns of paths.

    fold : ndarray of shape (n_samples,), dtype int64
        Fold in which each sample is tested.
    """

    columns: list
    fold: np.ndarray


def check_models(single_models, fusions):
    """Check the models of single images and the fusions, and return the columns.

    Parameters
    ----------
    single_models, fusions : list of (str, classifier)

    Returns
    -------
    columns : list of str

    Raises
    ------
    ValueError
        If there are fewer than two columns or no fusions, names are not distinct, or a
        model of single images has no ``predict_proba``.
    """
    check_named(single_models, "single_models", methods=("fit",))
    check_named(fusions, "fusions")
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
                f"predict_proba. Got {estimator!r}: wrap it in recalibrate()."
            )
    return columns


def check_fusion_data(X, y, groups, cv, columns):
    """Check X, y and groups, and draw the folds.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    y : array-like of shape (n_samples,)

    groups : array-like of shape (n_samples,) or None

    cv : int, cross-validation generator, iterable or None

    columns : list of str

    Returns
    -------
    samples : CheckedSamples
        X has the groups as its column ``group``, and None or NaN in place of empty
        paths.

    Raises
    ------
    ValueError
        If there are not two classes, a modality has images of one class only, or `cv`
        does not test each sample once.
    """
    present = check_columns(X, columns, _NAME)
    y = _check_classes(X, y, columns, present)
    warn_of_label_pairs(X)
    groups = np.asarray(group_samples(X, columns, groups, _NAME))
    warn_of_few_groups(groups, y)
    splits = check_splits(cv, y, groups)
    return CheckedSamples(
        X=_prepare(X, columns, groups),
        y=y,
        groups=groups,
        splits=splits,
        labels=np.unique(y),
        columns=columns,
        fold=fold_of_each(splits, len(y)),
    )


def _check_classes(X, y, columns, present):
    """Check that there are two classes, and images of both in each column."""
    y = column_or_1d(y, warn=True)
    check_consistent_length(X, y)
    check_classification_targets(y)
    classes = np.unique(y)
    if len(classes) != 2:
        raise ValueError(f"Expected y of 2 classes. Got {len(classes)}.")
    warn_of_blanks(classes, _NAME)
    for column, rows in zip(columns, present.T, strict=True):
        if len(np.unique(y[rows])) < 2:
            raise ValueError(
                f"Expected images of both classes in the column {column!r} of X. Got "
                f"{rows.sum()} images of {len(np.unique(y[rows]))} class, so that the "
                "presence of an image gives the class away."
            )
    return y


def _prepare(X, columns, groups):
    # Models find groups in the column. The warning of label-made pairs has been given.
    X = X.drop(columns=PAIRED_BY, errors="ignore").assign(**{GROUP: groups})
    # Empty text is a missing image to the controls, too.
    X[columns] = X[columns].where(X[columns].apply(is_present))
    return X


def fold_of_each(splits, n_samples):
    """Return the fold in which each sample is tested.

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
