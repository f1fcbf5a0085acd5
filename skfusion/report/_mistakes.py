"""The mistakes of each model: counted always, shown only if images are wanted."""

import numpy as np

from ..model_selection._error_sheet import worst_mistakes
from ..model_selection._tables import CROSS_VALIDATION
from ._figures import draw_photo
from ._section import Section, Table, Text
from ._study import name_classes

__all__ = ["MOST_MISTAKES", "mistakes_section"]

#: Greatest number of mistakes of a model that are listed and shown.
MOST_MISTAKES = 12


def mistakes_section(study):
    """Return the section of the mistakes.

    Parameters
    ----------
    study : Study

    Returns
    -------
    section : Section
    """
    parts = [_count_table(study, data) for data in study.data_sets]
    parts.append(_describe_shared(study))
    for model in study.predictions_of(CROSS_VALIDATION)["model"].unique():
        parts += _worst(study, model)
    return Section("mistakes", "Mistakes", parts)


def _count_table(study, data):
    labels = study.comparison.labels
    table = study.predictions_of(data)
    rows = []
    for model, part in table.groupby("model", sort=False):
        counts = [
            f"{int(((part['y_true'] == true) & (part['y_pred'] != true)).sum()):,} of "
            f"{int((part['y_true'] == true).sum()):,}"
            for true in labels
        ]
        rows.append([model, *counts])
    head = ["model", *(f"{name}, predicted otherwise" for name in name_classes(labels))]
    return Table(f"Wrong predictions, {data}", head, rows)


def _describe_shared(study):
    table = study.predictions_of(CROSS_VALIDATION)
    is_wrong = table["y_true"] != table["y_pred"]
    by_row = is_wrong.groupby(table["row"]).all()
    return Text(
        f"{int(by_row.sum()):,} of {len(by_row):,} images are predicted wrongly by "
        "every model and in every repetition: their labels are worth a look."
    )


def _worst(study, model):
    """Table of the most confident mistakes of a model, and their images."""
    comparison = study.comparison
    table = comparison.predictions[comparison.predictions["model"] == model]
    threshold = 0.5 if comparison._has_probabilities[model] else 0
    worst = worst_mistakes(table, comparison.labels, MOST_MISTAKES, threshold)
    if worst.empty:
        return []
    known = study.parts_of(study.rows)
    rows = [
        [
            str(each["row"]),
            str(each["fold"]),
            str(each["y_true"]),
            str(each["y_pred"]),
            "-" if np.isnan(each["y_score"]) else f"{each['y_score']:.2f}",
            *(study.show(each[name]) for name in known),
        ]
        for each in worst.to_dict("records")
    ]
    head = ["row of X", "fold", "true", "predicted", "score", *known]
    caption = f"{model}: the most confident mistakes"
    parts = [Table(caption, head, rows, None, is_folded=True)]
    if study.images:
        parts.append(
            draw_photo(
                f"{model}: images of the most confident mistakes",
                lambda: comparison.errors(model, n=MOST_MISTAKES),
            )
        )
    return parts
