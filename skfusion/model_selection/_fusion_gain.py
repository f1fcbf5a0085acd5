"""The gain of fusion over the best single modality."""

from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils import Bunch, check_random_state

from .._validation._columns import GROUP
from .._validation._private import Interval, validate_params
from .._validation._unreadable import names_unreadable_images
from ..fusion import ImageLevelClassifier, PerModalityClassifier
from ..metrics._paired import holm, paired_gain
from ._fusion_checks import check_fusion_data, check_models
from ._fusion_controls import kappa_interval, pool_predictions, run_controls, widen
from ._thread_limit import limited_threads

__all__ = ["fusion_gain"]


@validate_params(
    {
        "single_models": [list],
        "fusions": [list],
        "groups": ["array-like", None],
        "cv": ["cv_object"],
        "inner_cv": [Interval(Integral, 2, None, closed="left")],
        "n_resamples": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    },
    # The models' own parameters are checked, too.
    prefer_skip_nested_validation=False,
)
@names_unreadable_images
def fusion_gain(
    single_models,
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
    """Measure on identical folds the gain of fusion over the best single modality.

    Every fusion is compared with each modality alone, with one model of both (pooled)
    and with one model for each (per modality). The best single modality is chosen in
    inner folds, separately in each outer fold, as it must be chosen in practice. Three
    controls show where the gain comes from:

    - *pairs shuffled within the class*: each sample gets the image of another woman of
      its class. The fall of kappa is the part of the gain that requires both images of
      one woman. If kappa does not fall, the gain is no larger than that of two looks at
      one label. For label-made pairs this is so by construction.
    - *pairs shuffled across classes*: each sample gets the image of another woman of
      any class. That image holds almost no information, and kappa of the fusion should
      fall to about that of the first modality alone.
    - *presence only*: a classifier that sees which modalities are present, and no
      image. If its kappa is above 0, the choice of images gives the class away.

    To shuffle, two patients (or two blocks of label-made pairs) of one fold, drawn at
    random among those with images of the same columns, swap their images; an odd one
    joins two others. Those who swap are one block, which no split crosses, including
    inner splits. A sample without an image stays without it.

    A patient is never her own donor. Across classes, in a fold of n patients, the label
    of the donor and that of the patient therefore correlate by -1/(n - 1), which is
    small compared with the interval. With ``n_blocks`` below 20 the interval is not
    reliable.

    One thread computes each fit, as by default in :func:`compare_models`. Folds are
    fitted at once with ``joblib.parallel_config(n_jobs=...)``.

    Read more in the :ref:`User Guide <fusion>`.

    Parameters
    ----------
    single_models : list of (str, classifier)
        Columns of paths, one for each modality, and a classifier of single images for
        each column, with ``predict_proba``. The classifier of the first column is also
        the pooled model.

    fusions : list of (str, classifier)
        Names and classifiers of samples.

    X : DataFrame of shape (n_samples, n_columns)
        Samples with a column of paths for each modality; None or NaN is a missing
        image.

    y : array-like of shape (n_samples,)
        Class labels, two of them.

    groups : array-like of shape (n_samples,), default=None
        Groups that must not cross a split, outer or inner. If None, the column
        ``group`` of X; without it, samples that share a file are a group, with a
        warning.

    cv : int, cross-validation generator, iterable or None, default=None
        The same as in :func:`compare_models`. Every sample must be tested once: images
        are shuffled among the samples of one test side, so that none crosses a split.

    inner_cv : int, default=3
        Number of inner folds in which the best single modality is chosen.

    n_resamples : int, default=1000
        Number of bootstrap resamples of the intervals, by group.

    random_state : int, RandomState instance or None, default=0
        Determines inner folds, shuffles and resamples.

    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        summary : DataFrame
            Kappa of each model with its interval: columns ``model``, ``kappa``,
            ``lower`` and ``upper``.
        gain : DataFrame
            For pooled, per modality and each fusion, the difference of its kappa and
            that of the best single modality: ``model``, ``gain``, ``lower``, ``upper``,
            ``p`` (of the bootstrap, two-sided) and, for the fusions, ``p_holm``, which
            is corrected for the number of fusions by Holm's method. With fewer than 20
            groups p-values are not reliable, with a warning. With one group they are
            NaN.
        controls : DataFrame
            For each fusion and shuffle, and for presence only: ``control``, ``model``,
            ``kappa``, ``lower`` and ``upper``, and ``n_blocks``, the number of blocks
            behind the interval; for the shuffles, ``fall`` of kappa from the true
            pairs, ``fall_lower`` and ``fall_upper``, paired. A control that cannot be
            computed, for example with a single malignant patient in a fold, is NaN,
            with a warning.
        best_single : list of str
            Column of the modality that was chosen in each fold.
        inner_kappa : DataFrame of shape (n_folds, n_columns)
            Kappa of each modality alone in the inner folds, which decides the choice.
        predictions : DataFrame
            Out-of-fold predictions, the same table as that of :func:`compare_models`.

    Warns
    -----
    DataQualityWarning
        If X holds pairs that share a label only, no groups are known, there are fewer
        than 20 groups, or a control cannot be computed.

    See Also
    --------
    compare_models : Comparison of any models.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skfusion.datasets import make_breast_pairs
    >>> from skfusion.feature_extraction import CNNFeatureExtractor
    >>> from skfusion.fusion import make_feature_fusion
    >>> from skfusion.model_selection import fusion_gain
    >>> pairs = make_breast_pairs(
    ...     24, image_size=32, folder=tempfile.mkdtemp(), random_state=0
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
    columns = check_models(single_models, fusions)
    samples = check_fusion_data(X, y, groups, cv, columns)
    seeds = check_random_state(random_state).randint(2**31 - 1, size=3).tolist()
    interval = {"n_resamples": n_resamples, "random_state": seeds[1]}
    models = [*_references(single_models), *fusions]
    # First, because it fails at once where a class has too few groups for inner folds.
    inner = _inner_kappas(models[: len(columns)], samples, inner_cv, seeds[0])
    predictions = pool_predictions(models, samples, verbose)
    best = inner.idxmax(axis=1).tolist()
    table = widen(predictions)
    table["best single"] = [
        table[best[fold]][row] for row, fold in enumerate(samples.fold)
    ]
    return Bunch(
        summary=_summarise(table, samples, interval),
        gain=_gains(table, samples, [name for name, _ in fusions], interval),
        controls=run_controls(fusions, samples, table, seeds[2], interval, verbose),
        best_single=best,
        inner_kappa=inner,
        predictions=predictions,
    )


def _references(single_models):
    """Return models of each modality alone, one of all, and one for each."""
    columns = [column for column, _ in single_models]
    alone = [
        (column, ImageLevelClassifier(clone(estimator), [column]))
        for column, estimator in single_models
    ]
    pooled = ImageLevelClassifier(clone(single_models[0][1]), columns)
    each = [(column, clone(estimator)) for column, estimator in single_models]
    per_modality = ImageLevelClassifier(PerModalityClassifier(each), columns)
    return [*alone, ("pooled", pooled), ("per modality", per_modality)]


def _inner_kappas(single_models, samples, inner_cv, seed):
    """Compute kappa of each modality alone in the inner folds of each fold."""
    return pd.DataFrame(
        {
            name: _inner_kappa(
                model, samples.X.iloc[train], samples.y[train], inner_cv, seed
            )
            for name, model in single_models
        }
        for train, _ in samples.splits
    )


def _inner_kappa(model, X, y, inner_cv, seed):
    cv = StratifiedGroupKFold(inner_cv, shuffle=True, random_state=seed)
    y_pred = np.empty_like(y)
    # Not cross_val_predict, to which groups are passed differently with routing.
    for train, test in cv.split(X, y, X[GROUP]):
        with limited_threads(1):  # as in the outer folds
            fitted = clone(model).fit(X.iloc[train], y[train])
            y_pred[test] = fitted.predict(X.iloc[test])
    return cohen_kappa_score(y, y_pred)


def _summarise(table, samples, interval):
    """Kappa of each model with its interval."""
    return pd.DataFrame(
        {"model": model, **kappa_interval(samples.y, y_pred, samples.groups, interval)}
        for model, y_pred in table.items()
    )


def _gains(table, samples, fusions, interval):
    """Gain over the best single modality of every model that uses both."""
    reference = table["best single"].to_numpy()
    gains = pd.DataFrame(
        {
            "model": model,
            **paired_gain(
                samples.y,
                table[model].to_numpy(),
                reference,
                samples.groups,
                **interval,
            ),
        }
        for model in ["pooled", "per modality", *fusions]
    )
    is_fusion = gains["model"].isin(fusions)
    gains.loc[is_fusion, "p_holm"] = holm(gains.loc[is_fusion, "p"])
    return gains
