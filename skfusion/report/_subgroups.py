"""Measures of patients, of breasts and of parts of the images."""

from .._validation._columns import GROUP, LATERALITY, MODALITY, is_present
from ..model_selection._tables import ALL, CROSS_VALIDATION
from ._results import estimate_cells
from ._section import Section, Table, Text

__all__ = ["subgroups_section"]

_MEASURES = ["kappa", "AUC", "sensitivity", "specificity", "prevalence"]
_ALL_PARTS = {"sort": False, "observed": True, "dropna": False}
_MULTICLASS = ["kappa", "accuracy", "balanced accuracy"]


def subgroups_section(study):
    """Return the section of levels and subgroups, or None if there are none.

    Parameters
    ----------
    study : Study

    Returns
    -------
    section : Section or None
    """
    summary = study.comparison.summary
    tables = []
    for level in _find_levels(study):
        table = _without_lone_modalities(summary(level))
        tables.append(_table(study, table, f"Each {level} counted once", MODALITY))
    for by in [*_find_parts(study), *study.subgroups]:
        table = summary(by=by)
        # A Series has its own name, and an array none: the parts stand before this.
        column = table.columns[table.columns.get_loc("measure") - 1]
        caption = "By the parts of an array" if column == "by" else f"By {column}"
        tables.append(_table(study, table, caption, column))
    if not tables:
        return None
    text = Text(
        "Small parts have wide intervals. Differences between parts were not tested."
    )
    return Section("subgroups", "Subgroups", [text, *tables])


def _find_levels(study):
    """Levels that every data set has the columns for."""
    comparison = study.comparison
    is_ordered = len(comparison.labels) == 2 or comparison._is_ordered
    tables = comparison._tables().values()
    levels = {"breast": [GROUP, LATERALITY], "patient": [GROUP]}
    return [
        level
        for level, columns in levels.items()
        if is_ordered
        and all(c in t and is_present(t[c]).all() for c in columns for t in tables)
    ]


def _find_parts(study):
    """Columns with several values, except modalities, which the results have."""
    rows = study.rows
    return [
        name
        for name in study.parts_of(rows)
        if name != MODALITY and rows[name].nunique() > 1
    ]


def _table(study, summary, caption, column):
    """Tabulate a summary whose parts are the values of a column."""
    is_binary = len(study.comparison.labels) == 2
    measures = _MEASURES if is_binary else _MULTICLASS
    rows = []
    for (data, part), table in summary.groupby(["data", column], **_ALL_PARTS):
        name = study.show(part)
        name = name if data == CROSS_VALIDATION else f"{data}: {name}"
        for model, values in table.groupby("model", sort=False):
            values = values.set_index("measure")
            cells = values.loc[measures, ["estimate", "lower", "upper"]].to_numpy()
            counts = [f"{n:,}" for n in values[["n", "n_groups"]].iloc[0]]
            rows.append([name, model, *counts, *estimate_cells(cells)])
    head = [column, "model", "predictions", "groups", *measures]
    return Table(caption, head, rows, n_names=2)


def _without_lone_modalities(summary):
    """Leave out the modality of a data set that has only one."""
    n_parts = summary.groupby("data")[MODALITY].transform("nunique")
    return summary[(summary[MODALITY] == ALL) | (n_parts > 2)]
