"""Sides, views and modalities of a user's table."""

import numpy as np
import pandas as pd

__all__ = [
    "MODALITIES",
    "as_laterality",
    "as_modality",
    "as_text",
    "as_view",
    "is_filled",
    "known_modality",
]

MODALITIES = ("mammography", "ultrasound")
_MODALITIES = {
    "mammography": "mammography",
    "mammogram": "mammography",
    "mammo": "mammography",
    "mg": "mammography",
    "ultrasound": "ultrasound",
    "ultrasonography": "ultrasound",
    "sonography": "ultrasound",
    "us": "ultrasound",
}
_SIDES = {"l": "L", "left": "L", "r": "R", "right": "R"}
_VIEWS = {"craniocaudal": "CC", "mediolateraloblique": "MLO"}


def is_filled(values):
    """Find the cells of a column that hold more than blanks.

    Parameters
    ----------
    values : Series

    Returns
    -------
    is_filled : ndarray of shape (n_rows,), dtype bool
    """
    blank = [isinstance(value, str) and not value.strip() for value in values]
    return values.notna().to_numpy(dtype=bool) & ~np.array(blank, dtype=bool)


def as_laterality(values, problems):
    """Return L or R for each row, and None where there is no value.

    Parameters
    ----------
    values : Series
        Text such as "left" or "R".

    problems : Problems
        Receives the rows with another value.

    Returns
    -------
    sides : Series of str
    """
    return _translate(values, _SIDES, problems, "'L', 'R', 'left' or 'right'")


def known_modality(word):
    """Return mammography or ultrasound for a word such as "US", or None.

    Parameters
    ----------
    word : object

    Returns
    -------
    modality : str or None
    """
    return _MODALITIES.get(str(word).strip().lower())


def as_modality(values, problems):
    """Return mammography or ultrasound for each row, and None without a value.

    Parameters
    ----------
    values : Series
        Text such as "mammography" or "US".

    problems : Problems
        Receives the rows with another value.

    Returns
    -------
    modalities : Series of str
    """
    return _translate(values, _MODALITIES, problems, "'mammography' or 'ultrasound'")


def _translate(values, words, problems, expected):
    found = [words.get(str(value).strip().lower()) for value in values]
    found = pd.Series(found, index=values.index, dtype=object)
    problems.add(
        values.index[found.isna() & is_filled(values)],
        f"an unknown value of {values.name!r}",
        f"Write {expected}, or leave the cell empty.",
    )
    return found


def as_text(values):
    """Return identifiers as text: 7, which pandas may have read as 7.0, is "7".

    Parameters
    ----------
    values : Series

    Returns
    -------
    texts : Series of str
    """
    texts = [
        str(int(value) if isinstance(value, float) and value.is_integer() else value)
        for value in values
    ]
    return pd.Series(texts, index=values.index, dtype=object)


def as_view(values):
    """Return CC, MLO or another view in upper case for each row.

    Parameters
    ----------
    values : Series

    Returns
    -------
    views : Series of str
        None where there is no value.
    """
    views = [
        _VIEWS.get(str(value).lower().replace("-", "").replace(" ", ""))
        or str(value).strip().upper()
        for value in values
    ]
    views = pd.Series(views, index=values.index, dtype=object)
    return views.where(is_filled(values), None)
