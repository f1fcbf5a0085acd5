"""What a model file states about its model, as JSON can hold it."""

import platform
from importlib.metadata import version
from numbers import Real

import numpy as np

import skfusion

from .._validation._columns import DATASET, GROUP, MODALITY
from ..model_selection._comparison_blocks import describe_folds
from ..model_selection._data_digest import data_digest
from ._walk import estimators_in

__all__ = ["about_model", "preprocessing_of"]

_PACKAGES = (
    "skops",
    "scikit-learn",
    "imbalanced-learn",
    "skorch",
    "torch",
    "torchvision",
    "numpy",
)
# How an image becomes what a network takes.
_PREPROCESSING = (
    "image_size",
    "resize",
    "region",
    "margin",
    "dtype",
    "backbone",
    "branch",
    "weights",
    "layer",
    "pooling",
)
_THRESHOLDS = ("threshold_", "best_threshold_", "threshold")


def about_model(copy, comparison, estimator):
    """Return what a model file states about its model.

    Parameters
    ----------
    copy : estimator
        The estimator without paths.

    comparison : ModelComparison or None

    estimator : estimator
        The estimator that is saved.

    Returns
    -------
    about : dict
    """
    names = [] if comparison is None else _names(comparison, estimator)
    return {
        "skfusion": skfusion.__version__,
        "versions": _versions(copy),
        "estimator": type(copy).__name__,
        "parameters": copy.__repr__(N_CHAR_MAX=4000),
        "classes": np.asarray(getattr(copy, "classes_", [])).tolist(),
        "threshold": _threshold(copy),
        "preprocessing": preprocessing_of(copy),
        "data": None if comparison is None else _data(comparison),
        "split": None if comparison is None else describe_folds(comparison),
        "groups_cross": None if comparison is None else _groups_cross(comparison),
        "in_comparison": _is_in(comparison, names),
        "results": [] if comparison is None else _results(comparison, names),
    }


def _versions(copy):
    found = {name: version(name) for name in _PACKAGES}
    names = [step["backbone"] for step in preprocessing_of(copy) if "backbone" in step]
    if any(name.startswith("timm/") for name in names):
        found["timm"] = version("timm")
    return {"python": platform.python_version(), **found}


def _threshold(copy):
    """Return the operating point of the outermost estimator that has one, or None."""
    for each, _ in estimators_in(copy):
        for name in _THRESHOLDS:
            value = getattr(each, name, None)
            if isinstance(value, Real) and hasattr(each, "classes_"):
                return float(value)
    return None


def preprocessing_of(estimator):
    """Return the parameters by which images are read, of every estimator that does it.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    steps : list of dict
        Each of them once.
    """
    found = []
    for each, params in estimators_in(estimator):
        if "image_size" in params:
            step = {name: params[name] for name in _PREPROCESSING if name in params}
            if hasattr(each, "_size"):  # of fit, where the parameter is None
                step["image_size"] = each._size
            step = {"estimator": type(each).__name__, **step}
            if step not in found:
                found.append(step)
    return found


def _data(comparison):
    """Return the digest of the data of a study, and how many images there are."""
    rows = comparison.predictions.drop_duplicates("row")
    data = comparison._data
    parts = {"all": rows}
    if MODALITY in rows:
        parts |= {str(name): part for name, part in rows.groupby(MODALITY)}
    return {
        "digest": None if data is None else data_digest(data).hex(),
        "classes": comparison.labels.tolist(),
        "datasets": sorted(map(str, rows[DATASET].unique())) if DATASET in rows else [],
        "counts": {
            name: _counts(part, comparison.labels) for name, part in parts.items()
        },
    }


def _groups_cross(comparison):
    """Return whether a group is on both sides of a fold; None if groups are unknown."""
    rows = comparison.predictions.drop_duplicates("row").set_index("row")
    if GROUP not in rows:
        return None
    groups = rows[GROUP]
    return any(
        bool({*groups.reindex(train).dropna()} & {*groups.reindex(test).dropna()})
        for train, test in comparison.splits
    )


def _counts(rows, labels):
    counts = {"images": len(rows)}
    if GROUP in rows:
        counts["groups"] = int(rows[GROUP].nunique())
    n_each = [int((rows["y_true"] == label).sum()) for label in labels]
    counts["by_class"] = n_each
    if len(labels) == 2:
        counts["prevalence"] = n_each[1] / len(rows)
    return counts


def _results(comparison, names):
    """Return the measures of some models of a study, or of all of its models."""
    summary = comparison.summary
    if names:
        summary = summary[summary["model"].isin(names)]
    columns = ["model", "data", MODALITY, "measure", "estimate", "lower", "upper"]
    table = summary[[*columns, *{"n", "n_groups"} & {*summary.columns}]]
    return [
        {k: None if v != v else v for k, v in row.items()}
        for row in table.to_dict("records")
    ]


def _is_in(comparison, names):
    """Return whether a study has the model; None if its models are not known."""
    return bool(names) if names or getattr(comparison, "_estimators", None) else None


def _names(comparison, estimator):
    """Return the names under which a study has a model."""
    refitted = getattr(comparison, "_refitted", {})
    names = [name for name, each in refitted.items() if each is estimator]
    if names:
        return names
    text = estimator.__repr__(N_CHAR_MAX=10**6)
    models = getattr(comparison, "_estimators", {}).items()
    return [n for n, each in models if each.__repr__(N_CHAR_MAX=10**6) == text]
