"""The predicted probabilities of the models of a comparison."""

import numpy as np

from ..._validation._positive_class import warn_of_positive_class
from ...exceptions import DataQualityWarning, warn_user
from ._select import check_two_classes, scored_predictions, select_predictions

__all__ = ["positive_probability", "predicted_probabilities"]


def predicted_probabilities(comparison, *, data, modality, models, what):
    """Take the predictions of the models that predict probabilities.

    Parameters
    ----------
    comparison : ModelComparison

    data, modality : str

    models : str, array-like of str or None
        Names of models that predict probabilities. None takes all such models.

    what : str
        What is drawn, for the warning.

    Returns
    -------
    tables : dict of str to DataFrame
        The predictions of each model, with a column ``is_positive``.

    Raises
    ------
    ValueError
        If a model of `models`, or every model, has no probabilities, there are more
        than two classes, or the data set, the modality or a model is unknown.

    Warns
    -----
    DataQualityWarning
        If `models` is None, and a model without probabilities is left out.
    """
    part = {"data": data, "modality": modality}
    if models is None:
        models = _find_models(comparison, what, **part)
    tables = scored_predictions(comparison, **part, models=models)
    _check_probabilities(comparison, tables)
    return tables


def _find_models(comparison, what, data, modality):
    """Names of the models with probabilities, or of all models if none has them."""
    check_two_classes(comparison)
    tables = select_predictions(comparison, data=data, modality=modality)
    names = [
        name
        for name, table in tables.items()
        if comparison._has_probabilities[name] and table["y_score"].notna().all()
    ]
    without = [name for name in tables if name not in names]
    if names and without:
        warn_user(
            f"The {what} of {', '.join(map(repr, without))} is not drawn. It "
            "needs a probability of each prediction: use a model with predict_proba, "
            "such as recalibrate(model).",
            DataQualityWarning,
        )
    return names or list(tables)


def _check_probabilities(comparison, names):
    """Raise unless the scores of all models are those of predict_proba."""
    without = [name for name in names if not comparison._has_probabilities[name]]
    if without:
        raise ValueError(
            "Expected probabilities. Got decision values from "
            f"{', '.join(map(repr, without))}: use a model with predict_proba, such as "
            "recalibrate(model), or leave it out by models=[...]."
        )


def positive_probability(estimator, X, pos_label=None):
    """Predict the probability of the positive class.

    Parameters
    ----------
    estimator : classifier
        Fitted.

    X : DataFrame or array-like of shape (n_samples, ...)

    pos_label : int, float, bool or str, default=None
        The positive class. If None, the last one of ``classes_``.

    Returns
    -------
    y_prob : ndarray of shape (n_samples,)

    pos_label : int, float, bool or str
        The positive class.

    Raises
    ------
    ValueError
        If the classifier has no ``predict_proba``, or not two classes of which
        `pos_label` is one.

    Warns
    -----
    DataQualityWarning
        If the alphabet alone decides which class is positive.
    """
    if not hasattr(estimator, "predict_proba"):
        raise ValueError(
            "Expected a classifier with predict_proba. Got "
            f"{type(estimator).__name__}: calibrate it, for example with "
            "recalibrate(model)."
        )
    classes = np.asarray(estimator.classes_)
    positive = classes[-1] if pos_label is None else pos_label
    if len(classes) != 2 or positive not in classes.tolist():
        raise ValueError(
            "Expected a classifier of two classes, of which pos_label is one. Got "
            f"pos_label={pos_label!r} and the classes {classes.tolist()!r}."
        )
    if pos_label is None:
        advice = f"Pass pos_label={str(classes[0])!r} if that is the positive class."
        warn_of_positive_class(classes, type(estimator).__name__, advice)
    column = int(np.flatnonzero(classes == positive)[0])
    return estimator.predict_proba(X)[:, column], positive
