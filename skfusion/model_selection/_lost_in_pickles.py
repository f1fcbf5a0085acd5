"""Data and models, which a comparison has, but no pickle or copy of it."""

__all__ = ["require_data", "without_data"]


def without_data(state):
    """Return the attributes of a comparison as a pickle or a copy holds them.

    Parameters
    ----------
    state : dict of str to object

    Returns
    -------
    state : dict of str to object
        No data, paths, patients or models.
    """
    lost = {
        name: {} for name in ("_estimators", "_external_data", "_refitted", "_runs")
    }
    return state | {"_data": None} | lost


def require_data(comparison, method):
    """Check that a comparison has its data and models.

    Parameters
    ----------
    comparison : ModelComparison

    method : str
        Name of the method that needs them.

    Raises
    ------
    ValueError
        If the comparison was pickled or copied.
    """
    if comparison._data is None:
        raise ValueError(
            f"{method} needs the data and the models, which a pickle or a copy of "
            "a comparison does not hold. Run compare_models again, in this process."
        )
