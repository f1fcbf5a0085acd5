"""How the images of an ImageSource are read: from an array, a file or a cache."""

import copy
import math
import multiprocessing
import threading
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from .._store._compute_once import compute_once
from .._store._keys import digest, versions_of
from ..exceptions import ImageReadError
from ._augment import augment_image
from ._eight_bits import to_integers
from ._formats._signatures import is_compressed_dicom
from ._pixel_share import PixelShare
from ._read import read_shared
from ._worker_pool import can_isolate, stop_busy_workers

__all__ = [
    "ArrayReader",
    "CachedReader",
    "PathReader",
    "reading_versions",
    "with_channels",
]

# The code that turns a file into pixels. Raise the number when our part of it changes.
_READING = 1
_READING_PACKAGES = (
    "numpy",
    "Pillow",
    "pydicom",
    "pylibjpeg-openjpeg",
    "pylibjpeg-rle",
    "python-gdcm",
    "scipy",
)

# Smallest number of files for which starting worker processes is worth its time.
_WORTH_WORKERS = 8


def reading_versions():
    """Return the version of the code that reads images, as a part of a key."""
    return f"{_READING} {versions_of(*_READING_PACKAGES)}"


class PathReader:
    n_channels = 1
    is_scaled = True

    def __init__(self, table, min_side=None, isolated=False, crops=None):
        # A crop needs the full resolution of the file.
        self.min_side = min_side if crops is None else None
        self.isolated = isolated
        self.crops = crops
        self.paths = table["image"].to_numpy()
        self.seeds = _column(table, "augmentation", np.int64)
        self.inverted = _column(table, "inverted", bool)

    def __len__(self):
        return len(self.paths)

    def files(self, rows):
        """Yield the digest of the inputs of each image before augmentation."""
        for row in rows:
            path = self.paths[row]
            known = (str(Path(path).absolute()), *_file_status(path))
            crop = () if self.crops is None else ("crop", *self.crops.square(row))
            yield digest(*known, bool(self.inverted[row]), *crop)

    def identities(self):
        files = self.files(range(len(self)))
        return (digest(int(s), f) for s, f in zip(self.seeds, files, strict=True))

    def read(self, rows, finish):
        read_plain = self.plain_reader(rows, finish)
        return _in_threads(lambda row: self.augment(row, read_plain(row)), rows)

    def read_stored(self, rows, finish):
        """Return rows as a cache holds them in integers, or None without one."""
        return None

    def plain_reader(self, rows, finish):
        """Return the function that reads one row without augmentation.

        The decoders of compressed DICOM hold Python's lock, so that threads do not
        help: among many files, these are decoded in worker processes.
        """
        in_workers = len(rows) >= _WORTH_WORKERS and _has_free_cores()
        return partial(self._read_plain, finish=finish, in_workers=in_workers)

    def _read_plain(self, row, finish, in_workers):
        path = Path(self.paths[row])
        isolated = self.isolated or (
            in_workers and is_compressed_dicom(path) and can_isolate()
        )
        with PixelShare() as share:
            try:
                image = read_shared(path, 0, self.min_side, isolated, share)
                image = self._cut(row, image[..., np.newaxis])
            except ImageReadError as error:
                # Names of files repeat in folders, which are not shown: name the row.
                named = ImageReadError(f"Row {row} of X: {error}")
                named.row, named.reason = int(row), str(error)
                named.region = error.region
                named.path = self.paths[row]  # to find the row, not to be shown
                raise named from error
            return finish(image)

    def _cut(self, row, image):
        """Correct the polarity, then cut out the lesion: what is padded is black."""
        if self.inverted[row]:
            image = 1 - image
        return image if self.crops is None else self.crops.cut(row, image)

    def unaugmented(self):
        reader = copy.copy(self)
        reader.seeds = np.zeros_like(self.seeds)
        return reader

    def augment(self, row, image):
        """Augment one image at the size at which it is used, which is cheaper."""
        if not self.seeds[row]:
            return image
        return np.clip(augment_image(image, int(self.seeds[row])), 0, 1)


