"""A warning of scores that a model should have and does not."""

from ..exceptions import DataQualityWarning, warn_user

__all__ = ["warn_of_missing_scores"]

_METHODS = ("predict_proba", "decision_function")


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
