"""Controls of a gain of fusion: shuffled pairs, and presence alone."""

from dataclasses import replace
from functools import cache, partial

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from .._validation._columns import GROUP, OF_AN_IMAGE
from ..exceptions import DataQualityWarning, warn_user
from ..metrics import classification_summary
from ..metrics._paired import paired_gain
from ._folds import predict_folds
from ._fusion_swaps import draw_donors, draw_rings
from ._splits import check_splits
from ._tables import prediction_table, row_table

__all__ = ["kappa_interval", "pool_predictions", "run_controls", "widen"]

_PRESENCE = "presence only"
_SHUFFLES = ("within the class", "across classes")
_COLUMNS = [
    *("control", "model", "kappa", "lower", "upper", "n_blocks"),
    *("fall", "fall_lower", "fall_upper"),
]


def run_controls(fusions, samples, true, seed, interval, verbose):
    """Compute kappa of the fusions on shuffled pairs, and of presence alone.

    Parameters
    ----------
    fusions : list of (str, classifier)

    samples : CheckedSamples
        The images of all columns but the first are shuffled.

    true : DataFrame of shape (n_samples, n_models)
        Predictions of the fusions on the true pairs.

    seed : int
        Determines the shuffles.

    interval : dict
        Arguments of the intervals.

    verbose : int
        Whether to show progress bars.

    Returns
    -------
    controls : DataFrame
        Columns ``control``, ``model``, ``kappa``, ``lower``, ``upper``, ``n_blocks``,
        and ``fall`` from the true pairs with ``fall_lower`` and ``fall_upper``. NaN,
        with a warning, where a control cannot be computed.
    """
    rows = []
    for shuffle in _SHUFFLES:
        shuffle_once = cache(partial(_shuffle_samples, samples, shuffle, seed))
        for fusion in fusions:
            compute = partial(_shuffled, fusion, true, shuffle_once, verbose)
            rows.append(_attempt(f"shuffled {shuffle}", fusion[0], compute, interval))
    compute = partial(_of_presence, samples, verbose)
    rows.append(_attempt(_PRESENCE, "-", compute, interval))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _attempt(control, model, compute, interval):
    """Return one row, with NaN and a warning if a control cannot be computed."""
    row = {"control": control, "model": model}
    try:
        return row | compute(interval)
    except Exception as error:  # any error of a model; the other results are kept
        warn_user(
            f"The control {control!r} of {model!r} is NaN, as it cannot be computed. "
            f"{type(error).__name__}: {error} Use fewer folds, or more patients of the "
            "rarer class.",
            DataQualityWarning,
        )
        return row


def pool_predictions(models, samples, verbose):
    """Pool the out-of-fold predictions of several models.

    Parameters
    ----------
    models : list of (str, classifier)

    samples : CheckedSamples

    verbose : int
        Whether to show a progress bar.

    Returns
    -------
    predictions : DataFrame
        One row per model and sample.
    """
    results = predict_folds(models, samples, verbose=verbose)
    return prediction_table(results, samples.splits, row_table(samples))


def widen(predictions):
    """Arrange predicted labels with one row per sample and one column per model."""
    return predictions.pivot(index="row", columns="model", values="y_pred")


def kappa_interval(y, y_pred, groups, interval):
    """Return kappa with its interval."""
    summary = classification_summary(
        y, y_pred, groups=groups, labels=np.unique(y), **interval
    )
    kappa = summary.loc["kappa"].rename({"estimate": "kappa"})
    return kappa.to_dict()


def _shuffled(fusion, true, shuffle, verbose, interval):
    """Kappa of a fusion on shuffled pairs, and its fall from the true pairs."""
    name, samples = fusion[0], shuffle()
    y, blocks = samples.y, samples.groups
    y_pred = widen(pool_predictions([fusion], samples, verbose))[name]
    fall = paired_gain(y, true[name].to_numpy(), y_pred.to_numpy(), blocks, **interval)
    return {
        **kappa_interval(y, y_pred, blocks, interval),
        "n_blocks": len(np.unique(blocks)),
        "fall": fall["gain"],
        "fall_lower": fall["lower"],
        "fall_upper": fall["upper"],
    }


def _of_presence(samples, verbose, interval):
    """Kappa of a classifier that sees only which images are present."""
    model = [(_PRESENCE, _presence_classifier(samples.columns))]
    y_pred = widen(pool_predictions(model, samples, verbose))[_PRESENCE]
    kappa = kappa_interval(samples.y, y_pred, samples.groups, interval)
    return {**kappa, "n_blocks": len(np.unique(samples.groups))}


def _shuffle_samples(samples, shuffle, seed):
    """Shuffle the pairs; the blocks of those who swap become the groups."""
    shuffled, blocks = _shuffle_pairs(samples, shuffle, seed)
    splits = check_splits(samples.splits, samples.y, blocks)
    return replace(samples, X=shuffled, groups=blocks, splits=splits)


def _shuffle_pairs(samples, shuffle, seed):
    """Give each sample the images of another patient, and return the blocks, too.

    Patients of one fold swap their images, either inside each class or regardless of
    the class. After the shuffle, images of a patient are in the rows of another one, so
    that those who swap are a block, which must not be split. A block of label-made
    pairs swaps like a patient.

    Only rows that have an image in a column get another one there, so that presence,
    which has its own control, does not change.
    """
    X, y = samples.X, np.unique(samples.y, return_inverse=True)[1]
    rng = np.random.RandomState(seed)
    is_within = shuffle == "within the class"
    cells = _cells(X[samples.columns[1:]], y * is_within)
    patients = pd.factorize(X[GROUP])[0]
    ring, place = draw_rings(patients, samples.fold, cells, rng)
    shuffled, order = X.assign(group=ring), rng.permutation(len(y))
    for keys, column in zip(cells.T, samples.columns[1:], strict=True):
        donors = draw_donors(keys, ring, place, order)
        for name in _columns_of(column, X):
            shuffled[name] = X[name].iloc[donors].to_numpy()
    return shuffled, ring


def _cells(images, label):
    """Number the images that rows may swap, by column and label; -1 is no image."""
    cells = 2 * np.arange(images.shape[1]) + label[:, np.newaxis]
    return np.where(images.notna(), cells, -1)


def _columns_of(column, X):
    """A column of paths, and the columns that belong to its images."""
    names = [column, *(f"{column}_{name}" for name in OF_AN_IMAGE)]
    return [name for name in names if name in X.columns]


def _presence_classifier(columns):
    """Logistic regression on which images are present."""
    presence = FunctionTransformer(_presence, kw_args={"columns": columns})
    return make_pipeline(presence, LogisticRegression(class_weight="balanced"))


def _presence(X, columns):
    return X[columns].notna().to_numpy(dtype=np.float64)
