"""Features that were computed once, stored on disk."""

from .._store._row_store import RowStore

__all__ = ["FeatureCache"]


class FeatureCache(RowStore):
    """Cache of the features of images, in an SQLite file that processes share.

    The key of a row is a digest of the pixels of an array, or of the path, size and
    times of change of a file, and of all settings. The file holds no path and no
    patient. Writers may be killed at any moment.

    Parameters
    ----------
    folder : str, Path or True, default=True
        Folder of the file. True is the folder ``features`` in the folder that the
        environment variable ``SKFUSION_HOME`` names, or in ``~/.cache/skfusion``
        without it. Missing folders are made for their owner alone; a folder that
        exists keeps its mode.

    max_bytes : int, default=None
        Largest number of bytes that the features take on the disk. If new features need
        room, those that were stored first are deleted. If None, the size is not
        limited.

    Attributes
    ----------
    path : Path
        The file, ``features.sqlite``. Only its owner may read it.

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
    CNNFeatureExtractor : Its parameter `cache` uses this class.
    skfusion.images.ImageCache : Cache of the images themselves.

    Notes
    -----
    The file is for the processes of one computer: SQLite's locks do not hold on
    many network file systems.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.feature_extraction import FeatureCache
    >>> FeatureCache(tempfile.mkdtemp())
    <FeatureCache 'features.sqlite': 0 rows, 0.0 MB>
    """

    _name = "features"
    _dtype = "<f4"
