"""Fit of one network on several folds at once."""

from collections.abc import Iterable
from itertools import islice

import numpy as np
import torch
from sklearn.base import clone

from .._engine import (
    release_training_state,
    resolve_device,
    seeded,
    train_together,
)
from .._validation._private import _safe_indexing
from ._cnn17 import CNN17Classifier

__all__ = ["fit_folds"]

# Networks that are trained together are computed in whole batches, in the same steps.
_NOT_AVAILABLE = (
    "early_stopping",
    "callbacks",
    "micro_batch_size",
    "checkpointing",
    "verbose",
)


def fit_folds(estimator, X, y, splits):
    """Fit a network on the training side of each split, all at the same time.

    A small network leaves most of a GPU unused. Here the networks of all folds are
    trained in the same passes, so that each computation is started once for all of
    them. On a CPU, which a single network keeps busy, the training usually takes more
    time than in single fits. If X holds files, and there is no `image_cache`, all of it
    may still take less: each file is decoded once for all folds.

    Each network starts from the same weights as ``clone(estimator).fit`` on these rows,
    and is trained on the same batches with the same augmentation. Only rounding and the
    numbers that dropout draws differ. (With dropout on a CPU, the batches differ as
    well, because there a single fit draws dropout and batches in turn from one
    generator.)

    Parameters
    ----------
    estimator : CNN17Classifier
        It is cloned. The networks of all members (``n_members``) are trained at the
        same time, too. ``early_stopping``, ``callbacks``, ``micro_batch_size``,
        ``checkpointing`` and ``verbose`` are not available.

    X : DataFrame, Series, list or ndarray
        Images in any form that :meth:`CNN17Classifier.fit` accepts. They are read once.

    y : array-like of shape (n_samples,)
        Class labels.

    splits : iterable of (train, test)
        Rows of each fold, as the method ``split`` of a scikit-learn splitter returns
        them, such as ``list(cv.split(X, y, groups))``. The rows to test on are not
        used.

    Returns
    -------
    estimators : list of CNN17Classifier
        A fitted clone for each split, as
        ``cross_validate(..., return_estimator=True)["estimator"]``.

    Raises
    ------
    TypeError
        If the estimator is not a `CNN17Classifier`, or `splits` is no iterable.

    ValueError
        If the estimator has a parameter that is not available, if there is no split, if
        a row of a split is not in X, or if the training side of a split lacks a class.

    See Also
    --------
    sklearn.model_selection.cross_validate : Fits one after the other, or in processes.

    Notes
    -----
    The weights of all networks are stacked, and :mod:`torch.func` maps the network over
    them. Folds whose numbers of batches differ are trained one group after the other.
    A batch that has one image more than those of the other folds passes through its
    network alone.

    Examples
    --------
    >>> from sklearn.model_selection import StratifiedGroupKFold
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.neural_network import CNN17Classifier, fit_folds
    >>> data = make_breast_images(24, image_size=16, random_state=0)
    >>> X, y = data.data, data.target
    >>> splits = list(StratifiedGroupKFold(3).split(X, y, data.groups))
    >>> network = CNN17Classifier(
    ...     width=2, weights=None, image_size=16, max_epochs=1, random_state=0
    ... )
    >>> models = fit_folds(network, X, y, splits)
    >>> [len(model.predict(X[test])) for model, (_, test) in zip(models, splits)]
    [8, 8, 8]
    """
    _check_estimator(estimator)
    whole = clone(estimator)
    checked, codes = whole._begin(X, y)
    source, device = whole._source(checked), resolve_device(whole.device)
    models, folds = [], _check_splits(splits, len(codes))
    with (
        seeded(whole.random_state, device),
        whole._held_images(source, device) as images,
    ):
        to_train = []
        for train in folds:
            model = _begin_fold(estimator, whole, X, codes, train)
            with seeded(model.random_state, device) as seed:
                members = model._members(source, images, codes, train, None, seed)
                to_train += [(*each, torch.get_rng_state()) for each in members]
            models.append(model)
        nets, train_sets, states = zip(*to_train, strict=True)
        train_together(nets, train_sets, states)
    released = map(release_training_state, nets)
    for model in models:
        model._keep(list(islice(released, whole.n_members)))
    return models


def _begin_fold(estimator, whole, X, codes, train):
    """Return a clone that has checked the training side of a split."""
    model = clone(estimator)
    model._begin(_safe_indexing(X, train), whole.classes_[codes[train]])
    missing = sorted(set(whole.classes_.tolist()) - set(model.classes_.tolist()))
    if missing:
        raise ValueError(
            "Expected every class on the training side of each split. One lacks "
            f"{missing!r}. Use a splitter that stratifies."
        )
    return model


def _check_splits(splits, n_samples):
    """Return the rows of the training side of each split."""
    expected = "The 'splits' parameter of fit_folds must hold pairs of rows of X, "
    advice = "Pass list(cv.split(X, y, groups)) of a splitter cv."
    if not isinstance(splits, Iterable):
        raise TypeError(f"{expected}(train, test). Got {splits!r} instead. {advice}")
    folds = []
    for number, split in enumerate(splits):
        try:
            train, _ = split
            folds.append(np.arange(n_samples)[np.asarray(train)])
        except (IndexError, TypeError, ValueError) as error:
            raise ValueError(
                f"{expected}(train, test). Got another split {number}: {error}. "
                f"{advice}"
            ) from error
    if not folds:
        raise ValueError("Expected at least one split. Got none.")
    return folds


def _check_estimator(estimator):
    if not isinstance(estimator, CNN17Classifier):
        raise TypeError(
            "The 'estimator' parameter of fit_folds must be a CNN17Classifier. Got "
            f"{type(estimator).__name__} instead. Fit it with cross_validate."
        )
    estimator._validate_params()
    for name in _NOT_AVAILABLE:
        if getattr(estimator, name):
            raise ValueError(
                f"fit_folds trains all networks in the same steps, without {name}. Got "
                f"{name}={getattr(estimator, name)!r}. Use cross_validate instead."
            )
