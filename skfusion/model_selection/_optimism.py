"""What one study would have claimed under sound and unsound protocols."""

from contextlib import nullcontext
from itertools import product
from numbers import Integral
from pathlib import Path

import pandas as pd
from sklearn.utils import check_random_state

from .._validation._groups import find_groups
from .._validation._private import HasMethods, Interval, validate_params
from ..metrics._paired import warn_of_few_groups
from ._compare import check_data
from ._data_checks import warn_of_group_features, warn_of_images_in_groups
from ._folds import predict_folds
from ._named_estimators import check_estimators
from ._protocol_comparison import ProtocolComparison
from ._protocols import apply_protocol, find_protocols, warn_of_nothing_resampled
from ._study_cache import preparing
from ._tables import prediction_table, row_table

__all__ = ["optimism"]


@validate_params(
    {
        "estimator": [list, tuple, HasMethods(["fit", "predict"])],
        "groups": ["array-like", None],
        "protocols": [list, tuple, None],
        "cv": [Interval(Integral, 2, None, closed="left")],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "sampler": [HasMethods("fit_resample"), None],
        "labels": ["array-like", None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "store": [str, Path, None],
    },
    prefer_skip_nested_validation=False,
)
def optimism(
    estimator,
    X,
    y,
    *,
    groups=None,
    protocols=None,
    cv=5,
    n_repeats=1,
    sampler=None,
    labels=None,
    random_state=0,
    verbose=0,
    store=None,
):
    """Measure what a study would have claimed under sound and unsound protocols.

    The same model is evaluated several times on the same data. Only the protocol
    changes:

    - *balanced first* (unsound): all rows are resampled, then split by image. Copies of
      a test image, and other images of its patient, are in the training folds.
    - *by image* (unsound): the rows are split without their patients. Other images of
      a test patient are in the training folds.
    - *by patient* (sound): no patient is on both sides of a split.
    - *by data set* (sound): one data set is left out at a time, so that a model is
      evaluated on images of another hospital.

    The optimism of a protocol is the difference between its result and that of the
    split by patient.

    Read more in the :ref:`User Guide <optimism>`.

    Parameters
    ----------
    estimator : classifier or list of (str, classifier)
        Model, or names and models. They are cloned, not fitted. A model that balances
        its training folds (class weights, or a sampler in its pipeline) makes the
        protocols comparable: otherwise "balanced first" also moves the operating point.

    X : DataFrame, list or ndarray
        Images or samples, in any form. The column ``group`` of a DataFrame holds the
        patients, and ``dataset`` the data set of each row.

    y : array-like of shape (n_samples,)
        Class labels.

    groups : array-like of shape (n_samples,), default=None
        Patient of each row. If None, the column ``group`` of X.

    protocols : sequence of str, default=None
        Protocols among "balanced first", "by image", "by patient" and "by data set".
        "by patient" must be one of them. None means all of them, "by data set" only if
        X has at least two data sets.

    cv : int, default=5
        Number of folds, stratified by class and shuffled.

    n_repeats : int, default=1
        Number of times that folds and copies are drawn. The predictions of all draws
        are pooled. Data sets are left out once.

    sampler : sampler with `sample_indices_`, default=None
        Sampler of imbalanced-learn that resamples all rows under "balanced first". It
        is cloned, and each of its ``random_state`` is drawn from that of this function.
        None copies rows of the rarer classes
        (:class:`~imblearn.over_sampling.RandomOverSampler`). An
        :class:`~skfusion.over_sampling.ImageOverSampler` augments the copies.

    labels : array-like of shape (n_classes,), default=None
        All classes, the positive one of two last, as in :func:`compare_models`. If
        None, the sorted labels.

    random_state : int, RandomState instance or None, default=0
        Determines folds and copies.

    verbose : int, default=0
        Whether to show a progress bar for each protocol.

    store : str or Path, default=None
        Folder in which the result of each fit is stored when it ends, as by
        :func:`compare_models`. The same call, after Ctrl-C or a crash, computes only
        what is not stored. With ``random_state=None`` it draws other folds, of which
        nothing is stored. If None, nothing is stored.

    Returns
    -------
    comparison : :class:`ProtocolComparison`
        Tables and plot of what each protocol claims.

    Raises
    ------
    ValueError
        If no groups are known, names are not distinct, `labels` are not the classes of
        y, y has a missing label or fewer than two classes, a protocol is unknown or
        cannot be applied, for example "by data set" with a single one, or a parameter
        of a model cannot be compared with those of `store`. An error of a fit is raised
        as it is.

    Warns
    -----
    DataQualityWarning
        If there are fewer than 20 groups or 5 of a class, X holds label-made pairs, a
        model reads the groups as a feature, they disagree with X, the sampler resamples
        nothing, the alphabet alone decides which class is positive, or a fold holds one
        class only.

    CacheWarning
        If `store` is damaged or cannot be written.

    See Also
    --------
    compare_models : Comparison of models under the sound protocols.
    skfusion.metrics.classification_summary : The measures and their intervals.

    Notes
    -----
    "balanced first" returns what a study with this mistake publishes: measures over
    all predicted rows of the resampled data, of which the copies are a part. Its
    prevalence is therefore that of the resampled data (0.5 with the default), and a row
    that was copied five times counts five times. This is part of the mistake. The
    interval, however, is an honest one: it resamples the original patients, each with
    all copies of all her images. An interval that takes the copies as independent would
    be narrower still.

    The intervals of the optimism are paired: each of 1000 bootstrap resamples draws the
    same patients for both protocols. They do not include the variation between draws of
    the folds, nor between training sets.

    Folds of a model are fitted at once with ``joblib.parallel_config(n_jobs=...)``. On
    one GPU do without it. Each fit uses one thread, as by default in
    :func:`compare_models`, so that the results do not depend on the number of jobs.

    AUC compares scores within a fold only. A model without scores has no AUC, which is
    NaN. Groups are passed on to ``fit`` as by :func:`compare_models` under every
    protocol, so that inner splits are the same ones.

    References
    ----------
    .. [1] S. Kaufman, S. Rosset, C. Perlich and O. Stitelman, "Leakage in Data Mining:
       Formulation, Detection, and Avoidance", ACM Transactions on Knowledge Discovery
       from Data, 6(4), 2012.

    .. [2] S. Kapoor and A. Narayanan, "Leakage and the reproducibility crisis in
       machine-learning-based science", Patterns, 4(9), 2023.

    Examples
    --------
    The labels are noise, so that nothing can be learnt. Each patient has four images,
    which resemble each other:

    >>> import numpy as np
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skfusion.model_selection import optimism
    >>> rng = np.random.default_rng(0)
    >>> patient = np.repeat(np.arange(200), 4)
    >>> y = rng.permutation(np.arange(200) < 30).astype(int)[patient]
    >>> X = rng.normal(size=(200, 20))[patient] + 0.6 * rng.normal(size=(800, 20))
    >>> optimism(KNeighborsClassifier(1), X, y, groups=patient)
    800 rows of 200 patients (groups)
    KNeighborsClassifier
                      kappa                 optimism              AUC
    unsound
      balanced first  0.98 [0.96, 0.99]     +0.95 [0.86, 1.03]    0.99 [0.98, 0.99]
      by image        0.90 [0.83, 0.94]     +0.87 [0.78, 0.96]    0.96 [0.93, 0.98]
    sound
      by patient      0.03 [-0.06, 0.12]    -                     0.51 [0.47, 0.56]
    optimism: difference of kappa from the split by patient; [95 % intervals]
    """
    estimators = _name_estimators(estimator)
    data = _check_data(X, y, groups, labels)
    warn_of_group_features(data.X, estimators)
    protocols = find_protocols(protocols, X)
    rng = check_random_state(random_state)
    seeds = rng.randint(2**31 - 1, size=n_repeats).tolist()
    tables = []
    # The protocols share their caches, which are in the store if there is one.
    with preparing(estimators) if store is None else nullcontext() as prepare:
        for protocol, repeat in product(protocols, range(n_repeats)):
            if protocol == "by data set" and repeat > 0:
                continue  # nothing is drawn
            part, rows = apply_protocol(
                protocol, data, cv=cv, sampler=sampler, seed=seeds[repeat]
            )
            if protocol == "balanced first" and repeat == 0:
                warn_of_nothing_resampled(rows, len(data.y))
            options = {"verbose": verbose, "store": store}
            results = predict_folds(estimators, part, prepare=prepare, **options)
            origin = row_table(data).iloc[rows].reset_index(drop=True)
            table = prediction_table(results, part.splits, origin)
            table["fold"] += repeat * cv
            table.insert(1, "protocol", protocol)
            tables.append(table)
    return ProtocolComparison(_by_model(tables, estimators), data.labels)


def _name_estimators(estimator):
    """List of (name, model), also of a single model."""
    if not isinstance(estimator, list | tuple):
        estimator = [(type(estimator).__name__, estimator)]
    return check_estimators(estimator, "estimator")


def _check_data(X, y, groups, labels):
    """Check the data, whose groups must be known."""
    groups = find_groups(X, groups)
    if groups is None:
        raise ValueError(
            "optimism needs the patient of each row, with whose split it compares the "
            "others. Got groups=None, and X has no column 'group'. Pass groups."
        )
    data = check_data(X, y, groups, labels, "optimism")
    warn_of_images_in_groups(data.X, data.groups)
    warn_of_few_groups(data.groups, data.y)
    return data


def _by_model(tables, estimators):
    """Concatenate the predictions, sorted by model, then by protocol."""
    table = pd.concat(tables, ignore_index=True)
    order = {name: number for number, (name, _) in enumerate(estimators)}
    return table.sort_values(
        "model", key=lambda names: names.map(order), kind="stable", ignore_index=True
    )
