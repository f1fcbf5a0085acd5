"""Lists of named models, which each comparison takes."""

from .._validation._private import HasMethods
from ._own_copies import own_models

__all__ = ["check_estimators", "check_named"]


def check_named(estimators, parameter="estimators", methods=("fit", "predict")):
    """Check that each item of a list is a name and an estimator.

    Parameters
    ----------
    estimators : list

    parameter : str, default="estimators"
        Name of the parameter, for the error.

    methods : tuple of str, default=("fit", "predict")
        Methods that each estimator must have.

    Raises
    ------
    ValueError
        If an item is something else.
    """
    for pair in estimators:
        is_pair = isinstance(pair, tuple | list) and len(pair) == 2
        if not is_pair or not isinstance(pair[0], str):
            raise ValueError(
                f"Expected {parameter} to be a list of (name, estimator). Got {pair!r} "
                "in it: give every estimator a name."
            )
        if not HasMethods(list(methods)).is_satisfied_by(pair[1]):
            raise ValueError(
                f"Expected the estimator {pair[0]!r} in {parameter} to have "
                f"{' and '.join(methods)}. Got {pair[1]!r} instead."
            )


def check_estimators(estimators, parameter="estimators"):
    """Check that each item of a list is a distinct name and a model.

    Parameters
    ----------
    estimators : list or tuple

    parameter : str, default="estimators"
        Name of the parameter, for the error.

    Returns
    -------
    estimators : list of (str, classifier)
    """
    check_named(estimators, parameter)
    names = [name for name, _ in estimators]
    if not names:
        raise ValueError("Expected at least one (name, estimator). Got an empty list.")
    if len(set(names)) < len(names):
        raise ValueError(f"Expected distinct names of estimators. Got {names!r}.")
    return own_models(estimators)
