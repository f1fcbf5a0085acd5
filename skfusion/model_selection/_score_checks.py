"""Which scores a model has, and a warning of those that are missing."""

from ..exceptions import DataQualityWarning, warn_user

__all__ = ["find_probabilities", "warn_of_missing_scores"]

_METHODS = ("predict_proba", "decision_function")


def find_probabilities(results):
    """Find the models whose scores are probabilities.

    Parameters
    ----------
    results : dict of str to list of dict
        Results of ``fit_fold`` on each fold, by the name of the model.

    Returns
    -------
    has_probabilities : dict of str to bool
        Whether the scores of each model are probabilities in every fold.
    """
    return {
        name: all(fold["has_probabilities"] for fold in folds if "error" not in fold)
        for name, folds in results.items()
    }


def warn_of_missing_scores(predictions, labels, estimators):
    """Warn of each model that has scores, but not for every prediction.

    Parameters
    ----------
    predictions : DataFrame
        Predictions of every model.

    labels : ndarray of shape (n_classes,)
        All classes. Only two of them have scores.

    estimators : dict of str to classifier
        Models by name.
    """
    if len(labels) != 2:
        return
    for name, table in predictions.groupby("model", sort=False):
        is_missing = table["y_score"].isna()
        has_scores = any(hasattr(estimators.get(name), m) for m in _METHODS)
        if not is_missing.any() or (is_missing.all() and not has_scores):
            continue
        folds = table.loc[is_missing, "fold"].unique().tolist()
        warn_user(
            f"The model {name!r} has no score (NaN) for {is_missing.sum()} of "
            f"{len(table)} predictions, in the folds {folds[:10]!r}: its AUC is NaN. "
            "The training data of a fold may lack a class, or a network may have "
            "diverged.",
            DataQualityWarning,
        )
