"""CMMD: the Chinese Mammography Database, digital mammograms with pathology."""

import re
from os import PathLike

import pandas as pd

from .._validation._columns import IMAGE
from .._validation._private import validate_params
from ..images._formats._dicom_header import laterality_of, view_of
from ..images._scan import read_dicom_header
from ._base import find_folder, make_bunch
from ._files import files_by_folder
from ._incomplete import (
    require_distinct_rows,
    require_known_values,
    require_some_images,
    warn_about_incomplete,
)
from ._table import require_table_columns

__all__ = ["load_cmmd"]

_FOLDER = {
    "names": ["cmmd", "CMMD", "TheChineseMammographyDatabase"],
    "expected": "with its table 'CMMD_clinicaldata_revision.xlsx' (or '.csv')",
    "remedy": "Download CMMD (CC BY 4.0, cite), the images and the table, from "
    "https://doi.org/10.7937/tcia.eqde-4b16.",
}
_NO_IMAGES = (
    "Open the publisher's manifest (.tcia) with the NBIA Data Retriever, and download "
    "the images to this folder."
)
_TABLES = ("CMMD_clinicaldata_revision*.xlsx", "CMMD_clinicaldata_revision*.csv")
_COLUMNS = ["ID1", "LeftRight", "Age", "number", "abnormality", "classification"]
_PATIENT = re.compile(r"D[12]-\d{4}")
# The publisher gave two names to these patients, who have pixel-identical images.
_SAME_WOMAN = {"D2-0284": "D1-0202", "D1-0269": "D1-0014", "D1-1292": "D1-0808"}


@validate_params(
    {"path": [str, PathLike], "return_X_y": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def load_cmmd(path, *, return_X_y=False):
    """Load CMMD, the Chinese Mammography Database of Cui et al.

    3,744 digital mammograms of 1,872 breasts, with the result of the biopsy of the
    breast: 1,316 are malignant, 556 benign. The table has 1,775 names of patients, of
    which three pairs are one group each (see Notes).

    Read more in the :ref:`User Guide <datasets>` and under :ref:`cmmd_dataset`.

    Parameters
    ----------
    path : str or path-like
        Folder that contains ``CMMD_clinicaldata_revision.xlsx`` (or ``.csv``) and, at
        any depth, the DICOM files, such as ``CMMD/D1-0001/<study>/<series>/1-1.dcm``,
        or a folder that holds it as ``CMMD``.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : DataFrame of shape (n_images, 6)
            ``image`` (path), ``modality``, ``group``, ``view`` (CC, MLO),
            ``laterality`` (L, R) and ``dataset``. There are no boxes.
        target : ndarray of shape (n_images,), int64
            1 for a malignant breast, 0 for a benign one.
        target_names : list of str
            Names of the classes 0 and 1.
        groups : ndarray of shape (n_images,), object
            The patient.
        frame : DataFrame of n_images rows
            The columns of `data`, ``target`` and every column of the table.
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
        If breasts of the table have no image, images belong to a breast that the table
        does not have, or their header names no patient or side. They are left out,
        and all are counted. In the whole data set 1,458 of the 5,202 images belong to
        a breast that the table does not have.

    See Also
    --------
    load_cbis_ddsm : Film mammograms with pathology and masks.
    load_vindr_mammo : Digital mammograms with BI-RADS categories and boxes.

    Notes
    -----
    **Sides.** The files are numbered, and no name of a file or folder states the side.
    Side and view are read from the header of each file, which takes seconds. The label
    is that of a breast: 30 women have a benign and a malignant one. A breast that is
    not in the table has no label.

    **Two names.** D1-0202 and D2-0284 are one woman, and so are D1-0014 and D1-0269:
    they are one group each here. D1-0808 and D1-1292 share an image of the right
    breast, which is benign under one name and malignant under the other. They are one
    group, too; leave it out if a wrong label matters.

    **Leaks.** ``subtype`` is given only for malignant breasts. Of the breasts of the
    second part (names with D2) 98 % are malignant, of the first part 51 %: the name,
    and whatever differs between the parts, reveals a part of the label. ``Age`` does,
    too (means of 43 and 49 years). There are no normal breasts. All these columns are
    in `frame` only.

    References
    ----------
    .. [1] H. Cai et al., "An online mammography database with biopsy confirmed types",
       Scientific Data 10 (2023) 123. https://doi.org/10.1038/s41597-023-02025-1

    Examples
    --------
    >>> from skfusion.datasets import load_cmmd
    >>> cmmd = load_cmmd("downloads/CMMD")  # doctest: +SKIP
    >>> cmmd.data.shape  # doctest: +SKIP
    (3744, 6)
    """
    folder = find_folder(path, _is_cmmd, **_FOLDER)
    table, file = _read_table(folder)
    images = _read_headers(folder)
    named = images.dropna(subset=["ID1", "LeftRight"])
    frame = named.merge(table, on=["ID1", "LeftRight"])
    missing = ~table["row"].isin(frame["row"])
    require_some_images(~missing, folder, _NO_IMAGES)
    rows = [f"row {row} of {file.name!r}" for row in table.loc[missing, "row"]]
    warn_about_incomplete(
        "CMMD",
        [
            ("Breasts without an image, left out", rows),
            ("Images of breasts in no row, left out", [""] * (len(named) - len(frame))),
            (
                "Images without patient or side, left out",
                [""] * (len(images) - len(named)),
            ),
        ],
    )
    return make_bunch(
        _describe(frame.sort_values(["row", IMAGE])),
        name="cmmd",
        target_names=["benign", "malignant"],
        return_X_y=return_X_y,
    )


def _is_cmmd(folder):
    return bool(_table_files(folder))


def _table_files(folder):
    return [file for pattern in _TABLES for file in sorted(folder.glob(pattern))]


def _read_table(folder):
    """Return one row per breast, numbered from 1 below the header, and the file."""
    file = _table_files(folder)[0]
    is_csv = file.suffix == ".csv"
    table = pd.read_csv(file) if is_csv else pd.read_excel(file, sheet_name=0)
    require_table_columns(table, _COLUMNS, file)
    require_known_values(table, ["LeftRight"], ["L", "R"], file)
    require_known_values(table, ["classification"], ["Benign", "Malignant"], file)
    require_distinct_rows(table, ["ID1", "LeftRight"], file)
    return table.assign(row=range(1, len(table) + 1)), file


def _read_headers(folder):
    """Return path, patient, side and view of every image below the folder."""
    files = {file for found in files_by_folder(folder).values() for file in found}
    rows = [_read_names(file) for file in sorted(files)]
    return pd.DataFrame(rows, columns=[IMAGE, "ID1", "LeftRight", "view"], dtype=object)


def _read_names(file):
    try:
        header = read_dicom_header(file)
    except Exception:  # a copy in another format raises errors of many classes
        return str(file), None, None, None
    folders = [part for part in file.parts if _PATIENT.fullmatch(part)]
    patient = str(header.get("PatientID") or "") or "".join(folders[-1:]) or None
    return str(file), patient, laterality_of(header, "mammography"), view_of(header)


def _describe(frame):
    """Return the table with the columns of every data set."""
    return frame.drop(columns="row").assign(
        target=(frame["classification"] == "Malignant").astype("int64"),
        modality="mammography",
        group=frame["ID1"].replace(_SAME_WOMAN),
        laterality=frame["LeftRight"],
        dataset="cmmd",
    )
