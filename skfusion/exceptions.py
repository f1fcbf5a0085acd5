"""Every error and warning class of skfusion."""

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
    """


class DatasetNotFoundError(FileNotFoundError):
    """A data set's files are not where they were looked for."""


class WeightsError(ValueError):
    """Pretrained weights are missing, damaged, or of another network."""


class DataQualityWarning(UserWarning):
    """Something in the data was put right, dropped or left out."""


class CacheWarning(UserWarning):
    """What was kept on disk could not be used, and is computed again."""
