"""RSNA 2022 screening mammography."""

from os import PathLike

import numpy as np
import pandas as pd

from .._validation._columns import IMAGE
from .._validation._private import StrOptions, validate_params
from ..images import read_image
from ..images._polarity import is_inverted
from ._base import find_folder, make_bunch
from ._incomplete import leave_out_incomplete, require_distinct_rows
from ._table import require_table_columns

__all__ = ["load_rsna"]

_FOLDER = {
    "names": ["rsna", "rsna-breast-cancer-detection"],
    "expected": "with 'train.csv' and 'train_images'",
    "remedy": "Download it (non-commercial research, after accepting the rules) from "
    "https://www.kaggle.com/competitions/rsna-breast-cancer-detection/data.",
}
_COLUMNS = [
    "patient_id",
    "image_id",
    "laterality",
    "view",
    "cancer",
    "biopsy",
    "machine_id",
]
_SUFFIXES = (".dcm", ".png", ".jpg", ".jpeg")
# Images of these machines are negatives if a conversion ignored MONOCHROME1.
_NEGATIVE_MACHINES = (29, 210)
_N_CHECKED = 25


@validate_params(
    {
        "path": [str, PathLike],
        "negatives": [StrOptions({"all", "biopsied"})],
        "correct_polarity": ["boolean"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_rsna(path, *, negatives="all", correct_polarity=True, return_X_y=False):
    """Load the training images of the RSNA 2022 screening mammography challenge.

    54,706 mammograms of 11,913 women, 1,158 images (2.1 %) of 486 women with cancer
    in that breast. The folder may hold any part of them. Class 0 is **not** benign: it
    is mostly normal breasts.

    Read more in the :ref:`User Guide <datasets>` and under :ref:`rsna_dataset`.

    Parameters
    ----------
    path : str or path-like
        Folder of the data set, with ``train.csv`` and
        ``train_images/<patient_id>/<image_id>.dcm`` (or ``.png``, ``.jpg``), or a
        folder that holds it as ``rsna`` or ``rsna-breast-cancer-detection``.

    negatives : {"all", "biopsied"}, default="all"
        The images of class 0: all images without cancer, or only those of breasts
        that were biopsied without finding cancer, which are benign findings.

    correct_polarity : bool, default=True
        Whether to mark negatives among ``.png`` and ``.jpg`` files, with a column
        ``inverted`` in `data`, so that they are read with 1 = bright like all others.
        See Notes.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : DataFrame of shape (n_images, 6) or (n_images, 7)
            ``image`` (path), ``modality``, ``group``, ``view`` (CC, MLO, a few
            others), ``laterality`` (L, R), ``dataset`` and, if any image is inverted,
            ``inverted`` (bool).
        target : ndarray of shape (n_images,), int64
            1 for cancer in that breast, else 0.
        target_names : list of str
            Names of the classes 0 and 1.
        groups : ndarray of shape (n_images,), object
            The patient.
        frame : DataFrame of n_images rows
            The columns of `data`, ``target`` and every column of ``train.csv``.
        DESCR : str
            Description of the data set.
    (data, target) : tuple if `return_X_y` is True
        See above.

    Raises
    ------
    DatasetNotFoundError
        If the data set is not found. The message states how to get it.

    ValueError
        If a column of the table is missing.

    ImageReadError
        If an image whose polarity is checked cannot be read.

    Warns
    -----
    DataQualityWarning
        If rows have no image, as in a subset (they are left out), or images have no
        row. All are counted, and rows are named.

    See Also
    --------
    load_busi : Ultrasound images.

    Notes
    -----
    **Polarity.** The DICOM files of machines 29 and 210 are MONOCHROME1 (bright air).
    :func:`~skfusion.images.read_image` inverts such ``.dcm`` files. Files converted to
    PNG or JPEG have lost that tag: if most of up to 25 images of such a machine have a
    bright border, all images of the machine are marked. Conversions with the right
    polarity are therefore not changed.

    **Leaks.** ``BIRADS`` and ``density`` reveal the label, and so do site and machine,
    whose share of cancer differs: they are in `frame` only. ``age`` may be missing. A
    breast may have several images of one view.

    References
    ----------
    .. [1] C. Carr et al., "RSNA Screening Mammography Breast Cancer Detection",
       Kaggle, 2022.
       https://www.kaggle.com/competitions/rsna-breast-cancer-detection

    Examples
    --------
    >>> from skfusion.datasets import load_rsna
    >>> rsna = load_rsna("downloads/rsna", negatives="biopsied")  # doctest: +SKIP
    >>> rsna.target_names  # doctest: +SKIP
    ['benign (biopsied, no cancer)', 'cancer']
    """
    folder = find_folder(path, _is_rsna, **_FOLDER)
    frame = _read_table(folder)
    if correct_polarity:
        frame = _mark_inverted(frame)
    target_names = ["no cancer (mostly normal)", "cancer"]
    if negatives == "biopsied":
        frame = frame[(frame["cancer"] == 1) | (frame["biopsy"] == 1)]
        target_names[0] = "benign (biopsied, no cancer)"
    return make_bunch(
        frame, name="rsna", target_names=target_names, return_X_y=return_X_y
    )


def _is_rsna(folder):
    return (folder / "train.csv").is_file()


def _read_table(folder):
    """Return the table with the columns of every data set, and the paths found."""
    file = folder / "train.csv"
    frame = pd.read_csv(file)
    require_table_columns(frame, _COLUMNS, file)
    require_distinct_rows(frame, ["patient_id", "image_id"], file)
    images = _find_images(folder / "train_images")
    names = frame["patient_id"].astype(str) + "/" + frame["image_id"].astype(str)
    frame[IMAGE] = names.map(images)
    frame = leave_out_incomplete(frame, images.values(), file, "RSNA")
    return frame.assign(
        target=frame["cancer"].astype("int64"),
        modality="mammography",
        group=frame["patient_id"].astype(str),
        dataset="rsna",
    )


def _find_images(folder):
    """Return the path of each image by 'patient/image'; DICOM before other formats."""
    files = [file for file in folder.glob("*/*") if file.suffix.lower() in _SUFFIXES]
    files.sort(key=lambda file: _SUFFIXES.index(file.suffix.lower()), reverse=True)
    return {f"{file.parent.name}/{file.stem}": str(file) for file in files}


def _mark_inverted(frame):
    """Add the column ``inverted`` if a conversion left images negative."""
    inverted = np.zeros(len(frame), dtype=bool)
    converted = ~frame[IMAGE].str.lower().str.endswith(".dcm").to_numpy()
    for machine in _NEGATIVE_MACHINES:
        rows = np.flatnonzero((frame["machine_id"] == machine) & converted)
        if len(rows) and _mostly_negative(frame[IMAGE].iloc[rows].to_list()):
            inverted[rows] = True
    return frame.assign(inverted=inverted) if inverted.any() else frame


def _mostly_negative(images):
    """Return whether most of some evenly chosen images have a bright border."""
    chosen = np.linspace(0, len(images) - 1, min(len(images), _N_CHECKED))
    bright = [is_inverted(read_image(images[i])) for i in chosen.round().astype(int)]
    return np.mean(bright) > 0.5
