"""Images of several columns, as the channels of one."""

import numpy as np
from tqdm.auto import tqdm

from .._validation._columns import is_present
from .._validation._samples import column_table
from ._batch_readers import to_uint8
from ._source import ImageSource

__all__ = ["ColumnsSource"]

_CHUNK = 256  # rows read at once when a whole set is


class ColumnsSource:
    """Images of several columns of X, a channel each; 0 where an image is missing.

    Parameters
    ----------
    X : DataFrame of shape (n_samples, n_columns)

    columns : list of str
        Columns of paths, one a modality.

    image_size, resize, image_cache, isolated
        As in :class:`~skfusion.images.ImageSource`.

    Attributes
    ----------
    n_channels : int
        Number of columns.
    """

    def __init__(
        self, X, columns, *, image_size, resize="pad", image_cache=None, isolated=False
    ):
        self.n_channels = len(columns)
        self._shape = (image_size, image_size, self.n_channels)
        there = [is_present(X[column]) for column in columns]
        # Row of each sample in the source of each column, -1 where it is missing.
        self._rows = [np.where(rows, np.cumsum(rows) - 1, -1) for rows in there]
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
            for column, rows in zip(columns, there, strict=True)
        ]

    def __len__(self):
        """Return the number of samples."""
        return len(self._rows[0])

    def __getitem__(self, rows):
        """Read some samples: float32 of shape (n_rows, height, width, n_channels)."""
        if isinstance(rows, slice):
            rows = range(*rows.indices(len(self)))
        images = np.zeros((len(rows), *self._shape), np.float32)
        for channel, own in enumerate(self._rows):
            wanted = own[np.asarray(rows)]
            there = np.flatnonzero(wanted >= 0)
            if len(there):
                found = self._sources[channel][wanted[there]]
                images[there, ..., channel] = found[..., 0]
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
