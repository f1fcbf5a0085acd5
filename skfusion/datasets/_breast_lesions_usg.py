"""BrEaST-Lesions-USG: breast ultrasound images from Warsaw."""

from os import PathLike
from pathlib import Path

import pandas as pd

from .._validation._columns import IMAGE
from .._validation._private import StrOptions, validate_params
from ._base import find_folder, make_bunch
from ._regions import LESIONS, add_regions
from ._table import require_table_columns, warn_about_missing_images

__all__ = ["load_breast_lesions_usg"]

_FOLDER = {
    "names": ["breast_lesions_usg", "BrEaST-Lesions-USG"],
    "expected": "with its table 'BrEaST-Lesions-USG-clinical-data-Dec-15-2023.xlsx'",
    "remedy": "Download BrEaST-Lesions-USG (CC BY 4.0, cite), the images and the "
    "table, from https://doi.org/10.7937/9WKK-Q141.",
}
_TABLE = "BrEaST*.xlsx"
_MASKS = "Mask_tumor_filename"
_COLUMNS = ["CaseID", "Image_filename", _MASKS, "Age", "BIRADS", "Classification"]


@validate_params(
    {
        "path": [str, PathLike],
        "normal": [StrOptions({"drop", "benign"})],
        "lesions": LESIONS,
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_breast_lesions_usg(
    path, *, normal="drop", lesions="together", return_X_y=False
):
    """Load BrEaST-Lesions-USG, the ultrasound images of Pawłowska et al.

    256 images of 256 patients: 154 benign, 98 malignant (each confirmed by biopsy or
    follow-up), 4 normal.

    Read more in the :ref:`User Guide <datasets>` and under
    :ref:`breast_lesions_usg_dataset`.

    Parameters
    ----------
    path : str or path-like
        Folder of the data set (with the table, an ``.xlsx`` file, and the images in
        it or in a folder of it), or a folder that holds it as
        ``breast_lesions_usg``.

    normal : {"drop", "benign"}, default="drop"
        What to do with images without a lesion: leave them out, or count them as
        class 0.

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
            The case, which is one patient.
        frame : DataFrame of n_images rows
            The columns of `data`, ``target`` and every column of the table. "not
            available" becomes a missing value, and ``Age`` a number.
            ``Mask_tumor_filename`` and ``Mask_other_filename`` hold file names
            joined by ``&``.
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

    Warns
    -----
    DataQualityWarning
        If files of the table are missing; their rows are left out.

    See Also
    --------
    load_busi : Another ultrasound data set, with near-duplicates.

    Notes
    -----
    ``BIRADS``, ``Interpretation``, ``Diagnosis`` and ``Verification`` reveal the
    label: they are in `frame` only, never in `data`. The images are saved as RGBA.

    References
    ----------
    .. [1] A. Pawłowska et al., "Curated benchmark dataset for ultrasound based breast
       lesion analysis", Scientific Data 11 (2024) 148.
       https://doi.org/10.1038/s41597-024-02984-z

    Examples
    --------
    >>> from skfusion.datasets import load_breast_lesions_usg
    >>> breast = load_breast_lesions_usg("downloads/BrEaST")  # doctest: +SKIP
    >>> breast.data.shape  # doctest: +SKIP
    (252, 7)
    """
    folder = find_folder(path, _is_breast_lesions_usg, **_FOLDER)
    frame = _read_table(folder)
    target_names = ["benign or normal", "malignant"]
    if normal == "drop":
        frame = frame[frame["Classification"] != "normal"]
        target_names[0] = "benign"
    frame = add_regions(frame, _mask_files(frame), lesions=lesions)
    return make_bunch(
        frame,
        name="breast_lesions_usg",
        target_names=target_names,
        return_X_y=return_X_y,
    )


def _is_breast_lesions_usg(folder):
    return any(folder.glob(_TABLE))


def _read_table(folder):
    """Return the table with the columns of every data set, and the paths found."""
    file = sorted(folder.glob(_TABLE))[0]
    frame = pd.read_excel(file, sheet_name=0, na_values=["not available"])
    require_table_columns(frame, _COLUMNS, file)
    images = {image.name: str(image) for image in folder.glob("**/*.png")}
    frame[IMAGE] = frame["Image_filename"].map(images)
    frame = warn_about_missing_images(frame, file, folder)
    return frame.assign(
        Age=pd.to_numeric(frame["Age"], errors="coerce"),
        BIRADS=frame["BIRADS"].astype(str),
        target=(frame["Classification"] == "malignant").astype("int64"),
        modality="ultrasound",
        group=[f"case{case:03d}" for case in frame["CaseID"]],
        view=None,
        laterality=None,
        dataset="breast_lesions_usg",
    )


def _mask_files(frame):
    """Return the masks of each image's tumor, or None for an image without one."""
    rows = zip(frame[IMAGE], frame[_MASKS], frame["Classification"], strict=True)
    return [
        None if label == "normal" else _beside(image, names)
        for image, names, label in rows
    ]


def _beside(image, names):
    """Return the files that the table lists, which lie beside the image."""
    if pd.isna(names):
        return []
    return [Path(image).with_name(name.strip()) for name in names.split("&")]
