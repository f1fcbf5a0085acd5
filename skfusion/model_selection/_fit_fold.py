"""Fit of one candidate on one fold."""

import gc
import sys
import time

import numpy as np
import pandas as pd
from sklearn import get_config
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

from .._validation._private import BaseSearchCV, _num_samples, _safe_indexing
from .._validation._unreadable import names_unreadable_images
from ._private_texts import error_text
from ._thread_limit import limited_threads

__all__ = ["fit_fold", "free_memory", "positive_score", "predict_rows"]


def fit_fold(estimator, data, fold, *, scorer=None, error_score=np.nan, prepare=None):
    """Fit a clone on one side of a split and predict the other.

    Parameters
    ----------
    estimator : classifier
        It is cloned.

    data : CheckedData

    fold : int
        Number of the split. Groups are passed to ``fit`` if it accepts them.

    scorer : callable, default=None
        Called with the fitted clone and the test side; returns a dict.

    error_score : "raise" or float, default=np.nan
        Whether an error is raised or returned.

    prepare : callable, default=None
        Called with the clone before it is fitted.

    Returns
    -------
    result : dict
        The keys are those of :func:`predict_rows`, ``fit_time``, ``score_time``
        (seconds), ``scores`` and ``history`` (a list of dict, one for each epoch of a
        network), or only ``error``.
    """
    try:
        with limited_threads(data.threads_per_fit):
            model = clone(estimator)
            if prepare is not None:
                prepare(model)
            return _fit_and_predict(model, data.X, data, fold, scorer)
    except Exception:
        if error_score == "raise":
            raise
        return {"error": error_text((data.X, data.groups))}


@names_unreadable_images
def _fit_and_predict(model, X, data, fold, scorer):
    train, test = data.splits[fold]
    start = time.perf_counter()
    model = _fit(model, X, data.y, train, data.groups)
    fitted = time.perf_counter()
    X_test = _safe_indexing(X, test)
    predictions = predict_rows(model, X_test, data.labels)
    return predictions | {
        "fit_time": fitted - start,
        "score_time": time.perf_counter() - fitted,
        "scores": {} if scorer is None else scorer(model, X_test, data.y[test]),
        "history": _history(model),
    }


def predict_rows(model, X, labels):
    """Predict the class and the score of each row.

    Parameters
    ----------
    model : fitted classifier

    X : DataFrame, list or ndarray
        Images, in any form.

    labels : ndarray of shape (n_classes,)
        All classes, the positive one of two last.

    Returns
    -------
    predictions : dict
        ``y_pred`` and ``y_score``, ndarrays of shape (n_samples,), and
        ``has_probabilities``, whether the scores are those of ``predict_proba``.

    Raises
    ------
    ValueError
        If a prediction is not one of the classes.
    """
    head, inputs = _transform_once(model, X)
    y_pred = np.asarray(head.predict(inputs))
    is_known = pd.Series(y_pred.ravel()).isin(list(labels))
    if y_pred.shape != (_num_samples(X),) or not is_known.all():
        found = pd.unique(y_pred.ravel())[:5].tolist()
        raise ValueError(
            f"Expected predict to return one of the classes {labels.tolist()!r} for "
            f"each of {_num_samples(X)} rows. Got an array of shape {y_pred.shape!r} "
            f"with {found!r}."
        )
    return {
        "y_pred": y_pred,
        "y_score": positive_score(head, inputs, labels),
        "has_probabilities": hasattr(head, "predict_proba"),
    }


def _history(model):
    """Losses of each epoch of the network that a model holds; empty without one."""
    model = getattr(model, "best_estimator_", model)
    model = model[-1] if isinstance(model, Pipeline) else model
    history = getattr(model, "history_", [])
    values = {"member": 0, "epoch": np.nan, "train_loss": np.nan, "valid_loss": np.nan}
    return [{name: row.get(name, values[name]) for name in values} for row in history]


def _fit(model, X, y, train, groups):
    options = {}
    name = _groups_parameter(model)
    if groups is not None and name is not None:
        options[name] = groups[train]
    return model.fit(_safe_indexing(X, train), y[train], **options)


def _groups_parameter(model):
    """Name of the parameter of ``fit`` for groups, or None."""
    if isinstance(model, Pipeline) and _resamples(model):
        return None  # the number of rows differs from that of the groups
    is_meta = isinstance(model, Pipeline | BaseSearchCV)
    if is_meta and get_config()["enable_metadata_routing"]:
        requested = get_routing_for_object(model).consumes("fit", ["groups"])
        return "groups" if requested else None
    if isinstance(model, Pipeline):
        name, last = model.steps[-1]
        inner = _groups_parameter(last)
        return f"{name}__{inner}" if inner else None
    # A search passes them to its own splitter.
    return "groups" if is_meta or has_fit_parameter(model, "groups") else None


def _resamples(pipeline):
    return any(hasattr(step, "fit_resample") for _, step in pipeline.steps)


def _transform_once(model, X):
    """Run the transformers of a pipeline, which may be networks, only once."""
    if not isinstance(model, Pipeline):
        return model, X
    for _, step in model.steps[:-1]:
        if hasattr(step, "transform"):  # neither a sampler nor "passthrough"
            X = step.transform(X)
    return model[-1], X


def positive_score(model, X, labels):
    """Return the score of the positive one of two classes.

    Parameters
    ----------
    model : fitted classifier
        It may have ``predict_proba``, ``decision_function``, or neither.

    X : DataFrame, list or ndarray
        Images, in any form.

    labels : ndarray of shape (n_classes,)
        All classes, the positive one of two last.

    Returns
    -------
    score : ndarray of shape (n_samples,), dtype float64
        NaN if there are more than two classes, or the model has no such score.
    """
    unknown = np.full(_num_samples(X), np.nan)
    classes = getattr(model, "classes_", None)
    if len(labels) != 2 or not np.array_equal(classes, np.sort(labels)):
        return unknown
    column = int(np.flatnonzero(classes == labels[1])[0])
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(X)[:, column], dtype=np.float64)
    if hasattr(model, "decision_function"):
        # Its sign belongs to the greater class.
        sign = 1 if column == 1 else -1
        return sign * np.asarray(model.decision_function(X), dtype=np.float64)
    return unknown


def free_memory():
    """Release the memory of the last network on an accelerator."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        # Elsewhere a network is released at once, and collecting takes a while.
        gc.collect()
        torch.cuda.empty_cache()
