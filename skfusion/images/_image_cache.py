"""Images that were decoded and resized once, stored on disk."""

import shutil

from .._store._row_store import RowStore

__all__ = ["ExactImageCache", "ImageCache"]

_KEPT_FREE = 0.1  # of the disk


class ImageCache(RowStore):
    """Cache of decoded and resized images, in an SQLite file that processes share.

    An image is stored in 8 bits, or in 16 with ``dtype="uint16"``, before any
    augmentation. Its key is a digest of the path, size and times of change of its file
    and of the settings with which it was read. The file holds no path, but it holds the
    images. Writers may be killed at any moment.

    Parameters
    ----------
    folder : str, Path or True, default=True
        Folder of the file. True is the folder ``images`` in the folder that the
        environment variable ``SKFUSION_HOME`` names, or in ``~/.cache/skfusion``
        without it. Missing folders are made for their owner alone; a folder that
        exists keeps its mode.

    max_bytes : int, default=None
        Largest number of bytes that the images take on the disk. If new images need
        room, those that were stored first are deleted. If None, the size is not
        limited. Choose more than all images that are read in one pass.

    Attributes
    ----------
    path : Path
        The file, ``images.sqlite``. Only its owner may read it.

    Raises
    ------
    OSError
        Raised by its methods where the file is not damaged but cannot be used: the
        disk is full, or the file is read-only. Models compute without it, and warn.

    Warns
    -----
    CacheWarning
        If the file is damaged, is a link, or was not written by skfusion. It is set
        aside, and a new file is begun.

    See Also
    --------
    ImageSource : Its parameter `image_cache` uses this class.
    skfusion.feature_extraction.FeatureCache : Cache of the features of a network.

    Notes
    -----
    An image of 8 bits takes about the square of its side in bytes: the 54,706 images of
    RSNA take 14.3 GB at 512 pixels. SQLite may leave up to 8 KiB beside each image
    unused, so that ``n_images * (side**2 + 8192)`` is a safe `max_bytes`, with
    ``2 * side**2`` for 16 bits. Images are read into memory a batch at a time.

    With `max_bytes` below the size of one pass over the images, each image is deleted
    before it is needed again: the results stay right, but nothing is saved. Processes
    that share the file may have bounds of their own, and each holds to its own bound
    when it writes. The room of deleted images is used for new ones; :meth:`clear`
    returns it to the disk.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.images import ImageSource, ImageCache
    >>> folder = tempfile.mkdtemp()
    >>> files = make_breast_images(4, folder=folder, random_state=0).data
    >>> source = ImageSource(files, image_size=32, image_cache=folder)
    >>> source[:2].shape, len(ImageCache(folder))
    ((2, 32, 32, 1), 2)

    With a bound, the images that were stored first are deleted:

    >>> bounded = ImageCache(tempfile.mkdtemp(), max_bytes=300_000)
    >>> source = ImageSource(files, image_size=256, image_cache=bounded)
    >>> for row in range(4):
    ...     image = source[[row]]
    >>> len(bounded)
    3
    """

    _name = "images"
    _dtype = "u1"
    is_exact = False


class ExactImageCache(ImageCache):
    """Cache of images as they are read, in four times the room of 8 bits.

    Studies use it for models without a cache: it changes no prediction. It leaves a
    tenth of the disk free.

    Raises
    ------
    OSError
        As by :class:`ImageCache`, and where less of the disk is free.
    """

    _name = "exact_images"
    _dtype = "<f4"
    is_exact = True

    def has_room(self):
        """Return whether more than a tenth of the disk of the folder is free."""
        disk = shutil.disk_usage(self.folder)
        return disk.free >= _KEPT_FREE * disk.total

    def claim(self, keys, n_most):
        """Claim rows, unless the disk is nearly full."""
        claimed = super().claim(keys, n_most)
        if self.has_room():
            return claimed
        self.release(claimed)
        raise OSError(f"less than {_KEPT_FREE:.0%} of the disk is free")
