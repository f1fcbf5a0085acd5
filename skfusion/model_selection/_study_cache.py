"""Caches that models without one get for the time of a study."""

import platform
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .._store._home import make_folder
from ..exceptions import CacheWarning, warn_user

__all__ = ["StudyCache", "cache_names", "preparing"]


@dataclass(frozen=True)
class StudyCache:
    """Folder of the caches of a study, for the processes of one computer.

    Attributes
    ----------
    folder : Path

    computer : str
        Name of the computer on which the folder is.

    threads : int, default=1
        Number of threads of each fit. The last digits of features depend on it, so that
        those of each number have a folder. Images do not depend on it.
    """

    folder: Path
    computer: str
    threads: int = 1

    def give(self, model, names):
        """Set the parameters for caches of a model, in place.

        Parameters
        ----------
        model : estimator

        names : list of str
            As `cache_names` returns them.
        """
        if platform.node() != self.computer or not self.folder.is_dir():
            return
        features = self.folder / f"threads-{self.threads}"
        caches = {name: features for name in names if not _is_of_images(name)}
        if len(caches) < len(names) and self.images.has_room():
            caches = {name: caches.get(name, self.images) for name in names}
        model.set_params(**caches)

    @property
    def images(self):
        """Cache of decoded images. A model has none while the disk is nearly full."""
        # Imported here, since many models read no images.
        from ..images._image_cache import ExactImageCache

        return ExactImageCache(self.folder)


def cache_names(estimator):
    """Return the parameters of a model that may take a cache and have none.

    They are `cache` of the extractors of features, whose images need no cache then, and
    `image_cache` of the networks, wherever they are inside of the model.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    names : list of str
    """
    if not hasattr(estimator, "get_params"):
        return []
    params = estimator.get_params(deep=True)
    names = []
    for name, value in params.items():
        owner, _, last = name.rpartition("__")
        if value is not None or last not in ("cache", "image_cache"):
            continue
        module = type(params[owner] if owner else estimator).__module__
        prefix = f"{owner}__" if owner else ""
        takes = last == "cache" or f"{prefix}cache" not in params
        if module.partition(".")[0] == "skfusion" and takes:
            names.append(name)
    return names


def _is_of_images(name):
    return name.endswith("image_cache")


@contextmanager
def preparing(estimators, store=None, threads=1):
    """Make the folder of the caches of a study, if a model takes one.

    Parameters
    ----------
    estimators : list of (str, estimator)

    store : StudyStore or None, default=None
        The caches stay in its folder. Without it they are in a temporary folder, which
        is removed at the end.

    threads : int, default=1
        Number of threads of each fit.

    Yields
    ------
    prepare : dict of str to callable or None
        For each model, the function that gives caches to a clone; None where it takes
        none, or where no folder can be made.
    """
    names = {name: cache_names(estimator) for name, estimator in estimators}
    with ExitStack() as stack:
        cache = None
        if any(names.values()):
            with suppress(OSError):  # such as on a full disk
                cache = StudyCache(_make(store, stack), platform.node(), threads)
                _warn_of_full_disk(cache, names.values())
        yield {
            name: partial(cache.give, names=found) if cache and found else None
            for name, found in names.items()
        }


def _warn_of_full_disk(cache, names):
    takes_images = any(_is_of_images(name) for found in names for name in found)
    if takes_images and not cache.images.has_room():
        warn_user(
            "Less than a tenth of the disk is free on which this study would keep the "
            "decoded images: they are decoded for every fit, with the same results. "
            "Free some room, or set the environment variable TMPDIR, or `store`, to a "
            "folder of another disk.",
            CacheWarning,
        )


def _make(store, stack):
    if store is not None:
        with suppress(OSError):  # the store warns of it
            folder = store.folder.absolute() / "caches"
            make_folder(folder)
            return folder
    temporary = tempfile.TemporaryDirectory(
        prefix="skfusion-", ignore_cleanup_errors=True
    )
    return Path(stack.enter_context(temporary))
