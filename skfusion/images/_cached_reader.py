"""How the images of an ImageSource are read from a cache, which is filled meanwhile."""

import copy
import math
from contextlib import contextmanager, suppress

import numpy as np

from .._store._compute_once import each_once, fill_once
from .._store._keys import digest
from ._batch_readers import reading_versions
from ._eight_bits import from_integers, to_integers
from ._in_threads import in_threads

__all__ = ["CachedReader"]

# Images that are claimed and written at once: few are lost where a process is killed.
_WRITTEN = 32
_MOST_UNUSED = 2**13  # bytes that SQLite leaves unused beside an image: half a page


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
        # A row of the cache has its floats, or bytes, two of which are one of 16 bits.
        self.dtype = np.dtype(cache.dtype if cache.is_exact else dtype)
        if self.dtype == np.uint16:
            self.settings += (dtype,)
        self._plain = reader.unaugmented()

    @property
    def _n_bytes(self):
        return math.prod(self.shape) * self.dtype.itemsize

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
        images = np.empty((len(rows), *self.shape), np.float32)
        for positions, found in self.each(rows, finish, from_integers):
            for position, image in zip(positions, found, strict=True):
                images[position] = image
        return images

    def each(self, rows, finish, convert):
        """Yield positions in `rows`, of one image, and their images in a list."""
        found = each_once(
            self.cache,
            self._keys(rows),
            self._computer(rows, finish),
            _WRITTEN,
            n=self._n_bytes // np.dtype(self.cache.dtype).itemsize,
            together=self.reader.file_numbers(rows),
        )
        for positions, image in found:
            image = image.view(self.dtype).reshape(self.shape)
            yield positions, [convert(self._augment(rows[p], image)) for p in positions]

    def fill(self, rows, finish):
        """Store images that are missing; yield positions in `rows` of each image."""
        keys = self._keys(rows)
        self._make_room(set(keys))
        together = self.reader.file_numbers(rows)
        compute = self._computer(rows, finish)
        return fill_once(self.cache, keys, compute, _WRITTEN, together=together)

    @contextmanager
    def noting_interrupts(self, rows):
        """Add to a ``KeyboardInterrupt`` how many images are stored."""
        try:
            yield
        except KeyboardInterrupt as error:
            with suppress(OSError):
                keys = set(self._keys(rows))
                error.add_note(
                    f"{len(self.cache.stored(keys))} of {len(keys)} images are stored. "
                    "The same call continues."
                )
            raise

    def _keys(self, rows):
        return [digest(*self.settings, file) for file in self.reader.files(rows)]

    def _make_room(self, keys):
        """Make room for images, so that none is deleted while others are stored."""
        bound, n_images = self.cache.max_bytes, len(keys)
        if bound is None:
            return
        size = self._n_bytes + _MOST_UNUSED
        if bound < n_images * size:
            raise ValueError(
                f"Expected max_bytes of at least {n_images * size:.3g} for {n_images} "
                f"images of {self.shape[0]} pixels. Got {bound:.3g}. The cache would "
                "delete the first images before the last ones are stored: raise "
                "max_bytes, or reduce image_size."
            )
        n_missing = n_images - len(self.cache.stored(keys))
        self.cache.make_room(n_missing * size, keys)

    def _computer(self, rows, finish):
        """Return the function that decodes batches of positions in `rows`."""

        def read(task):
            images = self._plain.read_file(*task)
            if self.cache.is_exact:
                return images
            return [to_integers(image, self.dtype) for image in images]

        def tasks(batches):
            n_files = 0  # so far: how many more are missing is not known
            for batch in batches:
                files = self._plain.by_file(rows[batch])
                n_files += len(files)
                for file in files:
                    yield rows[batch[file]], finish, n_files

        def compute(batches):
            for images in in_threads(read, tasks(batches)):
                yield from (image.ravel().view(self.cache.dtype) for image in images)

        return compute

    def _augment(self, row, image):
        if not self.reader.seeds[row]:
            return image
        return self.reader.augment(row, from_integers(image))
