"""Every error and warning class of skfusion, and how a warning is raised."""

import sys
import warnings
from pathlib import Path

__all__ = [
    "CacheWarning",
    "DataQualityWarning",
    "DatasetNotFoundError",
    "ImageReadError",
    "WeightsError",
]

# Packages whose frames stand between the line of the user and ours.
_NOT_THE_USER = ("skfusion", "sklearn", "imblearn", "joblib")


class ImageReadError(ValueError):
    """An image file could not be read.

    The message names the file by its last path component only: folders often
    carry patient identifiers.

    Attributes
    ----------
    row : int or None
        Row of X, where an image of X could not be read.

    column : str or None
        Column of X, where X has several columns of images.

    reason : str or None
        The message without the row.

    path : str, Path or None
        Path of the file as X holds it. A pickle of the error, and so another
        process, has its last component alone.
    """

    row = column = reason = path = None

    def __reduce__(self):
        """Return what is pickled: no folder."""
        name = None if self.path is None else Path(self.path).name
        return type(self), self.args, {**vars(self), "path": name}


class DatasetNotFoundError(FileNotFoundError):
    """A data set's files are not where they were looked for."""


class WeightsError(ValueError):
    """Pretrained weights are missing, damaged, or of another network."""


class DataQualityWarning(UserWarning):
    """Something in the data was put right, dropped or left out."""


class CacheWarning(UserWarning):
    """What was kept on disk could not be used, and is computed again."""


def warn_user(message, category):
    """Warn at the line of the user who called skfusion, however indirectly.

    Parameters
    ----------
    message : str

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
