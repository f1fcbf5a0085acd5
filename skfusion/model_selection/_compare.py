"""Comparison of several models on the same folds."""

from dataclasses import replace
from numbers import Integral, Real
from pathlib import Path

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.utils import Bunch, check_consistent_length, column_or_1d

from .._validation._blanks import warn_of_blanks, warn_of_blanks_in_groups
from .._validation._groups import find_groups
from .._validation._pair_warning import warn_of_label_pairs
from .._validation._positive_class import warn_of_positive_class
from .._validation._private import Interval, StrOptions, validate_params
from ..exceptions import DataQualityWarning, warn_user
from ._comparison import ModelComparison
from ._data_checks import (
    check_classes,
    check_images_of_folds,
    warn_of_group_features,
    warn_of_other_groups,
)
from ._folds import CheckedData, predict_folds
from ._leakage import ON_LEAKAGE
from ._named_estimators import check_estimators
from ._own_copies import own_data
from ._splits import check_splits
from ._study_origin import describe_origin

__all__ = ["check_data", "compare_models"]


@validate_params(
    {
        "estimators": [list, tuple],
        "groups": ["array-like", None],
        "cv": ["cv_object", StrOptions({"dataset"})],
        "scoring": [str, callable, list, tuple, set, dict, None],
        "labels": ["array-like", None],
        "on_leakage": [StrOptions(ON_LEAKAGE)],
        "error_score": [StrOptions({"raise"}), Real],
        "n_jobs": [Integral, None],
        "threads_per_fit": [Interval(Integral, 1, None, closed="left")],
        "verbose": ["verbose"],
        "store": [str, Path, None],
    },
    prefer_skip_nested_validation=False,
)
def compare_models(
    estimators,
    X,
    y,
    *,
    groups=None,
    cv=None,
    scoring=None,
    labels=None,
    on_leakage="raise",
    error_score=np.nan,
    n_jobs=None,
    threads_per_fit=1,
    verbose=0,
    store=None,
):
    """Compare classifiers on identical folds that no patient crosses.

    The folds are drawn once. A clone of each candidate is fitted on each fold, and its
    out-of-fold predictions are pooled, so that each measure of a model has an interval
    over patients, for all images and for each modality.

    Parameters
    ----------
    estimators : list of (str, classifier)
        Names and candidates. The candidates are cloned, not fitted.

    X : DataFrame, list or ndarray
        Images, in any form. The column ``modality`` of a DataFrame, if it has one,
        splits the results; ``group`` holds the groups that must not cross a fold. The
        comparison keeps a copy, but not of pixels: leave their array unchanged.

    y : array-like of shape (n_samples,)
        Class labels.

    groups : array-like of shape (n_samples,), default=None
        Groups that must not cross a fold, usually the patients. If None, the column
        ``group`` of X. They are passed on to ``fit`` of a candidate that accepts
        groups, or of the last step of a pipeline without samplers. After a sampler
        a network uses only the column ``group`` of X.

    cv : int, cross-validation generator, iterable, list or "dataset", default=None
        Determines the folds. None means 5; an int is the number of folds of a shuffled
        :class:`~sklearn.model_selection.StratifiedGroupKFold` with
        ``random_state=0``, or of a :class:`~sklearn.model_selection.StratifiedKFold`
        if no groups are known. A list of generators repeats the cross-validation, for
        example ``[StratifiedGroupKFold(5, shuffle=True, random_state=seed) for seed in
        range(3)]``. "dataset" leaves out one data set at a time, by the column
        ``dataset`` of X.

    scoring : str, callable, list, tuple, set or dict, default=None
        More scorers, the same as in :func:`~sklearn.model_selection.cross_validate`.
        Kappa and accuracy are always computed.

    labels : array-like of shape (n_classes,), default=None
        All classes, the positive one of two last. If None, the sorted labels: 1 is
        positive, and so is "malignant" compared with "benign", but not "cancer"
        compared with "no cancer".

    on_leakage : {"raise", "warn", "ignore"}, default="raise"
        What to do if a group, or an image (a file of equal content, or an array of
        equal pixels), is on both sides of a fold: raise an error, give a warning, or
        continue without one. Files are not decoded for this, so that an image that was
        saved again, as another file with the same pixels, is not found, nor are
        near-duplicates. :func:`check_split` and :func:`~skfusion.audit.audit_dataset`
        find both.

    error_score : "raise" or float, default=np.nan
        Kappa and accuracy of a fold on which a candidate fails. A
        ``FitFailedWarning`` is raised, and the other results are kept. Its text is the
        error without the paths and the groups; of an image that cannot be read, it is
        the row of X and the reason. With "raise", the error itself is
        raised.

    n_jobs : int, default=None
        Number of fits that run at once. -1 is as many as the cores have room for: their
        number divided by `threads_per_fit`. Use 1 on one GPU. A Dask cluster, by
        ``joblib.parallel_config("dask")``, runs as many as its workers have threads.

    threads_per_fit : int, default=1
        Number of threads that compute each fit and its predictions, in torch, BLAS and
        OpenMP. It is a part of the study, because the last digits of the results depend
        on it. They depend neither on `n_jobs` nor on where the fits run. Inside a fit,
        the `n_jobs` of a candidate has no effect.

    verbose : int, default=0
        Whether to show a progress bar, with the time left.

    store : str or Path, default=None
        Folder in which the result of each fit is stored when it ends. The same call,
        after Ctrl-C or a crash or in another process at the same time, computes only
        what is not stored: a result counts for the same model, data, fold, number of
        threads and versions, and for models with own code for the same files of it. If
        None, nothing is stored.

    Returns
    -------
    comparison : :class:`ModelComparison`
        Its tables, tests and plots.

    Raises
    ------
    LeakageError
        If a group or an image is on both sides of a split. The rows are its attribute
        ``report``.

    ValueError
        If names are not distinct, lengths differ, y has a missing label or fewer than
        two classes, every fit fails, or a parameter of a model cannot be compared with
        those of `store`, such as an open file or a class of a notebook.

    Warns
    -----
    DataQualityWarning
        If X holds pairs that share a label only, no groups are known, a model reads the
        groups as a feature, the groups split a group of X, the alphabet
        alone decides which class is positive, or a fold holds one class only.

    RuntimeWarning
        If the fits have more threads than there are cores.

    CacheWarning
        If `store` is damaged or cannot be written, a file of own code has changed since
        it was loaded, or the disk has no room for decoded images. Nothing of the
        comparison is lost.

    See Also
    --------
    skfusion.metrics.classification_summary : The measures and their intervals.
    sklearn.model_selection.cross_validate : Scores of one model.

    Notes
    -----
    Pooled kappa is not the mean of the folds' kappas. The AUC compares scores,
    probabilities or decision values, within a fold only. Each fold has its own model. A
    fold that holds many malignant images leaves few to learn from, so its model tends
    to give lower scores. Scores of two folds are therefore not compared. Folds of one
    class are left out, with a warning; if no fold holds both classes, the AUC is NaN.
    The intervals describe these predictions. They do not include the variation between
    draws of the folds or between seeds of the training.

    An extractor of features without a `cache`, and a network without an `image_cache`,
    have one during the comparison, in a temporary folder or in that of `store`, so that
    each image passes through a frozen network once. No prediction changes by it.

    Read more in the :ref:`User Guide <resumable_studies>`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion.model_selection import compare_models
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=60)
    >>> X = y[:, np.newaxis] + rng.normal(size=(60, 3))
    >>> patient = np.arange(60) // 2
    >>> models = [("prior", DummyClassifier()), ("linear", LogisticRegression())]
    >>> comparison = compare_models(models, X, y, groups=patient, cv=3)
    >>> kappa = comparison.summary.query("measure == 'kappa'")
    >>> kappa[["model", "modality", "n", "n_groups"]].to_numpy().tolist()
    [['prior', 'all', 60, 30], ['linear', 'all', 60, 30]]
    >>> comparison.folds.shape
    (6, 9)
    """
    estimators = check_estimators(estimators)
    data = check_data(X, y, groups, labels, "compare_models")
    warn_of_group_features(data.X, estimators)
    splits = check_splits(cv, data.y, data.groups, data.X, on_leakage)
    check_images_of_folds(data.X, splits, on_leakage)
    data = replace(data, splits=splits, threads_per_fit=int(threads_per_fit))
    runs = {"n_jobs": n_jobs, "verbose": verbose, "store": store}
    results = predict_folds(
        estimators,
        data,
        scorer=_check_scorer(estimators, scoring),
        error_score=error_score,
        **runs,
    )
    options = {"error_score": error_score, "runs": runs}
    options["origin"] = describe_origin(cv, data.groups)
    return ModelComparison(results, data, estimators, **options)