class CachedReader:
    """Read files once, and then from a cache."""

    n_channels = 1
    is_scaled = True

    def __init__(self, reader, cache, image_size, resize, dtype):
        if image_size is None:
            raise ValueError(
                "Expected an image_size: a cache stores images of one size. Got None."
            )
        self.reader = reader
        self.cache = cache
        self.shape = (image_size, image_size, 1)
        self.settings = (image_size, resize, reading_versions())
        self.dtype = np.dtype(dtype)
        if self.dtype.itemsize > 1 and not cache.is_exact:
            self.settings += (dtype,)

    def __len__(self):
        return len(self.reader)

    def identities(self):
        identities = self.reader.identities()
        if self.cache.is_exact:
            return identities
        # An image in few bits differs a little from the image of the file.
        depth = f"{8 * self.dtype.itemsize} bits"
        return (digest(depth, identity) for identity in identities)

    def unaugmented(self):
        reader = copy.copy(self)
        reader.reader = self.reader.unaugmented()
        return reader

    def read(self, rows, finish):
        images = self._read_plain(rows, finish).astype(np.float32)
        if not self.cache.is_exact:
            images /= np.float32(np.iinfo(self.dtype).max)
        for i in np.flatnonzero(self.reader.seeds[rows]):
            images[i] = self.reader.augment(rows[i], images[i])
        return images

    def read_stored(self, rows, finish):
        if self.cache.is_exact or self.reader.seeds[rows].any():
            return None
        return self._read_plain(np.arange(len(self))[rows], finish)

    def _read_plain(self, rows, finish):
        def compute(positions):
            missing = [rows[position] for position in positions]
            images = _in_threads(self.reader.plain_reader(missing, finish), missing)
            return self._to_rows(np.stack(images).reshape(len(missing), -1))

        keys = [digest(*self.settings, file) for file in self.reader.files(rows)]
        n = math.prod(self.shape)
        n = n if self.cache.is_exact else n * self.dtype.itemsize
        found = compute_once(self.cache, keys, compute, batch_size=len(rows), n=n)
        found = found if self.cache.is_exact else found.view(self.dtype)
        return found.reshape(-1, *self.shape)

    def _to_rows(self, images):
        """Return images as the cache takes them: floats, or the bytes of integers."""
        if self.cache.is_exact:
            return images
        return to_integers(images, self.dtype).view(np.uint8)


class ArrayReader:
    def __init__(self, images):
        self.images = images
        self.n_channels = images.shape[-1]
        self.is_scaled = images.dtype in (np.uint8, np.uint16)

    def __len__(self):
        return len(self.images)

    def unaugmented(self):
        return self

    def read_stored(self, rows, finish):
        return None

    def identities(self):
        for image in self.images:
            pixels = np.ascontiguousarray(image).tobytes()
            yield digest(image.shape, image.dtype.str, pixels)

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
    except (OSError, ValueError):  # reading it raises the error
        return ()
    # No user can set the last one: a copy that kept its time differs in it.
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _is_same(finish, image):
    return finish(image) is image


def with_channels(images, image_shape):
    if images.ndim == 2:
        images = images.reshape(len(images), *(image_shape or (1, -1)))
    return images if images.ndim == 4 else images[..., np.newaxis]


def _has_free_cores():
    """Return whether worker processes have cores, and this is not a worker itself."""
    return joblib.cpu_count() > 1 and multiprocessing.parent_process() is None


def _column(table, name, dtype):
    if name not in table.columns:
        return np.zeros(len(table), dtype=dtype)
    values = table[name]
    return np.where(pd.isna(values), 0, values).astype(dtype)


def _in_threads(function, items):
    """Apply a function to items in threads, for which Ctrl-C does not wait.

    Python would wait at its end for the threads of an executor.
    """
    threads = set()

    def call(item):
        threads.add(threading.get_ident())
        return function(item)

    pool = ThreadPool(joblib.cpu_count())
    try:
        return list(pool.imap(call, items))
    except KeyboardInterrupt:
        pool.terminate()
        stop_busy_workers(threads)
        raise
    finally:
        pool.terminate()
