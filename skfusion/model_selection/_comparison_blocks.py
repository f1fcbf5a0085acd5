"""What the printed tables of a comparison show, apart from their form."""

from dataclasses import dataclass

import numpy as np

from .._validation._columns import DATASET, GROUP, MODALITY
from ._tables import ALL, CROSS_VALIDATION

__all__ = [
    "Block",
    "caption_of",
    "describe_fit_time",
    "describe_folds",
    "find_blocks",
    "format_interval",
    "format_number",
]

_BINARY = ("kappa", "AUC", "accuracy", "sensitivity", "specificity")
_MULTICLASS = ("kappa", "accuracy", "balanced accuracy")


@dataclass(frozen=True)
class Block:
    """Measures of every model for some images.

    Attributes
    ----------
    title : str
        What the images are, and how many.

    measures : tuple of str
        Names of the columns.

    rows : list of (str, str, dict)
        For each model its name, a note on its fits, and the estimate and both bounds
        of each measure.
    """

    title: str
    measures: tuple
    rows: list


def caption_of(comparison):
    """Return one line on models and folds.

    Parameters
    ----------
    comparison : ModelComparison

    Returns
    -------
    caption : str
    """
    n_models = comparison.folds["model"].nunique()
    models = f"{n_models} model{'s' * (n_models != 1)}"
    return f"Comparison of {models} on {describe_folds(comparison)}"


def describe_fit_time(comparison):
    """Return what the time of a model is.

    Parameters
    ----------
    comparison : ModelComparison

    Returns
    -------
    text : str
    """
    n_threads = int(comparison.folds["threads"].iloc[0])
    threads = f"{n_threads} thread{'s' * (n_threads > 1)}"
    return f"the mean time to fit it to a fold with {threads}"


def describe_folds(comparison):
    """Return the number of folds, and of repetitions if every row has as many.

    Parameters
    ----------
    comparison : ModelComparison

    Returns
    -------
    text : str
        Such as "2 x 3 folds".
    """
    n_folds = len(comparison.splits)
    tested = np.concatenate([test for _, test in comparison.splits])
    counts = np.bincount(tested, minlength=comparison._n_samples)
    n_repeats = int(counts[0])
    if n_repeats > 1 and (counts == n_repeats).all() and n_folds % n_repeats == 0:
        return f"{n_repeats} x {n_folds // n_repeats} folds"
    folds = f"{n_folds} fold{'s' * (n_folds != 1)}"
    names = _data_sets_left_out(comparison.predictions)
    if len(names) != n_folds:  # the folds are others, or no model predicts one of them
        return folds
    return f"{folds}, each a data set ({', '.join(names)})"


def _data_sets_left_out(predictions):
    """Return the data set of each fold, or nothing if they are not one to one."""
    if DATASET not in predictions:
        return []
    pairs = predictions[["fold", DATASET]].drop_duplicates().sort_values("fold")
    is_own = pairs["fold"].is_unique and pairs[DATASET].is_unique and len(pairs) > 1
    return pairs[DATASET].astype(str).tolist() if is_own else []


def find_blocks(comparison, measures=None, summary=None):
    """Return a block for all images and each of several modalities of each data set.

    Parameters
    ----------
    comparison : ModelComparison

    measures : tuple of str, default=None
        Names of the measures. If None, those that a terminal has room for.

    summary : DataFrame, default=None
        Such as that at an operating point. If None, that of the comparison.

    Returns
    -------
    blocks : list of Block
    """
    if measures is None:
        measures = _BINARY if len(comparison.labels) == 2 else _MULTICLASS
    if summary is None:
        summary = comparison.summary
    blocks = []
    for data, predictions in comparison._tables().items():
        of_data = summary[summary["data"] == data]
        modalities = of_data[MODALITY].unique().tolist()
        for modality in modalities if len(modalities) > 2 else modalities[:1]:
            part = of_data[of_data[MODALITY] == modality]
            is_all = modality == ALL
            rows = predictions
            if not is_all:
                rows = predictions[predictions[MODALITY] == modality]
            title = _title(comparison, data, modality, rows)
            notes = _notes(comparison, data) if is_all else {}
            blocks.append(_block(comparison, title, part, measures, notes))
    return blocks


def _block(comparison, title, part, measures, notes):
    bounds = ["estimate", "lower", "upper"]
    table = part.set_index(["model", "measure"])[bounds]
    models = comparison.folds["model"].unique().tolist()
    rows = []
    for model in models:
        values = {
            measure: table.loc[(model, measure)].tolist()
            if (model, measure) in table.index
            else [np.nan] * 3
            for measure in measures
        }
        rows.append((model, notes.get(model, ""), values))
    return Block(title, measures, rows)


def _title(comparison, data, modality, rows):
    rows = rows.drop_duplicates("row")
    names = [name for name in (data, modality) if name not in (CROSS_VALIDATION, ALL)]
    n_groups = f" of {rows[GROUP].nunique()} groups" if GROUP in rows else ""
    parts = [f"{len(rows)} images{n_groups}"]
    classes = comparison.labels.tolist()
    shares = [(rows["y_true"] == label).mean() for label in classes]
    if len(classes) == 2:
        parts.append(f"prevalence {shares[1]:.2f} (class {classes[1]})")
    else:
        pairs = zip(classes, shares, strict=True)
        parts += [f"{share:.0%} {label}" for label, share in pairs]
    return ": ".join([*map(str, names), ", ".join(parts)])


def _notes(comparison, data):
    """Mean time of the fits of each model, and how many of them failed."""
    if data != CROSS_VALIDATION:
        return {}
    folds = comparison.folds[comparison.folds[MODALITY] == ALL]
    notes = {}
    for model, part in folds.groupby("model"):
        times = part["fit_time"].dropna()
        n_failed = len(part) - len(times)
        note = f"fit {_format_seconds(times.mean())}" if len(times) else ""
        failed = f"{n_failed} of {len(part)} folds failed" if n_failed else ""
        notes[model] = ", ".join(filter(None, [note, failed]))
    return notes


def _format_seconds(seconds):
    for limit, factor, unit in ((1, 1000, "ms"), (100, 1, "s"), (6000, 1 / 60, "min")):
        if seconds < limit:
            value = factor * seconds
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{seconds / 3600:.1f} h"


def format_number(value, sign=""):
    """Format an estimate, a gain with the sign "+"; "-" if it is not defined."""
    # Added to 0, so that no zero is shown as -0.00.
    return "-" if np.isnan(value) else f"{round(value, 2) + 0.0:{sign}.2f}"


def format_interval(lower, upper):
    """Format both bounds; empty if the interval is not defined."""
    if np.isnan(lower) or np.isnan(upper):
        return ""
    return f"{format_number(lower)}, {format_number(upper)}"
