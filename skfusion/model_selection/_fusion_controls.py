"""Controls of a gain of fusion: shuffled pairs, and presence alone."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from ..metrics import classification_summary
from ._compare import compare_models

__all__ = ["kappa_interval", "run_controls", "wide_predictions"]

_PRESENCE = "presence only"
# A fold has so many blocks at least, for inner folds are made of them; the samples of a
# block are shuffled among each other, so there should be several of each class.
_MIN_BLOCKS = 5
_OF_A_CLASS = 4


def run_controls(fusions, columns, X, y, fold, seed, options, interval):
    """Kappa of the fusions on shuffled pairs, and of presence alone.

    Parameters
    ----------
    fusions : list of (str, classifier)

    columns : list of str
        Columns of paths; all but the first are shuffled.

    X : DataFrame of shape (n_samples, n_columns)

    y : ndarray of shape (n_samples,)

    fold : ndarray of shape (n_samples,), int
        Fold in which each sample is tested.

    seed : int
        Decides the shuffles.

    options, interval : dict
        Arguments of :func:`compare_models` and of the intervals.

    Returns
    -------
    controls : DataFrame
        Columns ``control``, ``model``, ``kappa``, ``lower`` and ``upper``.
    """
    groups, rows = options["groups"], []
    blocks = _blocks(fold, groups, y)
    shuffled_options = {**options, "groups": blocks}
    for name, within in (("within the class", y), ("across classes", 0)):
        shuffled = _shuffle_pairs(X, columns[1:], blocks, within, seed)
        predictions = compare_models(fusions, shuffled, y, **shuffled_options)
        for model, y_pred in wide_predictions(predictions.predictions).items():
            kappa = kappa_interval(y, y_pred, blocks, interval)
            rows.append({"control": f"shuffled {name}", "model": model, **kappa})
    presence = [(_PRESENCE, _presence_classifier(columns))]
    predictions = compare_models(presence, X, y, **options).predictions
    y_pred = wide_predictions(predictions)[_PRESENCE]
    kappa = kappa_interval(y, y_pred, groups, interval)
    rows.append({"control": _PRESENCE, "model": "-", **kappa})
    return pd.DataFrame(rows)


def wide_predictions(predictions):
    """Predicted labels: a row a sample, a column a model."""
    return predictions.pivot(index="row", columns="model", values="y_pred")


def kappa_interval(y, y_pred, groups, interval):
    """Kappa with its interval."""
    summary = classification_summary(
        y, y_pred, groups=groups, labels=np.unique(y), **interval
    )
    kappa = summary.loc["kappa"].rename({"estimate": "kappa"})
    return kappa.to_dict()


def _blocks(fold, groups, y):
    """Block of each sample: what images are shuffled in, and what crosses no split.

    Large groups, as those of label-made pairs, are blocks. Others are dealt into blocks
    of their fold: behind the shuffle, images of one patient stand in several rows.
    """
    table = pd.DataFrame({"fold": fold, "group": pd.factorize(groups)[0], "y": y})
    if table.groupby("group").size().median() >= 2 * _OF_A_CLASS:
        return np.asarray(groups)
    rarer = table.groupby("fold")["y"].agg(lambda own: own.value_counts().min())
    n_blocks = (rarer // _OF_A_CLASS).clip(lower=_MIN_BLOCKS)
    dealt = table.groupby("group").agg({"fold": "first", "y": "max"})
    number = dealt.groupby(["fold", "y"]).cumcount() % dealt["fold"].map(n_blocks)
    dealt["block"] = dealt.assign(number=number).groupby(["fold", "number"]).ngroup()
    return table["group"].map(dealt["block"]).to_numpy()


def _shuffle_pairs(X, columns, blocks, within, seed):
    """Give each sample the images of another one of its block that has some."""
    units = pd.DataFrame({"block": blocks, "class": within})
    rng = np.random.RandomState(seed)
    shuffled = X.assign(group=blocks)
    for column in columns:
        order = _permute(units.assign(there=X[column].notna().to_numpy()), rng)
        own = [c for c in X.columns if c == column or c.startswith(f"{column}_")]
        shuffled[own] = X[own].iloc[order].to_numpy()
    return shuffled


def _permute(units, rng):
    """Permutation of the rows that leaves each among those that are like it."""
    order = np.arange(len(units))
    for rows in units.groupby(list(units.columns)).indices.values():
        order[rows] = rng.permutation(rows)
    return order


def _presence_classifier(columns):
    """Logistic regression of which images are there."""
    presence = FunctionTransformer(_presence, kw_args={"columns": columns})
    return make_pipeline(presence, LogisticRegression())


def _presence(X, columns):
    return X[columns].notna().to_numpy(dtype=np.float64)
