"""BreastMNIST: the images of BUSI, small and with an official split."""

from importlib.resources import files
from numbers import Integral
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from .._store._home import home_folder
from .._validation._columns import GROUP, MODALITY
from .._validation._private import Options, validate_params
from ..exceptions import DatasetNotFoundError
from ._busi import busi_families
from ._descr import read_descr
from ._download import download_file
from ._npz import read_npz

__all__ = ["fetch_breastmnist", "load_breastmnist"]

_NAME = "breastmnist.npz"
_URL = "https://zenodo.org/records/10519652/files/{}?download=1"
# Of the publisher's package medmnist, version 3.
_FILES = {
    28: (_NAME, "750601b1f35ba3300ea97c75c52ff8f6"),
    64: ("breastmnist_64.npz", "742edef2a1fd1524b2efff4bd7ba9364"),
    128: ("breastmnist_128.npz", "363e4b3f8d712e9b5de15470a2aaadf1"),
    224: ("breastmnist_224.npz", "b56378a6eefa9fed602bb16d192d4c8b"),
}
_REMEDY = (
    "download 'breastmnist.npz' (CC BY 4.0, cite) in a browser from "
    "https://zenodo.org/records/10519652 and pass its path to load_breastmnist."
)
_PARTS = {"train": ("train", 546), "validation": ("val", 78), "test": ("test", 156)}
_MAX_BYTES = 1 << 26  # the largest array of the publisher has 27 MB
_MALIGNANT = 0  # in the publisher's labels


