"""Features that were computed once, kept on disk."""

from .._store._row_store import RowStore

__all__ = ["FeatureCache"]


class FeatureCache(RowStore):
    """Features of images, kept in an SQLite file that processes share.

    A row is kept under a digest of what decides it: the pixels of an array, or the
    path, size and times of change of a file, and all settings. No path and no patient
    stands in the file. Writers may be killed at any moment.

    Parameters
    ----------
    folder : str, Path or True, default=True
        Where the file is. True is the folder ``features`` in the folder that the
        environment variable ``SKFUSION_HOME`` names, or else in
        ``~/.cache/skfusion``. Folders that are missing are made for their owner
        alone; one that exists keeps its mode.

    Attributes
    ----------
    path : Path
        The file, ``features.sqlite``. Only its owner may read it.

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
    CNNFeatureExtractor : Its parameter `cache` uses this.
    skfusion.images.ImageCache : Keeps the images themselves.

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
