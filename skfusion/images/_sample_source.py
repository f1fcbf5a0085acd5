"""Images of several columns, as the channels of one."""

import copy

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from .._validation._cells import holds_values
from .._validation._columns import is_present
from .._validation._samples import column_table, group_samples
from ._eight_bits import to_uint8
from ._source import ImageSource

__all__ = ["SampleSource", "hold_numbers"]

_CHUNK = 256  # rows read at once when all rows are read


class SampleSource:
    """Images of several columns of X, one channel each.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str or list of int
        Columns of paths, one for each modality.

    of_numbers : bool, default=False
        Whether columns hold numbers, each of which is an image of 1 x 1 pixel, in
        place of paths.

    image_size, resize, image_cache, isolated
        The same as in :class:`~skfusion.images.ImageSource`.

    Attributes
    ----------
    n_channels : int
        Number of columns.

    channels_are_images : bool
        True: each channel is an image, which may be missing.

    missing : float
        The number in every pixel of a missing image: 0, or NaN beside numbers.
    """

    channels_are_images = True

    def __init__(
        self,
        X,
        columns,
        *,
        image_size,
        resize="pad",
        image_cache=None,
        isolated=False,
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
        }
        self._sources = [
            ImageSource(self._part(column, of_numbers), **settings)
            if rows.any()
            else None
            for column, rows in zip(columns, present, strict=True)
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

    def to_array(self, *, verbose=0):
        """Read all samples: an array of shape (n_samples, height, width, n_channels).

        It is uint8, a quarter of the memory, but float32 for numbers.
        """
        is_scaled = self.missing == 0
        images = np.empty((len(self), *self._shape), "u1" if is_scaled else "f4")
        total, disable = len(self), not verbose
        with tqdm(desc="samples", total=total, leave=False, disable=disable) as bar:
            for start in range(0, len(self), _CHUNK):
                chunk = self[start : start + _CHUNK]
                part = to_uint8(chunk) if is_scaled else chunk
                images[start : start + _CHUNK] = part
                bar.update(len(chunk))
        return images

    def unaugmented(self):
        """Return the same images without the columns of augmentation."""
        source = copy.copy(self)
        source._sources = [part and part.unaugmented() for part in self._sources]
        return source

    def groups(self, user):
        """Return the group of each sample; warn, as `user`, where X has none."""
        groups = group_samples(self._X, self._columns, None, user)
        return pd.factorize(np.asarray(groups))[0]

    def present_by_column(self, images):
        """Yield each column and its images that are present."""
        for channel, column in enumerate(self._columns):
            column_images = images[..., [channel]]
            is_nan = np.isnan(self.missing)
            differs = ~np.isnan(column_images) if is_nan else column_images != 0
            yield column, column_images[differs.any(axis=(1, 2, 3))]


def hold_numbers(X, columns):
    """Return whether columns, given by position, hold numbers in place of paths.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str or list of int
        Columns that are given by name hold paths.

    Returns
    -------
    hold_numbers : bool
    """
    by_position = not any(isinstance(column, str) for column in columns)
    return by_position and all(holds_values(X[column]) for column in columns)


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