@validate_params(
    {"path": [str, PathLike], "return_X_y": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def load_breastmnist(path, *, return_X_y=False):
    """Load BreastMNIST, small copies of the images of BUSI, from a file.

    780 ultrasound images of 28, 64, 128 or 224 pixels, with an official split of 546
    images for training, 78 for validation and 156 for the test. **The split is not
    clean**: 50 of the 156 test images have a near-duplicate in the training part.

    Read more in the :ref:`User Guide <breastmnist>` and under
    :ref:`breastmnist_dataset`.

    Parameters
    ----------
    path : str or path-like
        The publisher's file, or a folder that holds it as ``breastmnist.npz`` or
        ``breastmnist/breastmnist.npz``.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : ndarray of shape (780, size, size), uint8
            Grey images: the training part, the validation part, the test part.
        target : ndarray of shape (780,), int64
            1 for malignant, 0 for benign or normal. **The publisher's labels are the
            other way round**, 0 for malignant.
        target_names : list of str
            Names of the classes 0 and 1.
        groups : ndarray of shape (780,), object
            Near-duplicate family of BUSI, or the image's own name. The patients are
            unknown. Families cross the official split.
        split : ndarray of shape (780,), object
            Part of the official split: ``train``, ``validation`` or ``test``.
        splits : :class:`~sklearn.utils.Bunch`
            ``validation`` and ``test``: lists of one pair (rows of the training part,
            rows of that part), which can be passed as ``cv``.
        frame : DataFrame of 780 rows
            ``modality``, ``group``, ``dataset``, ``split``, ``busi_image`` (name of
            the file in BUSI), ``label`` (benign, malignant or normal) and ``target``.
        DESCR : str
            Description of the data set.
    (data, target) : tuple if `return_X_y` is True
        See above.

    Raises
    ------
    DatasetNotFoundError
        If the file is not found. The message states how to get it.

    ValueError
        If the file cannot be read, or does not hold the publisher's arrays in the
        publisher's order.

    See Also
    --------
    fetch_breastmnist : Downloads the file.
    load_busi : The same images at their own size.

    Notes
    -----
    The names of the images in BUSI, and with them the families, come from a table that
    ``docs/studies/breastmnist_duplicates.py`` made. A model that was tuned on BUSI has
    seen the test images of BreastMNIST. The checksum of the file is not checked here.

    References
    ----------
    .. [1] J. Yang et al., "MedMNIST v2 - A large-scale lightweight benchmark for 2D
       and 3D biomedical image classification", Scientific Data 10 (2023) 41.
       https://doi.org/10.1038/s41597-022-01721-8

    .. [2] W. Al-Dhabyani, M. Gomaa, H. Khaled, A. Fahmy, "Dataset of breast
       ultrasound images", Data in Brief 28 (2020) 104863.
       https://doi.org/10.1016/j.dib.2019.104863

    Examples
    --------
    >>> from skfusion.datasets import load_breastmnist
    >>> breast = load_breastmnist("downloads/breastmnist.npz")  # doctest: +SKIP
    >>> breast.data.shape  # doctest: +SKIP
    (780, 28, 28)
    >>> (train, test), = breast.splits.test  # doctest: +SKIP
    >>> len(train), len(test)  # doctest: +SKIP
    (546, 156)
    """
    file = _find_file(path)
    images, labels = _read_file(file)
    table = _read_table()
    target = (labels == _MALIGNANT).astype(np.int64)
    if not np.array_equal(target, table["target"]):
        raise _not_breastmnist(file, "labels in another order")
    if return_X_y:
        return images, target
    return _make_bunch(images, target, table)


@validate_params(
    {"size": [Options(Integral, set(_FILES))], "return_X_y": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def fetch_breastmnist(*, size=28, return_X_y=False):
    """Download BreastMNIST, unless it is already present, and load it.

    The file is kept in the folder ``breastmnist`` in the folder that the environment
    variable ``SKFUSION_HOME`` names, or in ``~/.cache/skfusion``. A download that was
    cut is continued by the next call. The checksum of the publisher is checked every
    time.

    Read more in the :ref:`User Guide <breastmnist>` and under
    :ref:`breastmnist_dataset`.

    Parameters
    ----------
    size : {28, 64, 128, 224}, default=28
        Side of the images in pixels.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        The same as that of :func:`load_breastmnist`.
    (data, target) : tuple if `return_X_y` is True
        See above.

    Raises
    ------
    DatasetNotFoundError
        If the file cannot be downloaded, or has another checksum. The message states
        what to do.

    OSError
        If the file cannot be written.

    Warns
    -----
    CacheWarning
        If the file is present but damaged. It is downloaded again.

    See Also
    --------
    load_breastmnist : Loads a file that you downloaded.

    Examples
    --------
    >>> from skfusion.datasets import fetch_breastmnist
    >>> breast = fetch_breastmnist(size=224)  # doctest: +SKIP
    >>> breast.data.shape  # doctest: +SKIP
    (780, 224, 224)
    """
    name, md5 = _FILES[size]
    file = home_folder("breastmnist") / name
    remedy = _REMEDY.replace(_NAME, name)
    download_file(_URL.format(name), file, md5=md5, remedy=remedy)
    return load_breastmnist(file, return_X_y=return_X_y)


def _find_file(path):
    path = Path(path).expanduser()
    for file in (path, path / _NAME, path / "breastmnist" / _NAME):
        if file.is_file():
            return file
    raise DatasetNotFoundError(
        f"Expected the file {_NAME!r}, or a folder that holds it. Got "
        f"{path.resolve().name!r} instead, which is neither. Call fetch_breastmnist(), "
        f"or {_REMEDY}"
    )


def _read_file(file):
    """Return the images and the labels of all parts, in the order of `_PARTS`."""
    names = [
        f"{part}_{kind}" for kind in ("images", "labels") for part, _ in _PARTS.values()
    ]
    arrays = read_npz(file, names, max_bytes=_MAX_BYTES, remedy=f"To get it, {_REMEDY}")
    size = arrays[names[0]].shape[-1:]
    for part, n_images in _PARTS.values():
        images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"]
        is_right = (
            images.dtype == np.uint8
            and images.shape == (n_images, *size, *size)
            and labels.size == n_images
        )
        if not is_right or size[0] not in _FILES:
            raise _not_breastmnist(
                file, f"{images.dtype} {images.shape} with {labels.size} labels"
            )
    images = [arrays[f"{part}_images"] for part, _ in _PARTS.values()]
    labels = [arrays[f"{part}_labels"].ravel() for part, _ in _PARTS.values()]
    return np.concatenate(images), np.concatenate(labels)


def _not_breastmnist(file, found):
    return ValueError(
        f"Expected the 546, 78 and 156 images of BreastMNIST in {file.name!r}, uint8 "
        "and 28, 64, 128 or 224 pixels wide, in the publisher's order. Got "
        f"{found} instead. To get the file, {_REMEDY}"
    )


def _read_table():
    """Return the name in BUSI, family, label and part of each image."""
    with (files(__package__) / "tables/breastmnist_busi.csv").open() as file:
        names = pd.read_csv(file)["busi_image"]
    label = names.str.partition(" ")[0]
    sizes = [n_images for _, n_images in _PARTS.values()]
    return pd.DataFrame(
        {
            MODALITY: "ultrasound",
            GROUP: busi_families(names),
            "dataset": "breastmnist",
            "split": np.repeat(np.array(list(_PARTS), dtype=object), sizes),
            "busi_image": names,
            "label": label,
            "target": (label == "malignant").astype("int64"),
        }
    )


def _make_bunch(images, target, table):
    split = table["split"].to_numpy(dtype=object, copy=True)
    train = np.flatnonzero(split == "train")
    return Bunch(
        data=images,
        target=target,
        target_names=["benign or normal", "malignant"],
        groups=table[GROUP].to_numpy(dtype=object, copy=True),
        split=split,
        splits=Bunch(
            validation=[(train, np.flatnonzero(split == "validation"))],
            test=[(train, np.flatnonzero(split == "test"))],
        ),
        frame=table,
        DESCR=read_descr("breastmnist"),
    )
