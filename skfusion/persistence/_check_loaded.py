"""Checks of a loaded estimator, whose types alone are known to be right."""

import numpy as np
from sklearn.ensemble import BaseEnsemble
from sklearn.tree import BaseDecisionTree

from ..exceptions import ModelFileError
from ..networks._backbones import is_of_function
from ._detach import PLACES
from ._walk import estimators_in

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
    for each, params in estimators_in(estimator):
        for name in ("backbone", "branch"):
            check_backbone_is_trusted(params.get(name), trusted)
        places = [name for name in PLACES if params.get(name) is not None]
        if places:
            raise ModelFileError(
                f"Expected {places[0]}=None in a model file. Got a folder, into which "
                f"{type(each).__name__} would write: the file is not used."
            )
        if isinstance(each, BaseDecisionTree) and hasattr(each, "tree_"):
            _check_tree(each)
        if isinstance(each, BaseEnsemble):
            _check_ensemble(each)


def check_backbone_is_trusted(name, trusted):
    """Raise an error for a backbone of a function that the caller does not trust.

    Parameters
    ----------
    name : object
        Value of a parameter.

    trusted : collection of str
    """
    if isinstance(name, str) and is_of_function(name) and name not in trusted:
        raise ModelFileError(
            f"Expected a backbone of skfusion. Got {name!r}, a function that would be "
            f"called. If you know it, pass trusted=[{name!r}]."
        )


def _check_tree(estimator):
    """Check that each split leads to later nodes, by a feature that exists.

    scikit-learn does not check it, and would read memory outside of the tree.
    """
    tree = estimator.tree_
    is_sound = tree.node_count <= tree.capacity
    is_sound = is_sound and tree.n_features == estimator.n_features_in_
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
    """Check that trees, which get X unchecked, take the features of the ensemble."""
    if hasattr(estimator, "estimators_features_"):  # bagging, whose trees check X
        return
    for tree in np.ravel(getattr(estimator, "estimators_", [])):
        is_tree = isinstance(tree, BaseDecisionTree)
        if is_tree and tree.n_features_in_ != estimator.n_features_in_:
            raise _unsound(estimator)


def _unsound(estimator):
    return ModelFileError(
        "Expected trees of the features of the model, whose splits lead to nodes of "
        f"the same tree. Got {type(estimator).__name__} with another one: the file is "
        "not used."
    )
