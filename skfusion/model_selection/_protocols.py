"""Protocols of a study, sound and unsound: which rows are predicted, by which folds."""

from dataclasses import replace

import numpy as np
import pandas as pd
from imblearn.over_sampling import RandomOverSampler
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from .._validation._columns import DATASET
from .._validation._private import _safe_indexing
from ..exceptions import DataQualityWarning, warn_user
from ._splits import check_splits, split_by_data_set

__all__ = [
    "PROTOCOLS",
    "REFERENCE",
    "apply_protocol",
    "find_protocols",
    "warn_of_nothing_resampled",
]

# Whether each protocol is sound, in the order of tables and plots.
PROTOCOLS = {
    "balanced first": False,
    "by image": False,
    "by patient": True,
    "by data set": True,
}
REFERENCE = "by patient"


def find_protocols(protocols, X):
    """Return the protocols in their order, or raise an error.

    Parameters
    ----------
    protocols : sequence of str or None
        None is all of them, "by data set" only if X has at least two data sets.

    X : DataFrame, list or ndarray

    Returns
    -------
    protocols : list of str

    Raises
    ------
    ValueError
        If a protocol is unknown, or the reference is missing.
    """
    if protocols is None:
        has_several = (
            isinstance(X, pd.DataFrame)
            and DATASET in X.columns
            and X[DATASET].nunique() > 1
        )
        return [name for name in PROTOCOLS if has_several or name != "by data set"]
    unknown = [name for name in protocols if name not in PROTOCOLS]
    if unknown:
        raise ValueError(
            f"Expected protocols of {list(PROTOCOLS)!r}. Got {unknown[0]!r} among them."
        )
    if REFERENCE not in protocols:
        raise ValueError(
            f"Expected {REFERENCE!r} among the protocols, because the others are "
            f"compared with it. Got {list(protocols)!r}."
        )
    return [name for name in PROTOCOLS if name in protocols]


def apply_protocol(protocol, data, *, cv, sampler, seed):
    """Return the data that a protocol splits, with its folds.

    Parameters
    ----------
    protocol : str
        Name of the protocol.

    data : CheckedData
        The rows of the user.

    cv : int
        Number of folds.

    sampler : sampler or None
        Resamples the rows of the protocol "balanced first".

    seed : int
        Determines the folds and the copies.

    Returns
    -------
    data : CheckedData
        The rows that are split, with splits.

    rows : ndarray of shape (n_rows,), dtype int64
        Row of the user that each of them is, or is a copy of.
    """
    rows = np.arange(len(data.y))
    if protocol == "by data set":
        folds = split_by_data_set(data.X, data.groups, f"The protocol {protocol!r}")
        splits = check_splits(folds, data.y, data.groups)
    elif protocol == "by patient":
        folds = StratifiedGroupKFold(cv, shuffle=True, random_state=seed)
        splits = check_splits(folds, data.y, data.groups)
    else:
        if protocol == "balanced first":
            data, rows = _resample(data, sampler, seed)
        # The mistake: the folds do not know the patients, nor whose copy a row is.
        folds = StratifiedKFold(cv, shuffle=True, random_state=seed)
        splits = check_splits(folds, data.y, None)
    return replace(data, splits=splits), rows


def warn_of_nothing_resampled(rows, n_samples):
    """Warn where the sampler of "balanced first" left all rows as they are.

    Parameters
    ----------
    rows : ndarray of shape (n_rows,)
        Row of the user that each resampled row is, or is a copy of.

    n_samples : int
        Number of rows of the user.
    """
    if np.array_equal(np.sort(rows), np.arange(n_samples)):
        warn_user(
            "The sampler neither copied nor removed a row, so that the protocol "
            "'balanced first' is the same as 'by image'. Leave it out of protocols.",
            DataQualityWarning,
        )


def _resample(data, sampler, seed):
    """Resample all rows, as must only be done inside a training fold."""
    if sampler is None:
        numbers = np.arange(len(data.y))[:, np.newaxis]
        sampler = RandomOverSampler(random_state=seed)
        _, y = sampler.fit_resample(numbers, data.y)
        X = _safe_indexing(data.X, sampler.sample_indices_)
    else:
        sampler = _seeded(sampler, seed)
        X, y = sampler.fit_resample(data.X, data.y)
    rows = getattr(sampler, "sample_indices_", None)
    if rows is None:
        raise ValueError(
            "Expected a sampler with the attribute sample_indices_, by which a copy "
            f"belongs to a patient. Got {sampler!r}: use RandomOverSampler or "
            "skfusion.over_sampling.ImageOverSampler."
        )
    return replace(data, X=X, y=y, groups=data.groups[rows]), rows


def _seeded(sampler, seed):
    """Clone a sampler; `seed` determines it, and every sampler inside of it."""
    sampler = clone(sampler)
    if not hasattr(sampler, "get_params"):
        return sampler
    names = [n for n in sampler.get_params() if n.rpartition("__")[2] == "random_state"]
    return sampler.set_params(**dict.fromkeys(names, seed))
