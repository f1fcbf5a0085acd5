"""Images of several columns, as the channels of one."""

import copy

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from .._validation._columns import is_present
from .._validation._samples import column_table, group_samples
from ._eight_bits import to_uint8
from ._source import ImageSource

__all__ = ["SampleSource"]

_CHUNK = 256  # rows read at once when a whole set is


class SampleSource:
    """Images of several columns of X, one channel each; 0 where an image is missing.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str
        Columns of paths, one for each modality.

    image_size, resize, image_cache, isolated
        The same as in :class:`~skfusion.images.ImageSource`.

    Attributes
    ----------
    n_channels : int
        Number of columns.

    channels_are_images : bool
        True: each channel is an image, which may be missing.
    """

    channels_are_images = True

    def __init__(
        self, X, columns, *, image_size, resize="pad", image_cache=None, isolated=False
    ):
        self.n_channels = len(columns)
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
            ImageSource(column_table(X, column, columns), **settings)
            if rows.any()
            else None
            for column, rows in zip(columns, present, strict=True)
        ]

    def __len__(self):
        """Return the number of samples."""
        return len(self._rows[0])

    def __getitem__(self, rows):
        """Read some samples: float32 of shape (n_rows, height, width, n_channels)."""
        if isinstance(rows, slice):
            rows = range(*rows.indices(len(self)))
        images = np.zeros((len(rows), *self._shape), np.float32)
        for channel, column_rows in enumerate(self._rows):
            wanted = column_rows[np.asarray(rows)]
            present = np.flatnonzero(wanted >= 0)
            if len(present):
                found = self._sources[channel][wanted[present]]
                images[present, ..., channel] = found[..., 0]
        return images

    def to_array(self, *, verbose=0):
        """Read all samples: uint8 of shape (n_samples, height, width, n_channels)."""
        images = np.empty((len(self), *self._shape), np.uint8)
        total, disable = len(self), not verbose
        with tqdm(desc="samples", total=total, leave=False, disable=disable) as bar:
            for start in range(0, len(self), _CHUNK):
                chunk = self[start : start + _CHUNK]
                images[start : start + _CHUNK] = to_uint8(chunk)
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
        """Yield each column and its images that are not black throughout."""
        for channel, column in enumerate(self._columns):
            column_images = images[..., [channel]]
            yield column, column_images[column_images.any(axis=(1, 2, 3))]
