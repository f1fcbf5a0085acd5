"""BI-RADS categories as labels, by the word of the caller."""

import re

__all__ = ["birads_names", "is_positive_birads"]

_CATEGORY = re.compile(r"(?:BI-RADS )?(?P<number>[0-6])(?P<letter>[abc]?)", re.I)


def is_positive_birads(values, positive, column, file):
    """Return whether each BI-RADS category is one of the positive ones.

    Parameters
    ----------
    values : Series of str
        Categories such as "4", "4a" or "BI-RADS 4".

    positive : list or tuple of int or str
        Positive categories. 4 contains 4a, 4b and 4c.

    column : str
        Name of the column, for the error.

    file : Path
        File of the table, for the error.

    Returns
    -------
    is_positive : Series of bool

    Raises
    ------
    ValueError
        If a value, or a positive one, is not a category.

    Examples
    --------
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from skfusion.datasets._birads import is_positive_birads
    >>> values = pd.Series(["2", "4a", "4c", "BI-RADS 5"])
    >>> is_positive_birads(values, ("4c", 5), "Bi-Rads", Path("a.csv")).tolist()
    [False, False, True, True]
    """
    chosen = {str(category).lower() for category in positive}
    if not chosen or not all(map(_CATEGORY.fullmatch, chosen)):
        raise ValueError(
            "The 'positive_birads' parameter must be BI-RADS categories from 0 to 6, "
            f"such as (4, 5) or ('4b', '4c', 5). Got {positive!r} instead."
        )
    categories = {
        value: _CATEGORY.fullmatch(str(value).strip()) for value in values.unique()
    }
    unknown = sorted(str(value) for value, match in categories.items() if not match)
    if unknown:
        raise ValueError(
            "Expected BI-RADS categories from 0 to 6, such as '4' or '4a', in the "
            f"column {column!r} of {file.name!r}. Got {unknown!r} instead. Download "
            "the publisher's table again."
        )
    is_positive = {
        value: bool({match["number"], "".join(match.groups()).lower()} & chosen)
        for value, match in categories.items()
    }
    return values.map(is_positive).astype(bool)


def birads_names(positive):
    """Return the names of the classes 0 and 1.

    Parameters
    ----------
    positive : list or tuple of int or str

    Returns
    -------
    names : list of str
    """
    return ["other BI-RADS", f"BI-RADS {', '.join(map(str, positive))}"]
