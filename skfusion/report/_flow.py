"""How many patients and images came into the study, and how many left it."""

import numpy as np

from .._validation._columns import GROUP, MODALITY
from ..model_selection._comparison_blocks import describe_folds
from ..model_selection._tables import ALL
from ._section import Flow, Section, Step, Table, Text
from ._study import count_classes, describe_rows, name_classes

__all__ = ["flow_section"]


def flow_section(study):
    """Return the section of the flow of the data.

    Parameters
    ----------
    study : Study

    Returns
    -------
    section : Section
    """
    steps = [*_steps_before(study), *_steps_of_folds(study), *_steps_after(study)]
    tables = [_count_parts(study, "the study", study.rows)]
    tables += [_count_parts(study, *pair) for pair in study.externals.items()]
    parts = [Flow(steps), *(table for table in tables if table)]
    if not study.excluded:
        parts.insert(
            1,
            Text(
                "A comparison does not know which images its author left out before. "
                "No exclusions were passed for this page."
            ),
        )
    return Section("flow", "Flow of the data", parts)


def _steps_before(study):
    if not study.excluded:
        return []
    n_images = len(study.rows) + sum(study.excluded.values())
    left_out = [f"{n:,} images: {study.hide(why)}" for why, n in study.excluded.items()]
    return [Step("Before the study", [f"{n_images:,} images"], left_out)]


def _steps_of_folds(study):
    comparison = study.comparison
    tested = np.unique(np.concatenate([test for _, test in comparison.splits]))
    rows = study.rows
    is_tested = rows["row"].isin(tested)
    n_others = comparison._n_samples - len(tested)
    left_out = [f"{n_others:,} images: in no test fold"] if n_others else []
    yield Step("The study", describe_rows(rows, comparison.labels), left_out)
    lines = describe_rows(rows[is_tested], comparison.labels)
    title = f"Predicted in {describe_folds(comparison)}"
    yield Step(title, lines, list(_describe_failures(comparison)))


def _describe_failures(comparison):
    """Yield a line for each model that failed in a fold."""
    folds = comparison.folds[comparison.folds[MODALITY] == ALL]
    for model, part in folds.groupby("model", sort=False):
        failed = part[part["fit_time"].isna()]
        if len(failed):
            yield (
                f"{failed['n'].sum():,} predictions of {model}: "
                f"{len(failed)} of {len(part)} fits failed"
            )


def _steps_after(study):
    labels = study.comparison.labels
    for name, rows in study.externals.items():
        lines = describe_rows(rows, labels)
        predicted = study.comparison.externals[name]["model"].unique()
        failed = [model for model in study.models if model not in predicted]
        left_out = [f"No predictions of {', '.join(failed)}: it failed"]
        yield Step(
            f"External data set: {name}",
            [*lines, "models fitted on all images of the study"],
            left_out if failed else [],
            is_apart=True,
        )


def _count_parts(study, name, rows):
    """Tabulate the images, groups and classes of each data set, modality and view."""
    columns = study.parts_of(rows)
    labels = study.comparison.labels
    cells = []
    for column in columns:
        for value, part in rows.groupby(column, sort=True, observed=True):
            n_groups = f"{part[GROUP].nunique():,}" if GROUP in part else "-"
            counts = [f"{n:,}" for n in count_classes(part, labels)]
            title = f"{column}: {study.show(value)}"
            cells.append([title, f"{len(part):,}", n_groups, *counts])
        if n_missing := int(rows[column].isna().sum()):
            unknown = ["-"] * (1 + len(labels))
            cells.append([f"{column}: not known", f"{n_missing:,}", *unknown])
    if not cells:
        return None
    head = ["part", "images", "groups", *name_classes(labels)]
    return Table(f"Images of {name}, by the columns of X", head, cells)
