"""Options of `compare_models` that scikit-learn's `cross_validate` has, too."""

from numbers import Real

import numpy as np

from .._validation._private import StrOptions, validate_parameter_constraints

__all__ = ["check_options"]

_CONSTRAINTS = {
    "error_score": [StrOptions({"raise"}), Real],
    "verbose": ["verbose"],
}


def check_options(options):
    """Check the options by name, and add those that are missing.

    Parameters
    ----------
    options : dict of str to object

    Returns
    -------
    options : dict of str to object

    Raises
    ------
    TypeError
        If an option is unknown.

    ValueError
        If a value is not allowed.

    Examples
    --------
    >>> from skfusion.model_selection._compare_options import check_options
    >>> check_options({"verbose": 1})
    {'error_score': nan, 'verbose': 1}
    """
    unknown = [name for name in options if name not in _CONSTRAINTS]
    if unknown:
        raise TypeError(
            f"compare_models() got an unexpected keyword argument {unknown[0]!r}"
        )
    validate_parameter_constraints(_CONSTRAINTS, options, "compare_models")
    return {"error_score": np.nan, "verbose": 0, **options}
