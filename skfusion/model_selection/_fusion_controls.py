"""Controls of a gain of fusion: shuffled pairs, and presence alone."""

from functools import cache, partial

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from .._validation._columns import OF_AN_IMAGE
from ..exceptions import DataQualityWarning, warn_user
from ..metrics import classification_summary
from ..metrics._paired import paired_gain
from ._compare import compare_models
from ._fusion_swaps import draw_donors, draw_rings

__all__ = ["kappa_interval", "run_controls", "wide_predictions"]

_PRESENCE = "presence only"
_SHUFFLES = ("within the class", "across classes")
_COLUMNS = [
    *("control", "model", "kappa", "lower", "upper", "n_blocks"),
    *("fall", "fall_lower", "fall_upper"),
]


def run_controls(fusions, samples, true, seed, options, interval):
    """Kappa of the fusions on shuffled pairs, and of presence alone.

    Parameters
    ----------
    fusions : list of (str, classifier)

    samples : Bunch
        ``X`` with the column ``group``, ``y``, ``columns`` of paths (all but the first
        are shuffled) and ``fold`` in which each sample is tested.

    true : DataFrame of shape (n_samples, n_models)
        What the fusions predict on the true pairs.

    seed : int
        Decides the shuffles.

    options, interval : dict
        Arguments of :func:`compare_models` and of the intervals.

    Returns
    -------
    controls : DataFrame
        Columns ``control``, ``model``, ``kappa``, ``lower``, ``upper``, ``n_blocks``,
        and ``fall`` from the true pairs with ``fall_lower`` and ``fall_upper``. NaN,
        with a warning, where a control cannot be computed.
    """
    rows = []
    for shuffle in _SHUFFLES:
        shuffle_once = cache(partial(_shuffle_pairs, samples, shuffle, seed))
        for fusion in fusions:
            compute = partial(_shuffled, fusion, samples.y, true, shuffle_once, options)
            rows.append(_attempt(f"shuffled {shuffle}", fusion[0], compute, interval))
    compute = partial(_of_presence, samples, options)
    rows.append(_attempt(_PRESENCE, "-", compute, interval))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _attempt(control, model, compute, interval):
    """One row; NaN, with a warning, where a control cannot be computed."""
    row = {"control": control, "model": model}
    try:
        return row | compute(interval)
    except Exception as error:  # whatever a model raises: the rest is not lost
        warn_user(
            f"The control {control!r} of {model!r} is NaN, as it cannot be computed. "
            f"{type(error).__name__}: {error} Use fewer folds, or more patients of the "
            "rarer class.",
            DataQualityWarning,
        )
        return row


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


def _shuffled(fusion, y, true, shuffle, options, interval):
    """Kappa of a fusion on shuffled pairs, and how far it fell."""
    name, (shuffled, blocks) = fusion[0], shuffle()
    options = {**options, "groups": blocks}
    y_pred = wide_predictions(compare_models([fusion], shuffled, y, **options))[name]
    fall = paired_gain(y, true[name].to_numpy(), y_pred.to_numpy(), blocks, **interval)
    return {
        **kappa_interval(y, y_pred, blocks, interval),
        "n_blocks": len(np.unique(blocks)),
        "fall": fall["gain"],
        "fall_lower": fall["lower"],
        "fall_upper": fall["upper"],
    }


def _of_presence(samples, options, interval):
    """Kappa of which images are there."""
    model = [(_PRESENCE, _presence_classifier(samples.columns))]
    comparison = compare_models(model, samples.X, samples.y, **options)
    y_pred = wide_predictions(comparison)[_PRESENCE]
    groups = options["groups"]
    kappa = kappa_interval(samples.y, y_pred, groups, interval)
    return {**kappa, "n_blocks": len(np.unique(groups))}


def _shuffle_pairs(samples, shuffle, seed):
    """Give each sample the images of another patient, and name the blocks.

    Patients of one fold swap their images, those of one class or whatever the class.
    Behind the shuffle, images of a patient stand in the rows of another, so that those
    who swap are a block, which must not be split. A block of label-made pairs swaps as
    a patient does.

    Only rows that have an image of a column get another, so that presence, which a
    control of its own measures, stays as it is.
    """
    X, y = samples.X, np.unique(samples.y, return_inverse=True)[1]
    rng = np.random.RandomState(seed)
    is_within = shuffle == "within the class"
    cells = _cells(X[samples.columns[1:]], y * is_within)
    patients = pd.factorize(X["group"])[0]
    ring, place = draw_rings(patients, samples.fold, cells, rng)
    shuffled, order = X.assign(group=ring), rng.permutation(len(y))
    for keys, column in zip(cells.T, samples.columns[1:], strict=True):
        donors = draw_donors(keys, ring, place, order)
        for name in _columns_of(column, X):
            shuffled[name] = X[name].iloc[donors].to_numpy()
    return shuffled, ring


def _cells(images, label):
    """Number of what rows pass on among each other: a column, of a label; or -1."""
    cells = 2 * np.arange(images.shape[1]) + label[:, np.newaxis]
    return np.where(images.notna(), cells, -1)


def _columns_of(column, X):
    """A column of paths, and those that say how its images are read."""
    names = [column, *(f"{column}_{what}" for what in OF_AN_IMAGE)]
    return [name for name in names if name in X.columns]


def _presence_classifier(columns):
    """Logistic regression of which images are there."""
    presence = FunctionTransformer(_presence, kw_args={"columns": columns})
    return make_pipeline(presence, LogisticRegression(class_weight="balanced"))


def _presence(X, columns):
    return X[columns].notna().to_numpy(dtype=np.float64)
