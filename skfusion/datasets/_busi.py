"""BUSI: breast ultrasound images from Cairo."""

import re
from importlib.resources import files
from os import PathLike
from pathlib import Path

import pandas as pd

from .._validation._columns import GROUP, IMAGE
from .._validation._private import StrOptions, validate_params
from ._base import find_folder, make_bunch
from ._regions import LESIONS, add_regions

__all__ = ["busi_families", "load_busi"]

_FOLDER = {
    "names": ["busi", "Dataset_BUSI_with_GT", "busi/Dataset_BUSI_with_GT"],
    "expected": "with the folders 'benign' and 'malignant'",
    "remedy": "Download 'Breast Ultrasound Images Dataset' (research use, cite) from "
    "https://www.kaggle.com/datasets/aryashah2k/breast-ultrasound-images-dataset.",
}
_LABELS = ("benign", "malignant", "normal")
_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp"}
_MASK = re.compile(r"_mask(_\d+)?$")


@validate_params(
    {
        "path": [str, PathLike],
        "normal": [StrOptions({"drop", "benign"})],
        "lesions": LESIONS,
        "drop_mixed_families": ["boolean"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_busi(
    path,
    *,
    normal="drop",
    lesions="together",
    drop_mixed_families=True,
    return_X_y=False,
):
    """Load BUSI, the breast ultrasound images of Al-Dhabyani et al.

    780 images: 437 benign, 210 malignant, 133 normal. The data set has no patient
    identifiers, and contains many images twice or more, a few of them with both
    labels. `groups` are families of near-duplicates, so that a grouped split keeps
    the copies of an image together. Images of one patient that do not look alike
    remain unknown.

    Read more in the :ref:`User Guide <datasets>` and under :ref:`busi_dataset`.

    Parameters
    ----------
    path : str or path-like
        Folder of the data set, ``Dataset_BUSI_with_GT`` itself, or a folder that
        holds it as ``busi`` or ``Dataset_BUSI_with_GT``.

    normal : {"drop", "benign"}, default="drop"
        What to do with images without a lesion: leave them out, or count them as
        class 0.

    lesions : {"together", "each"}, default="together"
        Rows of an image with several lesions: one row with the smallest box around all
        of them, or one row for each lesion, the largest first.

    drop_mixed_families : bool, default=True
        Whether to leave out near-duplicate families whose images have both targets: 5
        families with 13 images. One of their labels must be wrong. No warning is given.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : DataFrame of shape (n_images, 7)
            ``image`` (path), ``modality``, ``group``, ``view`` and ``laterality``
            (missing, because the data set does not contain them), ``dataset`` and
            ``region`` ("x0,y0,x1,y1", the box of the lesion in pixels; None without a
            lesion or a mask that can be used).
        target : ndarray of shape (n_images,), int64
            1 for malignant, 0 for benign (or normal).
        target_names : list of str
            Names of the classes 0 and 1.
        groups : ndarray of shape (n_images,), object
            Near-duplicate family, or the image's own name.
        frame : DataFrame of n_images rows
            The columns of `data`, ``target``, ``label`` (benign, malignant or
            normal) and ``masks`` (file names joined by ``&``).
        DESCR : str
            Description of the data set.
    (data, target) : tuple if `return_X_y` is True
        See above.

    Raises
    ------
    DatasetNotFoundError
        If the data set is not found. The message states how to get it.

    See Also
    --------
    load_breast_lesions_usg : Another ultrasound data set, one image per patient.
    skfusion.images.find_near_duplicates : How the families were found.

    Notes
    -----
    The families come from a table of file names that
    ``docs/studies/make_busi_families.py`` made. An image that is not in the table is a
    group of its own. Some images carry calipers, text or Doppler colour.

    References
    ----------
    .. [1] W. Al-Dhabyani, M. Gomaa, H. Khaled, A. Fahmy, "Dataset of breast
       ultrasound images", Data in Brief 28 (2020) 104863.
       https://doi.org/10.1016/j.dib.2019.104863

    Examples
    --------
    >>> from skfusion.datasets import load_busi
    >>> busi = load_busi("downloads/busi")  # doctest: +SKIP
    >>> busi.data.shape  # doctest: +SKIP
    (634, 7)
    """
    folder = find_folder(path, _is_busi, **_FOLDER)
    frame = _read_files(folder)
    frame[GROUP] = busi_families(Path(image).name for image in frame[IMAGE])
    target_names = ["benign or normal", "malignant"]
    if normal == "drop":
        frame = frame[frame["label"] != "normal"]
        target_names[0] = "benign"
    if drop_mixed_families:
        n_targets = frame.groupby(GROUP)["target"].transform("nunique")
        frame = frame[n_targets == 1]
    frame = add_regions(frame, _mask_files(frame), lesions=lesions)
    return make_bunch(
        frame, name="busi", target_names=target_names, return_X_y=return_X_y
    )


def _is_busi(folder):
    return all(any((folder / label).glob("*")) for label in ("benign", "malignant"))


def _read_files(folder):
    """Return one row per image: benign, malignant, normal, each sorted by number."""
    rows = []
    for label in _LABELS:
        pictures = [
            file
            for file in (folder / label).glob("*")
            if file.suffix.lower() in _SUFFIXES
        ]
        masks = _masks_by_image(pictures)
        for file in sorted(pictures, key=_number):
            if not _MASK.search(file.stem):
                names = "&".join(masks.get(file.stem, []))
                rows.append({IMAGE: str(file), "label": label, "masks": names})
    return pd.DataFrame(rows, columns=[IMAGE, "label", "masks"]).assign(
        target=lambda frame: (frame["label"] == "malignant").astype("int64"),
        modality="ultrasound",
        view=None,
        laterality=None,
        dataset="busi",
    )


def _masks_by_image(pictures):
    """Return the names of the masks of each image, by the image's stem."""
    masks = {}
    for file in sorted(pictures):
        if _MASK.search(file.stem):
            masks.setdefault(_MASK.sub("", file.stem), []).append(file.name)
    return masks


def _mask_files(frame):
    """Return the masks of each image, or None for an image without a lesion."""
    rows = zip(frame[IMAGE], frame["label"], frame["masks"], strict=True)
    return [
        None
        if label == "normal"
        else [Path(image).with_name(name) for name in masks.split("&") if name]
        for image, label, masks in rows
    ]


def _number(file):
    """Return a key that sorts 'benign (2)' before 'benign (10)'."""
    digits = re.search(r"\((\d+)\)", file.stem)
    return (int(digits[1]) if digits else 0, file.name)


def busi_families(names):
    """Return the near-duplicate family of each image, or its own name.

    Parameters
    ----------
    names : iterable of str
        Names of the files.

    Returns
    -------
    families : list of str
    """
    with (files(__package__) / "tables/busi_families.csv").open() as table:
        family = pd.read_csv(table).set_index("file")["family"]
    return [
        f"family{family[name]}" if name in family.index else Path(name).stem
        for name in names
    ]
