"""Checks of a loaded estimator, whose types alone are known to be right."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    BaseEnsemble,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    IsolationForest,
)
from sklearn.tree import BaseDecisionTree
from skorch import NeuralNet

from ..exceptions import ModelFileError
from ..networks._backbones import is_of_function
from ._detach import PLACES
from ._walk import walk

__all__ = ["check_backbone_is_trusted", "check_loaded"]


def check_loaded(estimator, trusted):
    """Check what could run code, write files or break the process in predict.

    Parameters
    ----------
    estimator : estimator

    trusted : collection of str
        Names that the caller trusts.

    Raises
    ------
    ModelFileError
        If a backbone is a function that is not trusted, a parameter names a folder, or
        a tree leads out of its own nodes.
    """
    for each in walk(estimator):
        if not isinstance(each, BaseEstimator) or isinstance(each, NeuralNet):
            continue
        held = vars(each)  # a file can hide parameters from get_params
        check_backbone_is_trusted(held, trusted)
        places = [name for name in PLACES if held.get(name) is not None]
        if places:
            raise ModelFileError(
                f"Expected {places[0]}=None in a model file. Got a folder, into which "
                f"{type(each).__name__} would write: the file is not used."
            )
        if isinstance(each, BaseDecisionTree) and hasattr(each, "tree_"):
            _check_tree(each)
        if isinstance(each, BaseEnsemble):
            _check_ensemble(each)


def check_backbone_is_trusted(settings, trusted):
    """Raise an error for a backbone of a function that the caller does not trust.

    Parameters
    ----------
    settings : dict
        Attributes of an estimator, or the definition of a part.

    trusted : collection of str
    """
    for name in map(settings.get, ("backbone", "branch")):
        if isinstance(name, str) and is_of_function(name) and name not in trusted:
            raise ModelFileError(
                f"Expected a backbone of skfusion. Got {name!r}, a function that would "
                f"be called. If you know it, pass trusted=[{name!r}]."
            )


def _check_tree(estimator):
    """Check that each split leads to later nodes, by a feature that exists.

    scikit-learn does not check it, and would read memory outside of the tree.
    """
    tree = estimator.tree_
    is_sound = 1 <= tree.node_count <= tree.capacity
    is_sound = is_sound and _is_number(estimator.n_features_in_, tree.n_features)
    if is_sound:
        nodes = np.arange(tree.node_count)
        left, right = tree.children_left, tree.children_right
        splits = left >= 0
        is_sound = bool(
            np.all(left[~splits] == -1)
            and np.all(nodes[splits] < np.minimum(left, right)[splits])
            and np.all(np.maximum(left, right)[splits] < tree.node_count)
            and np.all((tree.feature >= 0)[splits])
            and np.all((tree.feature < tree.n_features)[splits])
        )
    if not is_sound:
        raise _unsound(estimator)


def _check_ensemble(estimator):
    """Check that trees, which get X unchecked, are those of the ensemble."""
    if isinstance(estimator, BaggingClassifier | BaggingRegressor):
        return  # its trees check X
    n_features = estimator.n_features_in_
    if isinstance(estimator, IsolationForest):
        n_features = estimator._max_features
        features = estimator.estimators_features_
        if not all(np.shape(each) == (n_features,) for each in features):
            raise _unsound(estimator)
    trees = np.asarray(getattr(estimator, "estimators_", []))
    for tree in trees.ravel():
        is_tree = isinstance(tree, BaseDecisionTree)
        if is_tree and not _is_number(n_features, tree.n_features_in_):
            raise _unsound(estimator)
    if isinstance(estimator, GradientBoostingClassifier | GradientBoostingRegressor):
        _check_boosting(estimator, trees)


def _check_boosting(estimator, trees):
    """Check the trees of each iteration, which write to one column each."""
    n_classes = len(getattr(estimator, "classes_", ()))
    n_columns = n_classes if n_classes > 2 else 1
    is_sound = trees.ndim == 2 and trees.shape[1] == n_columns
    if not (is_sound and _is_number(estimator.n_trees_per_iteration_, n_columns)):
        raise _unsound(estimator)


def _is_number(value, expected):
    """Return whether a value of a file is a number; some objects equal any."""
    return isinstance(value, Integral) and value == expected


def _unsound(estimator):
    return ModelFileError(
        "Expected trees of the features of the model, whose splits lead to nodes of "
        f"the same tree. Got {type(estimator).__name__} with another one: the file is "
        "not used."
    )
