"""Images that were decoded and resized once, kept on disk."""

from .._store._row_store import RowStore

__all__ = ["ImageCache"]


class ImageCache(RowStore):
    """Decoded and resized images, kept in an SQLite file that processes share.

    An image is kept in 8 bits, as it is before any augmentation, under a digest of
    its file's path, size and time of change and of the settings with which it was
    read. No path and no patient stands in the file; the images themselves do.
    Writers may be killed at any moment.

    Parameters
    ----------
    folder : str, Path or True, default=True
        Where the file is. True is the folder ``images`` in the folder that the
        environment variable ``SKFUSION_HOME`` names, or else in
        ``~/.cache/skfusion``. Folders that are missing are made for their owner
        alone; one that exists keeps its mode.

    Attributes
    ----------
    path : Path
        The file, ``images.sqlite``. Only its owner may read it.

    Raises
    ------
    OSError
        By its methods, where nothing is wrong with the file, but it cannot be used:
        the disk is full, or it must not be written. Models compute without it, and
        warn.

    Warns
    -----
    CacheWarning
        If the file is damaged, a link, or not one of ours. It is set aside, and a new
        one is begun.

    See Also
    --------
    ImageSource : Its parameter `store` uses this.
    skfusion.feature_extraction.FeatureCache : Keeps the features of a network.

    Notes
    -----
    An image takes the square of its side in bytes, so that the 54,706 images of RSNA
    take 14.3 GB at 512 pixels. Only what is read is in memory, a batch at a time; the
    system keeps as much of the file at hand as memory allows.

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
    """

    _name = "images"
    _dtype = "u1"
