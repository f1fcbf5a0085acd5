"""The study that a page describes, and the texts that it must not show."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import pandas as pd

from .._validation._columns import DATASET, GROUP, LATERALITY, MODALITY
from ..model_selection._plot._select import class_name
from ..model_selection._private_texts import find_private_texts, hide_texts, identifies
from ..model_selection._tables import CROSS_VALIDATION, row_table

__all__ = ["PARTS", "Study", "count_classes", "describe_rows", "name_classes"]

#: Columns of X by which the rows are counted, where X has them.
PARTS = (DATASET, MODALITY, "view", LATERALITY)

_MOST_PARTS = 20


@dataclass(frozen=True)
class Study:
    """A comparison, and what its author adds.

    Attributes
    ----------
    comparison : ModelComparison

    images : bool
        Whether images of patients are shown.

    audit : DatasetAudit or None

    excluded : dict of str to int
        Number of images that were left out before the study, by the reason.

    subgroups : list of str or Series
        Parts of the rows, as of ``comparison.summary(by=...)``.

    saliency : callable or None
        Function of a model and X, whose maps are drawn over the mistakes.

    at : str or None
        Operating point, as of ``comparison.summary(at=...)``.
    """

    comparison: Any
    images: bool
    audit: Any
    excluded: dict
    subgroups: list
    saliency: Any
    at: str | None

    @cached_property
    def models(self):
        """Names of all models, also of one that failed everywhere."""
        return self.comparison.folds["model"].unique().tolist()

    @cached_property
    def rows(self):
        """What is known of each row of X, without its path and its patient."""
        if self.comparison._data is not None:
            return row_table(self.comparison._data)
        table = self.comparison.predictions.drop_duplicates("row").sort_values("row")
        return table.drop(columns=["model", "fold", "y_pred", "y_score"])

    @cached_property
    def externals(self):
        """The same of the rows of each external data set."""
        return {
            name: table.drop_duplicates("row")
            for name, table in self.comparison.externals.items()
        }

    def parts_of(self, rows):
        """Return the columns of `rows` that split them, and name no patient."""
        groups = rows[GROUP if GROUP in rows else "row"]
        return [
            name
            for name in PARTS
            if name in rows
            and 1 <= rows[name].nunique() <= _MOST_PARTS
            and not identifies(rows[name], groups)
        ]

    def hide(self, text):
        """Replace paths and patients of X in a text by marks."""
        return hide_texts(str(text), self._private)

    def show(self, value):
        """Return a value of a part without groups; names of folders stay.

        The folder of a data set often has its name.
        """
        text = "not known" if pd.isna(value) else str(value)
        if _is_place(text):
            return "<path>"
        if "/" in text or "\\" in text:
            return self.hide(text)
        groups = {name: m for name, m in self._private.items() if m == "<group>"}
        return hide_texts(text, groups)

    @cached_property
    def _private(self):
        known = [self.comparison._data, *self.comparison._external_data.values()]
        data = [(each.X, each.groups) for each in known if each is not None]
        return find_private_texts(*data)

    def predictions_of(self, data):
        """Return the predictions of the cross-validation or of an external set."""
        return self.comparison._tables()[data]

    def scored_models(self, data):
        """Return the models that have a score for every prediction of a data set."""
        tables = self.predictions_of(data).groupby("model", sort=False)["y_score"]
        return [name for name, scores in tables if scores.notna().all()]

    @property
    def data_sets(self):
        """Names of the predicted data sets, the cross-validation first."""
        return [CROSS_VALIDATION, *self.comparison.externals]


def _is_place(text):
    """Return whether a text is the path of a place of the machine."""
    is_absolute = PurePosixPath(text).is_absolute() or PureWindowsPath(text).drive
    return bool(is_absolute) or text.startswith("~")


def describe_rows(rows, labels):
    """Count the images, groups and classes of some rows.

    Parameters
    ----------
    rows : DataFrame
        With ``y_true``, and ``group`` if it is known.

    labels : ndarray of shape (n_classes,)

    Returns
    -------
    lines : list of str
    """
    lines = [f"{len(rows):,} images"]
    if GROUP in rows:
        lines.append(f"{rows[GROUP].nunique():,} groups, usually patients")
    counts = zip(name_classes(labels), count_classes(rows, labels), strict=True)
    return [*lines, *(f"{name}: {n:,}" for name, n in counts)]


def name_classes(labels):
    """Return the names of the classes, and which of two is positive.

    Parameters
    ----------
    labels : ndarray of shape (n_classes,)

    Returns
    -------
    names : list of str
    """
    names = [class_name(label) for label in labels.tolist()]
    return names if len(names) != 2 else [names[0], f"{names[1]} (positive)"]


def count_classes(rows, labels):
    """Count the rows of each class.

    Parameters
    ----------
    rows : DataFrame
        With ``y_true``.

    labels : ndarray of shape (n_classes,)

    Returns
    -------
    counts : list of int
    """
    return [int((rows["y_true"] == label).sum()) for label in labels]
