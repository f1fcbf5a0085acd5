"""BUS-UCLM: breast ultrasound images from Ciudad Real."""

from os import PathLike

import pandas as pd

from .._validation._columns import IMAGE
from .._validation._private import StrOptions, validate_params
from ._base import find_folder, make_bunch
from ._regions import LESIONS, add_regions
from ._table import require_table_columns, warn_about_missing_images

__all__ = ["load_bus_uclm"]

_ARCHIVE = "BUS-UCLM Breast ultrasound lesion segmentation dataset"
_FOLDER = {
    "names": [
        "bus_uclm",
        "BUS-UCLM",
        "bus_uclm/BUS-UCLM",
        _ARCHIVE,
        f"{_ARCHIVE}/BUS-UCLM",
    ],
    "expected": "with the table 'INFO.csv' and the folder 'images'",
    "remedy": "Download BUS-UCLM (cite; check the terms on its page) from "
    "https://data.mendeley.com/datasets/7fvgj4jsp7.",
}
_LABELS = ["Benign", "Malignant", "Normal"]
_FLAGS = ["Doppler", "Marks", "Combined"]
_YES_OR_NO = {"Yes": True, "Y": True, "No": False}
# One woman under two names: CHCO_000.png and CHVI_005.png are equal in every pixel.
_SAME_WOMAN = {"CHCO": "CHVI"}


@validate_params(
    {
        "path": [str, PathLike],
        "normal": [StrOptions({"drop", "benign"})],
        "lesions": LESIONS,
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_bus_uclm(path, *, normal="drop", lesions="together", return_X_y=False):
    """Load BUS-UCLM, the breast ultrasound images of Vállez et al.

    683 images of 37 patients: 174 benign, 90 malignant, 419 normal. Most patients have
    many images, so that a split by image measures how well a model recognises them.

    Read more in the :ref:`User Guide <datasets>` and under :ref:`bus_uclm_dataset`.

    Parameters
    ----------
    path : str or path-like
        Folder of the data set, ``BUS-UCLM`` itself (with the table ``INFO.csv`` and
        the folders ``images`` and ``masks``), or a folder that holds it as
        ``bus_uclm`` or ``BUS-UCLM``.

    normal : {"drop", "benign"}, default="drop"
        What to do with images without a lesion: leave them out, or count them as
        class 0. Most of them belong to patients who have a lesion in other images.

    lesions : {"together", "each"}, default="together"
        Rows of an image with several lesions: one row with the smallest box around all
        of them, or one row for each lesion, the largest first.

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
            The patient: the first part of the file name.
        frame : DataFrame of n_images rows
            The columns of `data`, ``target``, every column of the table and
            ``masks``. ``Doppler``, ``Marks`` (calipers) and ``Combined`` (two images
            in one) are booleans. ``masks`` holds the name of the file in the folder
            ``masks``, or an empty string if the image has no lesion or no such file.
        DESCR : str
            Description of the data set.
    (data, target) : tuple if `return_X_y` is True
        See above.

    Raises
    ------
    DatasetNotFoundError
        If the data set is not found. The message states how to get it.

    ValueError
        If a column of the table is missing, or holds a value that is not known.

    Warns
    -----
    DataQualityWarning
        If files of the table are missing; their rows are left out.

    See Also
    --------
    load_busi : Another ultrasound data set, with near-duplicates.
    load_breast_lesions_usg : Another ultrasound data set, one image per patient.

    Notes
    -----
    The 38 names that files begin with are 37 women: CHCO and CHVI are one woman, with
    a pixel-identical image under both names, and one group here. Calipers are in 60 %
    of the malignant images, 52 % of the benign ones and 1 % of the normal ones, so
    that with ``normal="benign"`` they reveal part of the label. Other projects state
    the terms of the data set differently, as CC BY 4.0 or CC BY-NC: check the
    publisher's page before you use the images.

    References
    ----------
    .. [1] N. Vállez, G. Bueno, O. Deniz, M. A. Rienda, C. Pastor, "BUS-UCLM: Breast
       ultrasound lesion segmentation dataset", Scientific Data 12 (2025) 242.
       https://doi.org/10.1038/s41597-025-04562-3

    Examples
    --------
    >>> from skfusion.datasets import load_bus_uclm
    >>> uclm = load_bus_uclm("downloads/BUS-UCLM")  # doctest: +SKIP
    >>> uclm.data.shape  # doctest: +SKIP
    (264, 7)
    """
    folder = find_folder(path, _is_bus_uclm, **_FOLDER)
    frame = _read_table(folder)
    target_names = ["benign or normal", "malignant"]
    if normal == "drop":
        frame = frame[frame["Label"] != "Normal"]
        target_names[0] = "benign"
    masks = _mask_files(frame, folder)
    frame = add_regions(frame, masks, lesions=lesions, split_masks=True)
    return make_bunch(
        frame, name="bus_uclm", target_names=target_names, return_X_y=return_X_y
    )


def _is_bus_uclm(folder):
    return (folder / "INFO.csv").is_file() and (folder / "images").is_dir()


def _read_table(folder):
    """Return the table with the columns of every data set, and the paths found."""
    file = folder / "INFO.csv"
    frame = pd.read_csv(file, sep=";", encoding="utf-8-sig", dtype=str)
    require_table_columns(frame, ["Image", "Label", *_FLAGS], file)
    _require_values(frame, ["Label"], _LABELS, file)
    _require_values(frame, _FLAGS, list(_YES_OR_NO), file)
    images = {image.name: str(image) for image in (folder / "images").iterdir()}
    frame[IMAGE] = frame["Image"].map(images)
    frame = warn_about_missing_images(frame, file, folder)
    patient = frame["Image"].str.split("_").str[0]
    return frame.assign(
        **{flag: frame[flag].map(_YES_OR_NO).astype(bool) for flag in _FLAGS},
        masks=_masks(frame, folder),
        target=(frame["Label"] == "Malignant").astype("int64"),
        modality="ultrasound",
        group=patient.replace(_SAME_WOMAN),
        view=None,
        laterality=None,
        dataset="bus_uclm",
    )


def _require_values(frame, columns, known, file):
    """Raise a ValueError unless the columns hold known values only."""
    for column in columns:
        unknown = sorted(set(frame[column].fillna("")) - set(known))
        if unknown:
            raise ValueError(
                f"Expected the values {known!r} in the column {column!r} of "
                f"{file.name!r}. Got {unknown!r} instead. Download the publisher's "
                "table again."
            )


def _masks(frame, folder):
    """Return the name of each image's mask, or an empty string."""
    names = {mask.name for mask in (folder / "masks").glob("*")}
    has_mask = frame["Image"].isin(names) & (frame["Label"] != "Normal")
    return frame["Image"].where(has_mask, "")


def _mask_files(frame, folder):
    """Return each image's mask in a list, or None for an image without a lesion."""
    return [
        None if label == "Normal" else [folder / "masks" / name] * (name != "")
        for label, name in zip(frame["Label"], frame["masks"], strict=True)
    ]
