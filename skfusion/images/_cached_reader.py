"""How the images of an ImageSource are read from a cache, which is filled meanwhile."""

import copy
import math

import numpy as np

from .._store._compute_once import each_once, fill_once
from .._store._keys import digest
from ._batch_readers import reading_versions
from ._eight_bits import from_uint8, to_uint8
from ._in_threads import in_threads

__all__ = ["CachedReader"]

# Images that are claimed and written at once: few are lost where a process is killed.
_WRITTEN = 32
_MOST_UNUSED = 2**13  # bytes that SQLite leaves unused beside an image: half a page


class CachedReader:
    """Read files once, and then from a cache."""

    n_channels = 1
    is_scaled = True

    def __init__(self, reader, cache, image_size, resize):
        if image_size is None:
            raise ValueError(
                "Expected an image_size: a cache stores images of one size. Got None."
            )
        self.reader = reader
        self.cache = cache
        self.shape = (image_size, image_size, 1)
        self.settings = (image_size, resize, reading_versions())
        self._plain = reader.unaugmented()

    def __len__(self):
        return len(self.reader)

    def identities(self):
        identities = self.reader.identities()
        if self.cache.is_exact:
            return identities
        # An image in 8 bits differs a little from the image of the file.
        return (digest("8 bits", identity) for identity in identities)

    def unaugmented(self):
        reader = copy.copy(self)
        reader.reader = self.reader.unaugmented()
        return reader

    def read(self, rows, finish):
        images = np.empty((len(rows), *self.shape), np.float32)
        for positions, found in self.each(rows, finish, from_uint8):
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
            n=math.prod(self.shape),
            together=self.reader.file_numbers(rows),
        )
        for positions, image in found:
            image = image.reshape(self.shape)
            yield positions, [convert(self._augment(rows[p], image)) for p in positions]

    def fill(self, rows, finish):
        """Store images that are missing; yield positions in `rows` of each image."""
        keys = self._keys(rows)
        self._check_bound(len(set(keys)))
        together = self.reader.file_numbers(rows)
        compute = self._computer(rows, finish)
        return fill_once(self.cache, keys, compute, _WRITTEN, together=together)

    def _keys(self, rows):
        return [digest(*self.settings, file) for file in self.reader.files(rows)]

    def _check_bound(self, n_images):
        """Raise an error where the cache would delete images while it is filled."""
        bound = self.cache.max_bytes
        n_bytes = math.prod(self.shape) * np.dtype(self.cache.dtype).itemsize
        needed = n_images * (n_bytes + _MOST_UNUSED)
        if bound is not None and bound < needed:
            raise ValueError(
                f"Expected max_bytes of at least {needed:.3g} for {n_images} images of "
                f"{self.shape[0]} pixels. Got {bound:.3g}. The cache would delete the "
                "first images before the last ones are stored: raise max_bytes, or "
                "reduce image_size."
            )

    def _computer(self, rows, finish):
        """Return the function that decodes batches of positions in `rows`."""

        def read(task):
            images = self._plain.read_file(*task)
            return images if self.cache.is_exact else list(map(to_uint8, images))

        def tasks(batches):
            n_files = 0  # so far: how many more are missing is not known
            for batch in batches:
                files = self._plain.by_file(rows[batch])
                n_files += len(files)
                for file in files:
                    yield rows[batch[file]], finish, n_files

        def compute(batches):
            for images in in_threads(read, tasks(batches)):
                yield from (image.ravel() for image in images)

        return compute

    def _augment(self, row, image):
        if not self.reader.seeds[row]:
            return image
        return self.reader.augment(row, from_uint8(image))
