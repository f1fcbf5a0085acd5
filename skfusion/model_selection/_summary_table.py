"""The summary of a comparison: a table, and a call for other levels and parts."""

from functools import partial

import pandas as pd

from ._levels_table import find_combine, tables_with
from ._operating_points import at_operating_point
from ._printed_table import PrintedTable
from ._tables import summary_table

__all__ = ["SummaryTable", "add_summary"]


class SummaryTable(PrintedTable):
    """Summary of a comparison, which can be called for another level or other parts.

    It is a DataFrame. What is made of it, such as some of its rows, a copy or a pickle,
    is a plain DataFrame. It is printed with three decimals and short names; where 80
    characters are too few, the columns ``n_groups`` and ``n`` are left out, and
    ``data`` and ``modality`` if they are constant.

    Parameters
    ----------
    table : DataFrame
        One row for each model, part and measure.

    comparison : ModelComparison, default=None
        Where the summary comes from.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklearn.dummy import DummyClassifier
    >>> from skfusion.model_selection import compare_models
    >>> X = pd.DataFrame({"group": np.arange(24) // 2, "laterality": ["L", "R"] * 12})
    >>> study = compare_models([("prior", DummyClassifier())], X, X.index // 12, cv=2)
    >>> study.summary("patient").query("measure == 'kappa'")["n"].tolist()
    [12]
    >>> study.summary(by="laterality")["laterality"].unique().tolist()
    ['L', 'R']
    """

    _metadata = ["_comparison"]
    _less_needed = ("n_groups", "n")
    _identify = ("data", "modality")
    _longest = 25

    def __init__(self, table, comparison=None):
        super().__init__(table)
        self._comparison = comparison

    def __call__(self, level="image", by=None, *, at=None):
        """Summarise images, breasts or patients, any parts of them, at any threshold.

        Parameters
        ----------
        level : {"image", "breast", "patient"}, default="image"
            What is counted. A patient is a group, a breast is a group and a laterality.
            Within a fold, the true class of a breast is the worst class of its images,
            the last one in ``labels``, its predicted class the worst predicted one, and
            its score the mean score, as in
            :func:`~skfusion.metrics.make_level_scorer`.

        by : str, Series or array-like of shape (n_samples,), default=None
            A part is made of each value: a column, such as "modality", "dataset",
            "view" or "laterality" or another column of X, or one value for each row of
            X, such as an age band. If None, the parts are all images, and those of each
            modality. An external data set without this column is left out, and so is
            each of them if `by` holds the values.

        at : str, default=None
            Operating point, such as "specificity=0.9" or "sensitivity=0.95", which is
            reached at least. The threshold of each fold is learnt in five inner folds
            of its training part alone (fewer if it has fewer groups), which no group
            crosses; that of an external data set from the cross-validation. This takes
            five more fits for each fold and model, once for all targets; they use
            `store` and `n_jobs` of :func:`compare_models`. Each breast or patient then
            has the class of its score, and the target is one of them. If None, classes
            are those of ``predict``.

        Returns
        -------
        summary : SummaryTable
            The columns of ``summary``, with `by` (or the name of the Series; "by"
            without a name) in place of ``modality``. A measure that is not defined in a
            part, such as the AUC of one class, is NaN.

        Raises
        ------
        ValueError
            If groups or lateralities are not known, `by` is no column or has another
            length, or the order of more than two classes is not known. Also if `by`
            holds paths, texts of which most belong to one group alone or more than 50
            differ, or other values each of which belongs to one group alone, because
            the table would show patients or images.
        """
        comparison = self._comparison
        tables, column = tables_with(comparison, comparison._tables(), by)
        combine = find_combine(comparison, tables, level)
        table = _summarise(tables, comparison, column, combine, at)
        return SummaryTable(table, comparison)


def add_summary(comparison, data, table):
    """Summarise the predictions of one more data set.

    Parameters
    ----------
    comparison : ModelComparison
        With ``summary``, unless this is its first data set.

    data : str
        Name of the data set.

    table : DataFrame
        Predictions of every model.

    Returns
    -------
    summary : SummaryTable
        The rows of the comparison's summary, and those of the data set.
    """
    added = summary_table(table, comparison.labels, data=data)
    known = getattr(comparison, "summary", None)
    if known is not None:
        added = pd.concat([known, added], ignore_index=True)
    return SummaryTable(added, comparison)


def _summarise(tables, comparison, by, combine, at):
    predict = None if at is None else at_operating_point(comparison, at, combine)
    summaries = [
        summary_table(
            table,
            comparison.labels,
            data=data,
            by=by,
            combine=combine if predict is None else partial(predict, data=data),
        )
        for data, table in tables.items()
    ]
    return pd.concat(summaries, ignore_index=True)
