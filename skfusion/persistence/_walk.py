"""Every object that an estimator holds."""

import numpy as np

__all__ = ["estimators_in", "walk"]

_ATOMS = (str, bytes, int, float, complex, bool, type(None), np.generic, type)


def walk(root):
    """Yield an object and every object that it holds, each of them once.

    Parameters
    ----------
    root : object

    Yields
    ------
    value : object
    """
    seen, stack = {}, [root]
    while stack:
        value = stack.pop()
        if id(value) in seen or isinstance(value, _ATOMS):
            continue
        seen[id(value)] = value  # kept, so that no other object takes its id
        yield value
        stack.extend(_contents(value))


def _contents(value):
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, np.ndarray):
        # asarray, because tolist() leaves out what an array masks.
        return np.asarray(value).ravel().tolist() if value.dtype.hasobject else []
    return list(getattr(value, "__dict__", {}).values())


def estimators_in(root):
    """Yield every estimator in an object, from the outermost to the innermost ones.

    Parameters
    ----------
    root : object

    Yields
    ------
    estimator : estimator
    params : dict
        Its own parameters, without those of the estimators in it.
    """
    for value in walk(root):
        if hasattr(value, "get_params") and not isinstance(value, type):
            yield value, value.get_params(deep=False)
