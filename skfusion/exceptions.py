"""Every error and warning class of skfusion."""

from pathlib import Path

__all__ = [
    "CacheWarning",
    "DataQualityWarning",
    "DatasetNotFoundError",
    "ImageReadError",
    "WeightsError",
]


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
