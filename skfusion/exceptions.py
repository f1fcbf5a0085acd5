"""Errors and warnings of skfusion."""

import sys
import warnings
from pathlib import Path

__all__ = [
    "CacheWarning",
    "DataQualityWarning",
    "DatasetNotFoundError",
    "ImageReadError",
    "LeakageError",
    "ModelFileError",
    "WeightsError",
]

# Packages whose frames may lie between the code of the user and a warning.
_NOT_THE_USER = ("skfusion", "sklearn", "imblearn", "joblib", "contextlib")


class ImageReadError(ValueError):
    """Error raised if an image file, or the region of it, cannot be read.

    The message contains only the last component of the path, because the names of
    folders often identify patients.

    Attributes
    ----------
    row : int or None
        Row of X, if the image belongs to X.

    column : str, int or None
        Column of X, if X has several columns of images.

    reason : str or None
        The message without the row.

    path : str, Path or None
        Path of the file as in X. A pickle of the error, and therefore the error in
        another process, contains only its last component.

    region : str or None
        Box of the lesion as in X, "" if it is missing, where the box is what is wrong.
    """

    row = column = reason = path = region = None

    def __reduce__(self):
        """Return the state for pickle, without the folder of the path."""
        name = None if self.path is None else Path(self.path).name
        return type(self), self.args, {**vars(self), "path": name}


class LeakageError(ValueError):
    """Error raised if a patient or an image is on both sides of a split.

    Attributes
    ----------
    report : DataFrame or None
        The rows that cross the split: ``train_row``, ``test_row`` and the ``kind`` of
        what they share. If :func:`~skfusion.model_selection.compare_models` raises the
        error, also the ``fold``, and both rows are those of X. None if the error
        concerns an external data set.
    """

    report = None


class DatasetNotFoundError(FileNotFoundError):
    """Error raised if the files of a data set cannot be found."""


class WeightsError(ValueError):
    """Error raised if weights are missing, damaged, or made for another network."""


class ModelFileError(ValueError):
    """Error raised if a model file is damaged, too new, or holds what is not trusted.

    Nothing of the file has been used then.
    """


class DataQualityWarning(UserWarning):
    """Warning used if data were corrected or left out, or may be wrong."""


class CacheWarning(UserWarning):
    """Warning used if cached data cannot be used and are computed again."""


def warn_user(message, category):
    """Give a warning that points to the line of the user's code that called skfusion.

    Parameters
    ----------
    message : str
        Text of the warning.

    category : type
        Class of the warning.

    Examples
    --------
    >>> import warnings
    >>> from skfusion.exceptions import DataQualityWarning, warn_user
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warn_user("Two rows were dropped.", DataQualityWarning)
    >>> len(caught)
    1
    """
    frame, level = sys._getframe(), 1
    while frame is not None and _package_of(frame) in _NOT_THE_USER:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _package_of(frame):
    return frame.f_globals.get("__name__", "").partition(".")[0]
