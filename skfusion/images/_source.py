"""The lazy form of X."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from .._validation import holds_paths, image_table
from ._augment import augment_image
from ._read import read_image
from ._resize import resize_image

__all__ = ["ImageSource"]

_CHUNK = 256  # rows decoded at once when a whole set is read


class ImageSource:
    """Images of any form of X, read when they are asked for.

    Paths are decoded in parallel threads, a batch at a time, so that memory is
    bounded by the batch and not by the data set. A column ``augmentation`` is the
    seed of the augmentation with which a row is read (0: as it is); a column
    ``inverted`` marks rows whose polarity is wrong in the file.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        Paths of images, or their pixels: an array of shape (n_samples, height,
        width) or (n_samples, height, width, n_channels). uint8 and uint16 are
        scaled to [0, 1], other numbers are taken as they are.

    image_shape : tuple of (height, width[, n_channels]), default=None
        Shape of the images when X is a 2-D numeric array of flattened ones. If
        None, each of its rows is an image one pixel high.

    image_size : int, default=None
        Side in pixels of the square to which each image is resized. If None,
        images keep their size, and those of one batch must agree.

    resize : {"pad", "stretch"}, default="pad"
        "pad" keeps the aspect ratio and fills with 0; "stretch" does not.

    Attributes
    ----------
    n_channels : int
        Number of channels of each image; 1 for paths.

    See Also
    --------
    read_image : Read one file.
    scan_images : Find the images of a folder.

    Examples
    --------
    >>> import numpy as np
    >>> from skfusion.images import ImageSource
    >>> source = ImageSource(np.full((5, 20, 10), 255, np.uint8), image_size=8)
    >>> len(source), source[[0, 3]].shape
    (5, (2, 8, 8, 1))
    """

    def __init__(self, X, *, image_shape=None, image_size=None, resize="pad"):
        self.image_size = image_size
        self.resize = resize
        if holds_paths(X):
            self._reader = _PathReader(image_table(X))
        else:
            self._reader = _ArrayReader(_with_channels(np.asarray(X), image_shape))
        self.n_channels = self._reader.n_channels

    def __len__(self):
        """Return the number of images."""
        return len(self._reader)

    def __getitem__(self, rows):
        """Read some images.

        Parameters
        ----------
        rows : array-like of int, or slice
            Rows of X.

        Returns
        -------
        images : ndarray of shape (n_rows, height, width, n_channels), dtype float32
            In [0, 1] for paths, uint8 and uint16.

        Raises
        ------
        ImageReadError
            If a file cannot be read.

        ValueError
            If `image_size` is None and the images differ in size.
        """
        if isinstance(rows, slice):
            rows = range(*rows.indices(len(self)))
        images = self._reader.read(np.asarray(rows), self._fit_square)
        if len({image.shape for image in images}) > 1:
            raise ValueError(
                "Expected images of one shape, or an image_size. Got the shapes "
                f"{sorted({image.shape for image in images})[:3]!r} and no image_size."
            )
        return images if isinstance(images, np.ndarray) else np.stack(images)

    def to_array(self):
        """Read and resize all images.

        Returns
        -------
        images : ndarray of shape (n_samples, height, width, n_channels)
            uint8 in [0, 255] for paths, uint8 and uint16, a quarter of the memory;
            float32 for other numbers.
        """
        chunks = []
        for start in range(0, len(self), _CHUNK):
            chunk = self[start : start + _CHUNK]
            chunks.append(_to_uint8(chunk) if self._reader.is_scaled else chunk)
        return np.concatenate(chunks)

    def digests(self):
        """Digest of all that decides each image, as it comes out of here.

        A file is known by its path, size and time of change: it is not read.

        Returns
        -------
        digests : list of bytes
            16 bytes each, from which no path can be read.
        """
        settings = repr((self.image_size, self.resize)).encode()
        identities = self._reader.identities()
        return [blake2b(settings + i, digest_size=16).digest() for i in identities]

    def _fit_square(self, image):
        if self.image_size is None:
            return image
        return resize_image(image, self.image_size, self.resize)


class _PathReader:
    n_channels = 1
    is_scaled = True

    def __init__(self, table):
        self.paths = table["image"].to_numpy()
        self.seeds = _column(table, "augmentation", np.int64)
        self.inverted = _column(table, "inverted", bool)

    def __len__(self):
        return len(self.paths)

    def identities(self):
        columns = zip(self.paths, self.seeds, self.inverted, strict=True)
        for path, seed, inverted in columns:
            known = (str(Path(path).absolute()), _file_status(path))
            yield repr((*known, int(seed), bool(inverted))).encode()

    def read(self, rows, finish):
        return _in_threads(lambda row: self._read_row(row, finish), rows)

    def _read_row(self, row, finish):
        image = read_image(Path(self.paths[row]))
        if self.inverted[row]:
            image = 1 - image
        # Augmented at the size at which it is used: cheaper, and the same picture.
        image = finish(image[..., np.newaxis])
        if self.seeds[row]:
            image = np.clip(augment_image(image, int(self.seeds[row])), 0, 1)
        return image


class _ArrayReader:
    def __init__(self, images):
        self.images = images
        self.n_channels = images.shape[-1]
        self.is_scaled = images.dtype in (np.uint8, np.uint16)

    def __len__(self):
        return len(self.images)

    def identities(self):
        for image in self.images:
            kind = repr((image.shape, image.dtype.str)).encode()
            yield kind + np.ascontiguousarray(image).tobytes()

    def read(self, rows, finish):
        images = self.images[rows]
        scale = np.iinfo(images.dtype).max if self.is_scaled else 1
        images = images.astype(np.float32)
        if self.is_scaled:
            images /= np.float32(scale)
        if len(images) == 0 or _is_same(finish, images[0]):
            return images
        return _in_threads(finish, images)


def _file_status(path):
    try:
        status = Path(path).stat()
    except OSError:  # reading it will say what is wrong
        return None
    return status.st_size, status.st_mtime_ns


def _is_same(finish, image):
    return finish(image) is image


def _with_channels(images, image_shape):
    if images.ndim == 2:
        images = images.reshape(len(images), *(image_shape or (1, -1)))
    return images if images.ndim == 4 else images[..., np.newaxis]


def _column(table, name, dtype):
    if name not in table.columns:
        return np.zeros(len(table), dtype=dtype)
    values = table[name]
    return np.where(pd.isna(values), 0, values).astype(dtype)


def _in_threads(function, items):
    with ThreadPoolExecutor(joblib.cpu_count()) as pool:
        return list(pool.map(function, items))


def _to_uint8(images):
    return np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
