"""Who is in which fold."""

import numpy as np

from .._validation._columns import GROUP
from ..model_selection._comparison_blocks import describe_folds
from ..model_selection._plot._select import class_name
from ._section import Section, Table, Text
from ._study import count_classes

__all__ = ["splits_section"]


def splits_section(study):
    """Return the section of the folds.

    Parameters
    ----------
    study : Study

    Returns
    -------
    section : Section
    """
    comparison = study.comparison
    counts = ["images", "groups", *map(class_name, comparison.labels.tolist())]
    head = ["fold", *(f"train: {name}" for name in counts)]
    head += [*(f"predict: {name}" for name in counts), "groups on both sides"]
    rows = study.rows.set_index("row")
    cells = [
        [str(fold), *_count_fold(rows, *split, comparison.labels)]
        for fold, split in enumerate(comparison.splits)
    ]
    text = Text(
        f"All models have the same {describe_folds(comparison)}. A model of a fold "
        "learns from the images to train only, and predicts the others."
    )
    table = Table("Images, groups and classes of each fold", head, cells)
    return Section("splits", "Splits", [text, table])


def _count_fold(rows, train, test, labels):
    # A pickle knows only the rows that were predicted.
    sides = [rows.loc[rows.index.intersection(side)] for side in (train, test)]
    cells = []
    for side in sides:
        n_groups = f"{side[GROUP].nunique():,}" if GROUP in side else "-"
        counts = [f"{n:,}" for n in count_classes(side, labels)]
        cells += [f"{len(side):,}", n_groups, *counts]
    if GROUP not in rows:
        return [*cells, "-"]
    return [*cells, str(len(np.intersect1d(*(side[GROUP] for side in sides))))]
