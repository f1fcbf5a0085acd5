"""Whether fusion helped."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from .._groups import known_groups
from .._pairs import PAIRED_BY, warn_of_label_pairs
from ..metrics._paired import holm, paired_kappa_gain
from ._compare import compare_models
from ._fusion_controls import kappa_interval, run_controls, wide_predictions
from ._splits import check_splits

__all__ = ["fusion_gain"]


@validate_params(
    {
        "single": [list],
        "fusions": [list],
        "groups": ["array-like", None],
        "cv": ["cv_object"],
        "inner_cv": [Interval(Integral, 2, None, closed="left")],
        "n_resamples": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def fusion_gain(
    single,
    fusions,
    X,
    y,
    *,
    groups=None,
    cv=None,
    inner_cv=3,
    n_resamples=1000,
    random_state=0,
    verbose=0,
):
    """Measure on identical folds what fusion gains over the best single modality.

    Every fusion is compared with each modality alone, with one model of both (pooled)
    and with a model for each (per modality). The best single modality is chosen in
    inner folds, in each outer fold anew, as one would have to choose it. Three controls
    say what the gain is made of:

    - *pairs shuffled within the class*: each sample gets the image of another one of
      its class. If this changes nothing, the gain is that of two looks at one label,
      and not of two looks at one woman. For label-made pairs that is so by their
      making.
    - *pairs shuffled across classes*: the other image tells nothing any more, and
      fusion must fall to the first modality alone.
    - *presence only*: a classifier that sees which modalities are there, and no image.
      Above kappa 0, which images were taken gives the class away.

    Images are shuffled inside large groups, or inside blocks of several groups of one
    fold. These blocks are then what must not cross a split, in the column ``group``,
    too, so that the images of one patient stay on one side of inner splits.

    Read more in the :ref:`User Guide <fusion>`.

    Parameters
    ----------
    single : list of (str, classifier)
        Columns of paths, one a modality, and a classifier of single images for each,
        with ``predict_proba``. That of the first column is the pooled model, too.

    fusions : list of (str, classifier)
        Names, and classifiers of samples.

    X : DataFrame of shape (n_samples, n_columns)
        With a column of paths for each modality; None or NaN where it is missing.

    y : array-like of shape (n_samples,)
        Class labels, two of them.

    groups : array-like of shape (n_samples,), default=None
        What must not cross a split. If None, the column ``group`` of X.

    cv : int, cross-validation generator, iterable or None, default=None
        As in :func:`compare_models`. Every sample must be tested once: images are
        shuffled among the samples of one test side, so that none crosses a split.

    inner_cv : int, default=3
        Number of inner folds in which the best single modality is chosen.

    n_resamples : int, default=1000
        Number of bootstrap resamples of the intervals, by group.

    random_state : int, RandomState instance or None, default=0
        Decides inner folds, shuffles and resamples.

    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        summary : DataFrame
            Kappa of each model with its interval: columns ``model``, ``kappa``,
            ``lower`` and ``upper``.
        gain : DataFrame
            For pooled, per modality and each fusion, its kappa above that of the best
            single modality: ``model``, ``gain``, ``lower``, ``upper``, ``p``, and, for
            the fusions, ``p (Holm)``.
        controls : DataFrame
            For each fusion and shuffle, and for presence only: ``control``, ``model``,
            ``kappa``, ``lower`` and ``upper``.
        best_single : list of str
            Column that was chosen in each fold.
        predictions : DataFrame
            Out-of-fold predictions, as of :func:`compare_models`.
        warning : str
            What label-made pairs cannot say, where X holds some; else empty.

    See Also
    --------
    compare_models : Compares any models.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.feature_extraction import CNNFeatureExtractor
    >>> from skfusion.fusion import make_feature_fusion
    >>> from skfusion.model_selection import fusion_gain
    >>> pairs = make_breast_images(
    ...     24, paired=True, image_size=32, folder=tempfile.mkdtemp(), random_state=0
    ... )
    >>> features = CNNFeatureExtractor(
    ...     "squeezenet1_1", weights=None, image_size=32, random_state=0
    ... )
    >>> image = make_pipeline(features, LogisticRegression())
    >>> columns = ["mammogram", "ultrasound"]
    >>> fusion = make_feature_fusion(
    ...     [(column, features) for column in columns], LogisticRegression()
    ... )
    >>> result = fusion_gain(
    ...     [(column, image) for column in columns], [("features", fusion)],
    ...     pairs.data, pairs.target, cv=2, inner_cv=2,
    ... )
    >>> result.gain["model"].tolist()
    ['pooled', 'per modality', 'features']
    """
    warning = warn_of_label_pairs(X)
    if warning:  # said once, not by each comparison
        X = X.drop(columns=PAIRED_BY)
    y = np.asarray(y)
    columns = [column for column, _ in single]
    groups = known_groups(X, groups)
    groups = np.arange(len(y)) if groups is None else groups
    splits = check_splits(cv, X, y, groups)
    fold = _fold_of_each(splits, len(y))
    random_state = check_random_state(random_state)
    seeds = random_state.randint(2**31 - 1, size=3)
    options = {
        "groups": groups,
        "cv": splits,
        "verbose": verbose,
        "error_score": "raise",
    }
    models = [*_references(single), *fusions]
    predictions = compare_models(models, X, y, **options).predictions
    alone = models[: len(single)]
    best = _choose_single(alone, X, y, groups, splits, inner_cv, int(seeds[0]))
    table = wide_predictions(predictions)
    table["best single"] = [table[best[k]][row] for row, k in enumerate(fold)]
    interval = {"n_resamples": n_resamples, "random_state": int(seeds[1])}
    return Bunch(
        summary=_summarise(table, y, groups, interval),
        gain=_gains(table, y, groups, [name for name, _ in fusions], interval),
        controls=run_controls(
            fusions, columns, X, y, fold, int(seeds[2]), options, interval
        ),
        best_single=best,
        predictions=predictions,
        warning=warning,
    )


def _fold_of_each(splits, n_samples):
    """Fold in which each sample is tested."""
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


def _references(single):
    """Each modality alone, one model of all, and a model for each."""
    # Here, because it imports torch, which comparing models does not need.
    from ..fusion import ImageLevelClassifier, PerModalityClassifier

    columns = [column for column, _ in single]
    alone = [
        (column, ImageLevelClassifier(clone(estimator), [column]))
        for column, estimator in single
    ]
    pooled = ImageLevelClassifier(clone(single[0][1]), columns)
    each = [(column, clone(estimator)) for column, estimator in single]
    per_modality = ImageLevelClassifier(PerModalityClassifier(each), columns)
    return [*alone, ("pooled", pooled), ("per modality", per_modality)]


def _choose_single(alone, X, y, groups, splits, inner_cv, seed):
    """Column with the best kappa in the inner folds of each outer fold."""
    return [
        max(
            alone,
            key=lambda pair: _inner_kappa(
                pair, X.iloc[train], y[train], groups[train], inner_cv, seed
            ),
        )[0]
        for train, _ in splits
    ]


def _inner_kappa(pair, X, y, groups, inner_cv, seed):
    cv = StratifiedGroupKFold(inner_cv, shuffle=True, random_state=seed)
    y_pred = cross_val_predict(clone(pair[1]), X, y, groups=groups, cv=cv)
    return cohen_kappa_score(y, y_pred)


def _summarise(table, y, groups, interval):
    rows = []
    for model in table.columns:
        rows.append(
            {"model": model, **kappa_interval(y, table[model], groups, interval)}
        )
    return pd.DataFrame(rows)


def _gains(table, y, groups, fusions, interval):
    """Gain of all but the single modalities over the best of these."""
    models = ["pooled", "per modality", *fusions]
    reference = table["best single"].to_numpy()
    rows = [
        {
            "model": model,
            **paired_kappa_gain(
                y, table[model].to_numpy(), reference, groups, **interval
            ),
        }
        for model in models
    ]
    gains = pd.DataFrame(rows)
    is_fusion = gains["model"].isin(fusions)
    gains.loc[is_fusion, "p (Holm)"] = holm(gains.loc[is_fusion, "p"])
    return gains
