"""Keys of the fits of a study: digests of everything that they depend on."""

from collections import Counter
from importlib.metadata import version

from sklearn import get_config

from .. import __version__
from .._store._keys import digest
from ._data_digest import data_digest
from ._identity import array_digest, identify

__all__ = ["fold_keys"]

# Raise it when our code computes other results: those in stores are not used then.
_COMPUTING = 2
_PACKAGES = (
    "imbalanced-learn",
    "numpy",
    "pandas",
    "Pillow",
    "pydicom",
    "pylibjpeg-openjpeg",
    "pylibjpeg-rle",
    "python-gdcm",
    "scikit-learn",
    "scipy",
    "skorch",
    "torch",
    "torchvision",
)
_SETTINGS = ("array_api_dispatch", "enable_metadata_routing", "transform_output")


def fold_keys(estimators, data, scorer=None):
    """Return the key of each fit of a study.

    Parameters
    ----------
    estimators : list of (str, classifier)
        The names do not count. The second of two equal models has keys of its own,
        because random models differ.

    data : CheckedData

    scorer : callable, default=None

    Returns
    -------
    keys : dict of (str, int) to bytes
        By the name of the model and the number of the fold.

    Raises
    ------
    ValueError
        If a parameter cannot be compared with those of a store.
    """
    settings = [get_config()[name] for name in _SETTINGS]
    settings.append(f"{data.threads_per_fit} threads")
    common = digest(
        _COMPUTING, *_versions(), *settings, data_digest(data), _identify(scorer)
    )
    splits = [
        digest(array_digest(train, None), array_digest(test, None))
        for train, test in data.splits
    ]
    keys, counts = {}, Counter()
    for name, estimator in estimators:
        model = digest(identify(estimator, name), _hardware(estimator))
        for fold, split in enumerate(splits):
            counts[model, split] += 1
            keys[name, fold] = digest(common, model, split, counts[model, split])
    return keys


def _hardware(estimator):
    """What "auto" stands for on this computer, for models that run on a device."""
    parameters = getattr(estimator, "get_params", dict)()
    if not any(name.rpartition("__")[2] == "device" for name in parameters):
        return ""
    # Imported here, since many models need no torch.
    from .._engine import resolve_device
    from .._engine._device import trains_in_bfloat16

    device = resolve_device("auto")
    use_bfloat16 = trains_in_bfloat16("auto", device)
    return f"{device.type} {use_bfloat16}"


def _identify(scorer):
    return identify(scorer, "scoring")


def _versions():
    return [__version__, *(f"{name} {version(name)}" for name in _PACKAGES)]
