"""Controls of a gain of fusion: shuffled pairs, and presence alone."""

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from ..metrics import classification_summary
from ..metrics._paired import paired_kappa_gain
from ._compare import compare_models

__all__ = ["kappa_interval", "run_controls", "wide_predictions"]

_PRESENCE = "presence only"
_SHUFFLES = ("within the class", "across classes")
_MAX_BLOCKS = 10  # of a fold: inner folds are made of blocks


def run_controls(fusions, samples, true, seed, options, interval):
    """Kappa of the fusions on shuffled pairs, and of presence alone.

    Parameters
    ----------
    fusions : list of (str, classifier)

    samples : Bunch
        ``X`` with the column ``group``, ``y``, ``columns`` of paths (all but the first
        are shuffled), ``fold`` in which each sample is tested, and ``is_label_made``.

    true : DataFrame of shape (n_samples, n_models)
        What the fusions predict on the true pairs.

    seed : int
        Decides the shuffles.

    options, interval : dict
        Arguments of :func:`compare_models` and of the intervals.

    Returns
    -------
    controls : DataFrame
        Columns ``control``, ``model``, ``kappa``, ``lower``, ``upper``, and ``fall``
        from the true pairs with ``fall_lower`` and ``fall_upper``.
    """
    X, y = samples.X, samples.y
    rows = []
    for shuffle in _SHUFFLES:
        shuffled, blocks = _shuffle_pairs(samples, shuffle, seed)
        comparison = compare_models(
            fusions, shuffled, y, **{**options, "groups": blocks}
        )
        rows += _describe(shuffle, comparison, y, true, blocks, interval)
    presence = [(_PRESENCE, _presence_classifier(samples.columns))]
    y_pred = wide_predictions(compare_models(presence, X, y, **options))[_PRESENCE]
    kappa = kappa_interval(y, y_pred, options["groups"], interval)
    return pd.DataFrame([*rows, {"control": _PRESENCE, "model": "-", **kappa}])


def wide_predictions(comparison):
    """Predicted labels: a row a sample, a column a model."""
    return comparison.predictions.pivot(index="row", columns="model", values="y_pred")


def kappa_interval(y, y_pred, groups, interval):
    """Kappa with its interval."""
    summary = classification_summary(
        y, y_pred, groups=groups, labels=np.unique(y), **interval
    )
    kappa = summary.loc["kappa"].rename({"estimate": "kappa"})
    return kappa.to_dict()


def _describe(shuffle, comparison, y, true, blocks, interval):
    """One row a fusion: its kappa on shuffled pairs, and how far it fell."""
    for model, y_pred in wide_predictions(comparison).items():
        fall = paired_kappa_gain(
            y, true[model].to_numpy(), y_pred.to_numpy(), blocks, **interval
        )
        yield {
            "control": f"shuffled {shuffle}",
            "model": model,
            **kappa_interval(y, y_pred, blocks, interval),
            "fall": fall["gain"],
            "fall_lower": fall["lower"],
            "fall_upper": fall["upper"],
        }


def _shuffle_pairs(samples, shuffle, seed):
    """Give each sample the images of another owner, of those of its block.

    Behind the shuffle, images of one patient stand in several rows, so that nothing
    smaller than a block may be split. The blocks of label-made pairs are their groups,
    and each image is of another woman there; other groups are dealt into blocks.
    """
    X, y = samples.X, samples.y
    blocks = owners = pd.factorize(X["group"])[0]
    if samples.is_label_made:
        owners = np.arange(len(y))
    else:
        blocks = _deal_blocks(owners, y, samples.fold)
    within = y if shuffle == "within the class" else np.zeros(len(y))
    rng = np.random.RandomState(seed)
    shuffled = X.assign(group=blocks)
    for column in samples.columns[1:]:
        order = _rotate([blocks, within, X[column].notna().to_numpy()], owners, rng)
        for name in _columns_of(column, X):
            shuffled[name] = X[name].iloc[order].to_numpy()
    return shuffled, blocks


def _deal_blocks(groups, y, fold):
    """Blocks of a fold's groups, each with at least two of each class if it can be."""
    table = pd.DataFrame({"fold": fold, "group": groups, "y": y})
    dealt = table.groupby("group").agg({"fold": "first", "y": "max"})
    of_a_class = dealt.groupby(["fold", "y"]).size().groupby("fold").min()
    n_blocks = (of_a_class // 2).clip(1, _MAX_BLOCKS)
    number = dealt.groupby(["fold", "y"]).cumcount() % dealt["fold"].map(n_blocks)
    dealt["block"] = dealt.assign(number=number).groupby(["fold", "number"]).ngroup()
    return table["group"].map(dealt["block"]).to_numpy()


def _columns_of(column, X):
    """A column of paths, and those that say how its images are read."""
    # Here, because it imports torch, which comparing models does not need.
    from ..fusion._columns import OF_AN_IMAGE

    names = [column, *(f"{column}_{what}" for what in OF_AN_IMAGE)]
    return [name for name in names if name in X.columns]


def _rotate(keys, owners, rng):
    """Order in which each row gets one of another owner, of those with its keys.

    Owners stand in a random order, their rows side by side; all move on by the largest
    number of rows that one of them has.
    """
    order = np.arange(len(owners))
    rank = rng.permutation(owners.max() + 1)
    for rows in pd.Series(order).groupby(keys).indices.values():
        rows = rows[np.argsort(rank[owners[rows]], kind="stable")]
        step = np.unique(owners[rows], return_counts=True)[1].max()
        order[rows] = np.roll(rows, -step)
    return order


def _presence_classifier(columns):
    """Logistic regression of which images are there."""
    presence = FunctionTransformer(_presence, kw_args={"columns": columns})
    return make_pipeline(presence, LogisticRegression(class_weight="balanced"))


def _presence(X, columns):
    return X[columns].notna().to_numpy(dtype=np.float64)
