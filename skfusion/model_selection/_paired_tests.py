"""Tests of every pair of models of a comparison."""

from itertools import combinations

import numpy as np
import pandas as pd

from ..exceptions import DataQualityWarning, warn_user
from ..metrics import corrected_resampled_ttest
from ..metrics._delong import compare_areas
from ..metrics._measures import BINARY_MEASURES, MULTICLASS_MEASURES
from ..metrics._paired import holm, paired_differences, warn_of_few_groups
from ._plot._select import check_choice, select_predictions
from ._printed_table import PrintedTable
from ._tables import ALL, CROSS_VALIDATION, check_part, measure_folds

__all__ = ["METHODS", "paired_tests"]

_RESULTS = ["difference", "lower", "upper", "p"]
_ROW = ["fold", "row"]


def paired_tests(comparison, measure, method, data=CROSS_VALIDATION, modality=ALL):
    """Test the difference of every pair of models on the rows that both predicted.

    Parameters
    ----------
    comparison : ModelComparison

    measure : str
        Measure of :func:`~skfusion.metrics.classification_summary`.

    method : {"bootstrap", "t_test", "delong"}

    data : str, default="cross-validation"
        "cross-validation", or the name of an external data set.

    modality : str, default="all"
        "all", or one modality.

    Returns
    -------
    tests : DataFrame
        One row for each pair of models.

    Raises
    ------
    ValueError
        If there is one model only, the method does not test the measure or the data,
        or the data set or the modality is unknown.

    Warns
    -----
    DataQualityWarning
        If two models did not predict the same rows, or there are few groups or folds.
    """
    tables = select_predictions(comparison, data=data, modality=modality)
    tables = {name: table for name, table in tables.items() if len(table)}
    _check_names(list(tables))
    check_choice("method", method, sorted(METHODS))
    _check_measure(measure, method, comparison.labels)
    _check_folds(data, method)
    pairs = {
        (model, reference): _common_rows(tables[model], tables[reference])
        for reference, model in combinations(tables, 2)
    }
    fewest = min(pairs.values(), key=lambda pair: pair[-1].nunique())
    if method != "t_test" and len(fewest[-1]):
        warn_of_few_groups(fewest[-1], fewest[0]["y_true"])
    tests = pd.DataFrame(
        {
            "model": model,
            "reference": reference,
            "measure": measure,
            **_test(both, comparison, measure, method),
            "n_groups": groups.nunique(),
        }
        for (model, reference), (*both, groups) in pairs.items()
    )
    tests.insert(tests.columns.get_loc("p") + 1, "p_holm", holm(tests["p"]))
    return PrintedTable(tests)


def _check_names(names):
    if len(names) < 2:
        raise ValueError(
            f"Expected predictions of two models or more. Got {names!r}: a test "
            "compares a model with another one. Pass a baseline to compare_models, "
            "too, such as DummyClassifier."
        )


def _check_measure(measure, method, labels):
    known = BINARY_MEASURES if len(labels) == 2 else MULTICLASS_MEASURES
    # The prevalence is that of the data, and the same for all models.
    known = sorted(set(known) - {"prevalence"})
    if measure not in known:
        raise ValueError(
            f"Expected measure to be one of {known!r} for {len(labels)} classes. Got "
            f"{measure!r}."
        )
    if method == "delong" and measure != "AUC":
        raise ValueError(
            f"Expected measure='AUC' for method='delong'. Got {measure!r}: use "
            "method='bootstrap', which tests every measure."
        )


def _check_folds(data, method):
    if method == "t_test" and data != CROSS_VALIDATION:
        raise ValueError(
            f"Expected data={CROSS_VALIDATION!r} for method='t_test', which compares "
            f"folds. Got {data!r}, an external data set without folds: use "
            "method='bootstrap'."
        )


def _common_rows(table, reference):
    """Rows of both tables that are in both, in one order, and their groups."""
    tables = [each.set_index(_ROW) for each in (table, reference)]
    common = tables[0].index.intersection(tables[1].index, sort=True)
    n_rows = len(tables[0].index.union(tables[1].index))
    if len(common) < n_rows:
        names = [each["model"].iloc[0] for each in tables]
        warn_user(
            f"The test of {names[0]!r} and {names[1]!r} uses the {len(common)} of "
            f"{n_rows} predictions that both models have. A model may have failed in a "
            "fold.",
            DataQualityWarning,
        )
    both = [each.loc[common].reset_index() for each in tables]
    groups = both[0]["group"] if "group" in both[0] else both[0]["row"]
    return *both, groups


def _test(both, comparison, measure, method):
    """Difference, interval and p-value of one pair of models; NaN without any rows."""
    nothing = dict.fromkeys(_RESULTS, np.nan)
    if both[0].empty:
        return nothing
    found = METHODS[method](both, comparison, measure)
    return nothing if found is None else {name: found[name] for name in _RESULTS}


def _bootstrap(both, comparison, measure):
    checked = (check_part(each, comparison.labels)[0] for each in both)
    return paired_differences(*checked).loc[measure]


def _delong(both, comparison, measure):
    checked = [check_part(each, comparison.labels)[0] for each in both]
    if any(each.score is None for each in checked):
        return None
    return compare_areas(*checked)


def _t_test(both, comparison, measure):
    """Test the scores of the folds that define the measure for both models."""
    scores = pd.concat(
        [measure_folds(each, comparison.labels, measure) for each in both], axis=1
    )
    folds = scores.dropna().index
    if len(folds) < len(scores):
        warn_user(
            f"{len(scores) - len(folds)} of {len(scores)} folds do not define the "
            f"{measure} of both models: the test leaves them out.",
            DataQualityWarning,
        )
    if len(folds) < 2:
        return None
    sizes = np.mean([[*map(len, comparison.splits[fold])] for fold in folds], axis=0)
    return corrected_resampled_ttest(
        *scores.loc[folds].to_numpy().T, n_train=sizes[0], n_test=sizes[1]
    )


#: Tests by the name of the method.
METHODS = {"bootstrap": _bootstrap, "t_test": _t_test, "delong": _delong}
