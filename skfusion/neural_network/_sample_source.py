"""Images of several columns, as the channels of one."""

import copy
from functools import partial

import numpy as np
import pandas as pd
import torch

from .._engine import augment_channels, augment_present
from .._validation._column_regions import column_regions
from .._validation._columns import is_present
from .._validation._samples import column_table, group_samples
from ..images._eight_bits import to_uint8
from ..networks._layers import find_present
from ._training_source import TrainingSource, find_distinct

__all__ = ["SampleSource", "check_each_modality"]

_CHUNK = 64  # samples that are read at once, as floats


class SampleSource:
    """Images of several columns of X, one channel for each column.

    Columns that are given by position may hold numbers in place of paths, as
    scikit-learn's checks of estimators require. Each number is then an image of 1 x 1
    pixel, and NaN is a missing image. `check_samples` decides it in ``fit``. A column
    that is given by name holds paths, and numbers in it raise an error.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str or list of int
        Columns of paths, one for each modality.

    image_size, resize, image_cache, isolated, region, margin
        The same as in :class:`~skfusion.images.ImageSource`. With ``region="lesion"``,
        columns without boxes, as in ``ultrasound_region``, are read whole.

    of_numbers : bool, default=False
        Whether the columns hold numbers in place of paths.

    Attributes
    ----------
    n_channels : int
        Number of columns.

    missing : float
        The number in every pixel of a missing image: 0, or NaN where columns hold
        numbers.
    """

    def __init__(
        self,
        X,
        columns,
        *,
        image_size,
        resize="pad",
        image_cache=None,
        isolated=False,
        region="image",
        margin=0.3,
        of_numbers=False,
    ):
        self.n_channels = len(columns)
        self.missing = np.nan if of_numbers else 0.0
        self._X, self._columns = X, columns
        self._shape = (image_size, image_size, self.n_channels)
        present = [is_present(X[column]) for column in columns]
        # Row of each sample in the source of each column, -1 where it is missing.
        self._rows = [np.where(rows, np.cumsum(rows) - 1, -1) for rows in present]
        settings = {
            "image_size": image_size,
            "resize": resize,
            "image_cache": image_cache,
            "isolated": isolated,
            "margin": margin,
        }
        regions = column_regions(X, columns, region)
        self._sources = [
            TrainingSource(self._part(column, of_numbers), region=of_column, **settings)
            if rows.any()
            else None
            for column, of_column, rows in zip(columns, regions, present, strict=True)
        ]

    def _part(self, column, of_numbers):
        if of_numbers:
            return _numbers(self._X, column)
        return column_table(self._X, column, self._columns)

    def __len__(self):
        """Return the number of samples."""
        return len(self._rows[0])

    def __getitem__(self, rows):
        """Read samples: float32 of shape (n_rows, height, width, n_channels)."""
        if isinstance(rows, slice):
            rows = range(*rows.indices(len(self)))
        images = np.full((len(rows), *self._shape), self.missing, np.float32)
        for channel, column_rows in enumerate(self._rows):
            wanted = column_rows[np.asarray(rows)]
            present = np.flatnonzero(wanted >= 0)
            if len(present):
                found = self._sources[channel][wanted[present]]
                images[present, ..., channel] = found[..., 0]
        return images

    def read_pixels(self, rows, report=None):
        """Read samples as they are kept for training: uint8, or float32 for numbers."""
        images = np.empty((len(rows), *self._shape), self.pixel_dtype)
        for start in range(0, len(rows), _CHUNK):
            chunk = self[rows[start : start + _CHUNK]]
            chunk = to_uint8(chunk) if self.missing == 0 else chunk
            images[start : start + len(chunk)] = chunk
            if report is not None:
                report(len(chunk))
        return images

    @property
    def pixel_shape(self):
        """Height, width and number of channels of each sample."""
        return self._shape

    @property
    def pixel_dtype(self):
        """Dtype of :meth:`read_pixels`."""
        return np.dtype(np.uint8 if self.missing == 0 else np.float32)

    @property
    def has_store(self):
        """Return whether rows can be read again without decoding a file."""
        return all(part.has_store for part in self._sources if part)

    def stored_in(self, folder):
        """Return the same samples, whose files are decoded once and stored."""
        return self._with_parts(lambda part: part.stored_in(folder))

    def fill_store(self, verbose):
        """Store the images of all samples, so that no file is decoded in training."""
        for part in filter(None, self._sources):
            part.fill_store(verbose)

    def final_array(self):
        """Return None: a sample is put together from several images."""
        return None

    def distinct(self):
        """Find rows of the same images, as :meth:`TrainingSource.distinct` does."""
        images = np.full((len(self), self.n_channels), -1)
        for channel, rows in enumerate(self._rows):
            if self._sources[channel]:
                first, places = self._sources[channel].distinct()
                places = np.arange(len(first)) if places is None else places
                images[rows >= 0, channel] = places[rows[rows >= 0]]
        return find_distinct([row.tobytes() for row in images])

    def unaugmented(self):
        """Return the same images without the columns of augmentation."""
        return self._with_parts(lambda part: part.unaugmented())

    def _with_parts(self, change):
        source = copy.copy(self)
        source._sources = [part and change(part) for part in self._sources]
        return source

    def groups(self, user):
        """Return the group of each sample; warn where X has none."""
        groups = group_samples(self._X, self._columns, None, user)
        return pd.factorize(np.asarray(groups))[0]

    def augmenter(self, augmentation, strength):
        """Return the function that augments each channel by itself, or None."""
        if augmentation is True:
            return partial(augment_channels, strength=strength)
        if augmentation:
            return partial(augment_present, augment=augmentation, missing=self.missing)
        return None

    def by_column(self, chunks):
        """Yield each column and its images that are present, one channel each.

        Parameters
        ----------
        chunks : callable
            Returns an iterator over parts of the samples.
        """
        for channel, column in enumerate(self._columns):
            yield column, self._present(channel, chunks())

    def _present(self, channel, chunks):
        for chunk in chunks:
            images = np.ascontiguousarray(chunk[..., [channel]])
            tensor = torch.from_numpy(images).permute(0, 3, 1, 2)
            yield images[find_present(tensor, self.missing)[:, 0].numpy()]


def _numbers(X, column):
    """Return the numbers of a column of X that are not missing, one for each row."""
    values = X.loc[is_present(X[column]), column]
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
    if np.isnan(numbers).any():  # the text is not shown: it may be a path
        raise ValueError(
            f"Expected numbers in the column {column!r} of X, as in fit. Got text in "
            f"{np.isnan(numbers).sum()} rows. Pass numbers, or fit on paths."
        )
    if np.abs(numbers).max(initial=0) > np.finfo(np.float32).max:
        raise ValueError(
            f"Expected numbers that float32 can hold in the column {column!r} of X. "
            f"Got numbers up to {np.abs(numbers).max():.2g}. Divide them."
        )
    return numbers[:, np.newaxis]


def check_each_modality(columns, present):
    """Raise an error where a column has fewer images than a network can learn from."""
    for column, rows in zip(columns, present.T, strict=True):
        if rows.sum() < 2:
            raise ValueError(
                "Expected at least 2 images of each modality in fit. Got "
                f"{rows.sum()} in the column {column!r} of X, which has "
                f"n_samples={len(rows)}."
            )