def check_data(X, y, groups, labels, name):
    """Check X, y, groups and labels, without folds yet.

    Parameters
    ----------
    X : DataFrame, list or ndarray

    y : array-like of shape (n_samples,)

    groups : array-like of shape (n_samples,) or None

    labels : array-like of shape (n_classes,) or None

    name : str
        Name of the function, for the warnings.

    Returns
    -------
    data : CheckedData
    """
    if isinstance(X, Bunch):
        raise TypeError(
            "Expected X to be images. Got a whole data set, a Bunch: pass its "
            "data.data as X, and data.target as y."
        )
    warn_of_label_pairs(X)
    y = check_classes(y, name)
    check_consistent_length(X, y)
    X, groups = own_data(X), find_groups(X, groups)
    if groups is None:
        _warn_of_no_groups()
    else:
        groups = np.array(groups)
        warn_of_blanks_in_groups(groups)
        warn_of_other_groups(X, groups)
    is_ordered = labels is not None
    labels = _check_class_labels(labels, y, name)
    return CheckedData(X, y, groups, [], labels, is_ordered=is_ordered)


def _warn_of_no_groups():
    warn_user(
        "No groups were passed to compare_models, and X has no column 'group': images "
        "of one patient may be on both sides of a split, and the intervals treat them "
        "as independent. Pass groups; groups=np.arange(len(y)) states that every row "
        "is a patient of its own.",
        DataQualityWarning,
    )


def _check_class_labels(labels, y, name):
    classes = np.unique(y)
    warn_of_blanks(classes, name)
    if labels is None:
        warn_of_positive_class(classes, name)
        return classes
    labels = np.array(column_or_1d(labels))
    if not np.array_equal(np.sort(labels), classes):
        raise ValueError(
            f"Expected labels to hold the classes of y, {classes.tolist()!r}, the "
            f"positive one of two last. Got {labels.tolist()!r} instead."
        )
    return labels


def _check_scorer(estimators, scoring):
    if scoring is None:
        return None
    if isinstance(scoring, str):
        scoring = [scoring]
    elif callable(scoring):
        scoring = {"score": scoring}
    return check_scoring(estimators[0][1], scoring=scoring)
