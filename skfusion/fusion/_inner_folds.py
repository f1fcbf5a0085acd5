"""The inner folds in which the models of the modalities are calibrated."""

import warnings

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold

from ._calibration import score_images

__all__ = ["fit_with_scores", "join_groups", "split_inner"]


def split_inner(codes, present, groups, *, cv, seed):
    """Split samples into folds of similar classes and similar modalities.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,), dtype int64
        Code of the class of each sample.

    present : ndarray of shape (n_samples, n_modalities), dtype bool
        Whether a sample has an image of a modality.

    groups : ndarray of shape (n_samples,)
        Groups that no fold splits.

    cv : int
        Number of folds.

    seed : int

    Returns
    -------
    splits : list of (train, test)
        Rows of both parts of each fold.
    """
    splitter = StratifiedGroupKFold(cv, shuffle=True, random_state=seed)
    strata = np.unique(np.c_[codes, present], axis=0, return_inverse=True)[1]
    with warnings.catch_warnings():  # of strata that are smaller than cv
        warnings.simplefilter("ignore", UserWarning)
        return list(splitter.split(codes, strata.ravel(), groups))


def join_groups(patients, groups):
    """Return groups that split neither the given groups nor a patient.

    Parameters
    ----------
    patients, groups : ndarray of shape (n_samples,), dtype int64
        Codes from 0.

    Returns
    -------
    joined : ndarray of shape (n_samples,)

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.fusion._inner_folds import join_groups
    >>> join_groups(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])).tolist()
    [0, 0, 0, 1]
    """
    shape = patients.max() + 1, groups.max() + 1
    links = coo_array((np.ones(len(groups)), (patients, groups)), shape)
    return connected_components(links @ links.T, directed=False)[1][patients]


def fit_with_scores(estimator, table, codes, rows, splits, column):
    """Fit the model of a modality, and score each image in a fold without it.

    Parameters
    ----------
    estimator : classifier

    table : DataFrame of shape (n_images, n_columns)
        Images or values of the modality.

    codes : ndarray of shape (n_samples,), dtype int64
        Code of the class of each sample.

    rows : ndarray of shape (n_samples,), dtype bool
        Samples that have an image of the modality.

    splits : list of (train, test)
        Rows of the samples of each fold.

    column : str or int
        For the errors.

    Returns
    -------
    model : classifier
        Fitted to all images.

    scores : ndarray of shape (n_images,)
        Score of each image by a model that did not learn from it.

    Raises
    ------
    ValueError
        If all images that a model learns from are of one class.
    """
    scores, codes = np.empty(len(table)), codes[rows]
    for split in splits:
        train, test = (_images_of(rows, samples) for samples in split)
        if len(test):
            _check_both_classes(codes[train], column, "an inner fold")
            model = clone(estimator).fit(table.iloc[train], codes[train])
            scores[test] = score_images(model, table.iloc[test], len(train))
    _check_both_classes(codes, column, "fit")
    return clone(estimator).fit(table, codes), scores


def _images_of(rows, samples):
    """Return the rows, in the table of a modality, of the images of some samples."""
    return (np.cumsum(rows) - 1)[samples[rows[samples]]]


def _check_both_classes(codes, column, where):
    n_classes = len(np.unique(codes))
    if n_classes < 2:
        raise ValueError(
            f"Expected samples of both classes of each modality in {where}. Got "
            f"{len(codes)} samples of {n_classes} of them in {column!r}. Lower cv, or "
            "check the groups."
        )
