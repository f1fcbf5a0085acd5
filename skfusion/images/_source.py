"""Images of X that are read when they are needed."""

from functools import partial

import numpy as np
from tqdm.auto import tqdm

from .._store._keys import digest
from .._validation._image_table import holds_paths, image_table
from ._batch_readers import (
    ArrayReader,
    PathReader,
    reading_versions,
    with_channels,
)
from ._cached_reader import CachedReader
from ._crop import find_crops
from ._eight_bits import to_integers
from ._image_cache import ImageCache
from ._resize import resize_image

__all__ = ["ImageSource"]


class ImageSource:
    """Images of any form of X, which are read when they are needed.

    Paths are decoded in parallel threads (compressed DICOM among eight or more files
    in worker processes), a batch at a time, so that the batch and not the data set
    limits the memory. All files that are decoded at once have no more pixels than the
    largest image may have. Ctrl-C ends reading at once.

    A column ``augmentation`` holds the seed of the augmentation with which a row is
    read (0: none). A column ``inverted`` marks rows whose polarity is wrong in their
    file.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        Paths of images, or their pixels: an array of shape (n_samples, height,
        width) or (n_samples, height, width, n_channels). uint8 and uint16 are
        scaled to [0, 1], other numbers are taken as they are.

    image_shape : tuple of (height, width[, n_channels]), default=None
        Shape of each image where X is a 2-D numeric array of flattened images. If None,
        each of its rows is an image one pixel high.

    image_size : int, default=None
        Side in pixels of the square to which images are resized. If None, they keep
        their size, and the images of one batch must have the same size.

    resize : {"pad", "stretch"}, default="pad"
        "pad" keeps the aspect ratio and fills with 0; "stretch" does not.

    image_cache : True, str, Path, ImageCache or None, default=None
        An :class:`ImageCache` or its folder, which stores decoded and resized files in
        the depth of `dtype`, so that they are decoded once. True is the default folder.
        Arrays are not stored.

    isolated : bool, default=False
        Whether files are decoded in worker processes, as by
        ``read_image(isolated=True)``. Use it for files of unknown origin. It changes no
        pixel, and costs a copy of each image.

    region : {"image", "breast", "lesion"}, default="image"
        What is read of each image, in full resolution and before it is resized. "image"
        is the whole image.

        "breast" is the box of the largest bright part, which is the breast in a
        mammogram. An image without one is read whole, and so is a row that has another
        modality than "mammography" in the column ``modality``. If X has a column
        ``patch``, it holds the place of each row in a grid over the breast, such as
        ``"0,2 of 4,3"``, and this patch is read (see
        :class:`~skfusion.fusion.PatchClassifier`).

        "lesion" is the square around the lesion, whose box is in the column ``region``
        of X as text, ``"x0,y0,x1,y1"`` in pixels of the file. It is padded with 0
        beyond the edge of the image.

    margin : float, default=0.3
        Width of the margin on each side of the lesion, as a fraction of the longer side
        of its box. It has an effect with ``region="lesion"`` alone.

    dtype : {"uint8", "uint16"}, default="uint8"
        Depth in which an image cache stores images, and in which :meth:`read_pixels`
        and :meth:`to_array` return them. "uint16" takes twice the room, and keeps the
        12 to 16 bits of a mammogram.

    Attributes
    ----------
    n_channels : int
        Number of channels of each image; 1 for paths.

    Raises
    ------
    ValueError
        If `region` is "lesion" and X has no column ``region``, or no box in a row. If
        `region` is "breast" and the column ``patch`` does not hold places. If `dtype`
        is neither "uint8" nor "uint16".

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

    def __init__(
        self,
        X,
        *,
        image_shape=None,
        image_size=None,
        resize="pad",
        image_cache=None,
        isolated=False,
        region="image",
        margin=0.3,
        dtype="uint8",
    ):
        if dtype not in ("uint8", "uint16"):
            raise ValueError(
                f"The 'dtype' parameter must be 'uint8' or 'uint16'. Got {dtype!r} "
                "instead."
            )
        self.image_size = image_size
        self.resize = resize
        self.dtype = dtype
        if not holds_paths(X):
            self._X = with_channels(np.asarray(X), image_shape)
            crops = find_crops(self._X, region, margin)
            self._reader = ArrayReader(self._X, crops)
        else:
            self._X = image_table(X)
            crops = find_crops(self._X, region, margin)
            self._reader = PathReader(self._X, image_size, isolated, crops)
            if image_cache is not None:
                is_cache = isinstance(image_cache, ImageCache)  # that of a study
                cache = image_cache if is_cache else ImageCache(image_cache)
                self._reader = self._cached(cache)
        self.n_channels = self._reader.n_channels

    def _cached(self, cache):
        """Return a reader that stores what this source reads."""
        return CachedReader(
            self._reader, cache, self.image_size, self.resize, self.dtype
        )

    def __len__(self):
        """Return the number of images."""
        return len(self._reader)

    def __getitem__(self, rows):
        """Read images.

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
            If a file cannot be read, or a box goes beyond its image by more than one
            pixel.

        ValueError
            If `image_size` is None and the images differ in size.
        """
        images = self._reader.read(self._to_numbers(rows), self._fit_square)
        _check_shapes({image.shape for image in images})
        return images if isinstance(images, np.ndarray) else np.stack(images)

    def read_pixels(self, rows, report=None):
        """Read images in the form in which they are kept for training.

        Parameters
        ----------
        rows : array-like of int, or slice
            Rows of X.

        report : callable, default=None
            Called after each file with the number of images that were read from it.

        Returns
        -------
        images : ndarray of shape (n_rows, height, width, n_channels)
            For paths, uint8 and uint16, of the parameter `dtype`, from 0 to its
            greatest number: uint8 takes a quarter of the memory of floats. float32 for
            other numbers.

        Raises
        ------
        ImageReadError, ValueError
            As where images are read by their rows.
        """
        rows, pixels = self._to_numbers(rows), None
        convert = np.asarray
        if self._reader.is_scaled:
            convert = partial(to_integers, dtype=self.dtype)
        for found in self._reader.each(rows, self._fit_square, convert):
            for position, image in zip(*found, strict=True):
                if pixels is None:
                    pixels = np.empty((len(rows), *image.shape), image.dtype)
                _check_shapes({pixels.shape[1:], image.shape})
                pixels[position] = image
            if report is not None:
                report(len(found[0]))
        return convert(self[:0]) if pixels is None else pixels

    def to_array(self, *, verbose=0):
        """Read and resize all images.

        Parameters
        ----------
        verbose : int, default=0
            1 shows a progress bar.

        Returns
        -------
        images : ndarray of shape (n_samples, height, width, n_channels)
            In the form of :meth:`read_pixels`.
        """
        with self._bar(verbose) as bar:
            return self.read_pixels(slice(None), bar.update)

    def _to_numbers(self, rows):
        if isinstance(rows, slice):
            return np.arange(*rows.indices(len(self)))
        return np.asarray(rows)

    def fill_cache(self, *, verbose=0):
        """Decode all images that the cache does not hold, and store them.

        All cores decode, and images are written while others are decoded. If the
        process is killed, call the method again: images that were stored are not
        decoded again. Processes that fill one cache at the same time share the work.

        Parameters
        ----------
        verbose : int, default=0
            1 shows a progress bar.

        Returns
        -------
        self : ImageSource

        Raises
        ------
        ValueError
            If the source has no `image_cache`, or one whose `max_bytes` is too small
            for all images.

        ImageReadError
            If a file cannot be read. Images that were written before stay stored.

        OSError
            If the cache cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> from skfusion.datasets import make_breast_images
        >>> from skfusion.images import ImageSource, ImageCache
        >>> folder = tempfile.mkdtemp()
        >>> X = make_breast_images(6, folder=folder, random_state=0).data
        >>> source = ImageSource(X, image_size=32, image_cache=folder).fill_cache()
        >>> len(ImageCache(folder))
        6
        """
        if not isinstance(self._reader, CachedReader):
            is_array = isinstance(self._reader, ArrayReader)
            found = "arrays" if is_array else "files, without an image_cache"
            raise ValueError(
                "Expected a source with an image_cache, which is filled. Got one of "
                f"{found}. Pass paths and image_cache to ImageSource."
            )
        rows = np.arange(len(self))
        with self._reader.noting_interrupts(rows), self._bar(verbose) as bar:
            for positions in self._reader.fill(rows, self._fit_square):
                bar.update(len(positions))
        return self

    def _bar(self, verbose):
        return tqdm(desc="images", total=len(self), leave=False, disable=not verbose)

    def digests(self):
        """Return the digest of the inputs of each image.

        A file counts by its path, size and times of change: it is not read.

        Returns
        -------
        digests : list of bytes
            16 bytes for each image, from which no path can be read.
        """
        settings = (self.image_size, self.resize, reading_versions())
        return [digest(*settings, image) for image in self._reader.identities()]

    def _fit_square(self, image):
        if self.image_size is None:
            return image
        return resize_image(image, self.image_size, self.resize)


def _check_shapes(shapes):
    if len(shapes) > 1:
        raise ValueError(
            "Expected images of one shape, or an image_size. Got the shapes "
            f"{sorted(shapes)[:3]!r} and no image_size."
        )
