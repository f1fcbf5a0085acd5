"""How the images of an ImageSource are read: from an array or from files."""

import copy
import multiprocessing
from contextlib import contextmanager
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from .._store._keys import digest, versions_of
from ..exceptions import ImageReadError
from ._augment import augment_image
from ._eight_bits import from_integers
from ._formats._signatures import is_compressed_dicom
from ._in_threads import in_threads
from ._pixel_share import PixelShare
from ._read import read_shared
from ._worker_pool import can_isolate

__all__ = [
    "ArrayReader",
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
_CHUNK = 256  # rows of an array that are read at once
# Files that stay in memory for rows of the next batch, whatever a PixelShare admits:
# the last file of a batch, and the last one of the next batch.
_MOST_OPEN = 2


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
        self._opened = {}  # files whose other rows come in the next batch

    def __getstate__(self):
        """Return the state without open files, which cannot be pickled."""
        return vars(self) | {"_opened": {}}

    def __len__(self):
        return len(self.paths)

    def files(self, rows):
        """Yield the digest of the inputs of each image before augmentation."""
        for row in rows:
            path = self.paths[row]
            known = (str(Path(path).absolute()), *_file_status(path))
            yield digest(*known, bool(self.inverted[row]), *self._crop_key(row))

    def identities(self):
        files = self.files(range(len(self)))
        return (digest(int(s), f) for s, f in zip(self.seeds, files, strict=True))

    def read(self, rows, finish):
        images = [None] * len(rows)
        for positions, found in self.each(rows, finish, from_integers):
            for position, image in zip(positions, found, strict=True):
                images[position] = image
        return images

    def each(self, rows, finish, convert):
        """Yield positions in `rows`, of one file, and their images in a list."""
        files = self.by_file(rows)

        def read(positions):
            images = self.read_file(rows[positions], finish, len(files))
            return list(map(convert, images))

        return zip(files, in_threads(read, files), strict=True)

    def by_file(self, rows):
        """Return the positions in `rows` of each file, in the order of the files."""
        numbers = self.file_numbers(rows)
        order = np.argsort(numbers, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)

    def file_numbers(self, rows):
        """Return a number for each row, equal for rows of one file."""
        return 2 * pd.factorize(self.paths[rows])[0] + self.inverted[rows]

    def read_file(self, rows, finish, n_files):
        """Decode a file once, and return the image of each of its rows.

        Parameters
        ----------
        rows : sequence of int
            Rows of one file.

        finish : callable
            Takes an image before its augmentation.

        n_files : int
            Number of files that are read. The decoders of compressed DICOM hold
            Python's lock, so that threads do not help: among many files, these are
            decoded in worker processes.

        Returns
        -------
        images : list
            What `finish` returned for each row, augmented.
        """
        in_workers = n_files >= _WORTH_WORKERS and _has_free_cores()
        keys, finished = [self._crop_key(row) for row in rows], {}
        with PixelShare() as share:
            with self._naming(rows[0]):
                cut = self._cutter(rows, in_workers, share)
            for row, key in zip(rows, keys, strict=True):
                if key not in finished:
                    with self._naming(row):
                        part = cut(row)
                    finished[key] = finish(part)
        found = map(finished.__getitem__, keys)
        return list(map(self.augment, rows, found))

    def _cutter(self, rows, in_workers, share):
        """Return the function that cuts rows out of their file.

        A file whose next row comes in the next batch stays open until then.
        """
        file, last = self._file(rows[0]), max(rows)
        cut = self._opened.pop(file, None) or self._open(rows[0], in_workers, share)
        goes_on = last + 1 < len(self) and self._file(last + 1) == file
        if goes_on and self.crops is not None:
            self._opened[file] = cut
            for oldest in list(self._opened)[:-_MOST_OPEN]:
                self._opened.pop(oldest, None)
        return cut

    def _file(self, row):
        return self.paths[row], bool(self.inverted[row])

    def _open(self, row, in_workers, share):
        """Decode the file of a row, and return the function that cuts rows out of it.

        The polarity is corrected first: what is padded is black.
        """
        path = Path(self.paths[row])
        isolated = self.isolated or (
            in_workers and is_compressed_dicom(path) and can_isolate()
        )
        image = read_shared(path, 0, self.min_side, isolated, share)[..., np.newaxis]
        if self.inverted[row]:
            image = 1 - image
        return (lambda _: image) if self.crops is None else self.crops.cutter(image)

    def _crop_key(self, row):
        return () if self.crops is None else self.crops.key(row)

    @contextmanager
    def _naming(self, row):
        """Name the row in errors: names of files repeat in folders, never shown."""
        try:
            yield
        except ImageReadError as error:
            named = ImageReadError(f"Row {row} of X: {error}")
            named.row, named.reason = int(row), str(error)
            named.region = error.region
            named.path = self.paths[row]  # to find the row, not to be shown
            raise named from error

    def unaugmented(self):
        reader = copy.copy(self)
        reader.seeds = np.zeros_like(self.seeds)
        return reader

    def augment(self, row, image):
        """Augment one image at the size at which it is used, which is cheaper."""
        if not self.seeds[row]:
            return image
        return np.clip(augment_image(image, int(self.seeds[row])), 0, 1)


class ArrayReader:
    def __init__(self, images, crops=None):
        self.images = images
        self.crops = crops
        self.n_channels = images.shape[-1]
        self.is_scaled = images.dtype in (np.uint8, np.uint16)

    def __len__(self):
        return len(self.images)

    def unaugmented(self):
        return self

    def identities(self):
        for row, image in enumerate(self.images):
            pixels = np.ascontiguousarray(image).tobytes()
            crop = () if self.crops is None else self.crops.key(row)
            yield digest(image.shape, image.dtype.str, pixels, *crop)

    def read(self, rows, finish):
        images = self.images[rows]
        scale = np.iinfo(images.dtype).max if self.is_scaled else 1
        images = images.astype(np.float32)
        if self.is_scaled:
            images /= np.float32(scale)
        if self.crops is not None:
            pairs = zip(rows, images, strict=True)
            images = [self.crops.cutter(image)(row) for row, image in pairs]
        elif len(images) == 0 or _is_same(finish, images[0]):
            return images
        return list(in_threads(finish, images))

    def each(self, rows, finish, convert):
        """Yield positions in `rows`, and their images."""
        for start in range(0, len(rows), _CHUNK):
            positions = np.arange(start, min(start + _CHUNK, len(rows)))
            images = self.read(rows[positions], finish)
            yield positions, list(map(convert, images))


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
