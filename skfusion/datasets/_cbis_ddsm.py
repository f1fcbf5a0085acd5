"""CBIS-DDSM: digitised film mammograms with masks of masses and calcifications."""

from concurrent.futures import ThreadPoolExecutor
from os import PathLike

import joblib
import pandas as pd

from .._validation._boxes import box_around, box_text
from .._validation._columns import IMAGE, REGION
from .._validation._private import StrOptions, validate_params
from ..images._size import image_size
from ._base import find_folder, make_bunch
from ._files import files_by_folder
from ._incomplete import (
    require_distinct_rows,
    require_known_values,
    require_some_images,
    warn_about_incomplete,
)
from ._lesion_rows import arrange_lesions
from ._mask_boxes import mask_boxes
from ._table import require_table_columns

__all__ = ["load_cbis_ddsm"]

_FOLDER = {
    "names": ["cbis_ddsm", "CBIS-DDSM", "cbis-ddsm"],
    "expected": "with its tables, such as 'mass_case_description_train_set.csv'",
    "remedy": "Download CBIS-DDSM (CC BY 3.0, cite), the images and the four tables, "
    "from https://doi.org/10.7937/K9/TCIA.2016.7O02S9CY.",
}
_NO_IMAGES = (
    "Open the publisher's manifest (.tcia) with the NBIA Data Retriever, and download "
    "the images to this folder. Keep the names of their folders."
)
_TABLES = "*_case_description_*_set.csv"
_PATHS = ["image file path", "cropped image file path", "ROI mask file path"]
_COLUMNS = [
    "patient_id",
    "breast_density",
    "left or right breast",
    "image view",
    "abnormality id",
    "abnormality type",
    "assessment",
    "pathology",
    *_PATHS,
]
_CALLED_BACK = ["BENIGN", "MALIGNANT"]
_WITHOUT_REGION = (
    "Lesions without a region (mask missing, empty, unreadable or of another size)"
)
_WITHOUT_CALLBACK = "BENIGN_WITHOUT_CALLBACK"


@validate_params(
    {
        "path": [str, PathLike],
        "lesions": [StrOptions({"together", "each"})],
        "without_callback": [StrOptions({"benign", "drop"})],
        "regions": ["boolean"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_cbis_ddsm(
    path,
    *,
    lesions="together",
    without_callback="benign",
    regions=True,
    return_X_y=False,
):
    """Load CBIS-DDSM, the curated part of the DDSM database of film mammograms.

    3,103 film mammograms of 1,566 women with 3,568 masses and calcifications, each
    with a mask: 1,457 lesions are malignant. There are no normal images.

    Read more in the :ref:`User Guide <datasets>` and under :ref:`cbis_ddsm_dataset`.

    Parameters
    ----------
    path : str or path-like
        Folder that contains the tables, such as
        ``mass_case_description_train_set.csv``, and the images, each at any depth, or
        a folder that holds it as ``CBIS-DDSM``. See Notes.

    lesions : {"together", "each"}, default="together"
        Whether each row is an image, with one box around all its lesions, which is
        malignant if any of them is, or each row is a lesion. 293 images have two to
        seven lesions.

    without_callback : {"benign", "drop"}, default="benign"
        What to do with the 682 lesions that needed no further examination and had no
        biopsy (``BENIGN_WITHOUT_CALLBACK``): count them as benign, or leave them out. A
        radiologist called them benign at first sight, so they are the easy ones.

    regions : bool, default=True
        Whether to read the masks, which takes minutes for the whole data set. If
        False, there is no column ``region``.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : DataFrame of shape (n_rows, 7) or (n_rows, 6)
            ``image`` (path), ``modality``, ``group``, ``view`` (CC, MLO),
            ``laterality`` (L, R), ``dataset`` and, with ``regions=True``, ``region``.
        target : ndarray of shape (n_rows,), int64
            1 for malignant, 0 for benign.
        target_names : list of str
            Names of the classes 0 and 1.
        groups : ndarray of shape (n_rows,), object
            The patient.
        frame : DataFrame of n_rows rows
            The columns of `data`, ``target``, every column of the tables,
            ``split`` (train, test), and ``n_lesions`` with ``lesions="together"``.
        DESCR : str
            Description of the data set.
    (data, target) : tuple if `return_X_y` is True
        See above.

    Raises
    ------
    DatasetNotFoundError
        If the data set is not found. The message states how to get it.

    ValueError
        If a column of a table is missing, or holds a value that is not known.

    Warns
    -----
    DataQualityWarning
        If rows of the tables have no image (they are left out), folders of images are
        in no table, or lesions have no mask of the size of their image, an empty or an
        unreadable one (their region is missing). All are counted, and rows are named.

    See Also
    --------
    load_inbreast : Digital mammograms with outlines of the lesions.
    load_vindr_mammo : Digital mammograms with boxes of the findings.

    Notes
    -----
    **Layout.** The tables name files such as ``Mass-Training_P_00001_LEFT_CC/<study>/
    <series>/000000.dcm``. The NBIA Data Retriever saves them as ``1-1.dcm``, in
    folders that are named by UIDs or by date and description. An image is found by its
    first folder, which is unique, and else by the UID of its series, as in copies of
    JPEG files. Any of the four tables may be absent.

    **Masks.** A lesion has two files, its mask and a crop of it, and the column ``ROI
    mask file path`` sometimes names the crop. The mask is the one that has the size of
    the image. A few masks have another size than their image: these lesions have no
    region, and neither has a row of all lesions of such an image.

    **Traps.** The official split was drawn for masses and for calcifications
    separately: 31 patients are in both parts (79 have both kinds of lesion), and 29
    views are in the training part and in the test part, saved as two files. 71 views
    are saved twice. Draw your own folds by `groups`, or leave these patients out of
    the training part. 17 images have benign and malignant lesions. ``assessment``
    (BI-RADS) and ``breast_density`` reveal the label or a part of it: they are in
    `frame` only.

    References
    ----------
    .. [1] R. S. Lee, F. Gimenez, A. Hoogi, K. K. Miyake, M. Gorovoy, D. L. Rubin, "A
       curated mammography data set for use in computer-aided detection and diagnosis
       research", Scientific Data 4 (2017) 170177.
       https://doi.org/10.1038/sdata.2017.177

    Examples
    --------
    >>> from skfusion.datasets import load_cbis_ddsm
    >>> cbis = load_cbis_ddsm("downloads/CBIS-DDSM")  # doctest: +SKIP
    >>> cbis.data.shape  # doctest: +SKIP
    (3103, 7)
    >>> cbis.frame.groupby("split").size().to_dict()  # doctest: +SKIP
    {'test': 645, 'train': 2458}
    """
    folder = find_folder(path, _is_cbis_ddsm, **_FOLDER)
    table = _read_tables(folder)
    files = files_by_folder(folder)
    table[IMAGE] = [_image_file(row, files) for row in table["image file path"]]
    require_some_images(table[IMAGE].notna(), folder, _NO_IMAGES)
    frame = _describe(table[table[IMAGE].notna()])
    findings = _without_a_pair(table, files)
    if without_callback == "drop":
        frame = frame[frame["pathology"] != _WITHOUT_CALLBACK].copy()
    frame[REGION] = _regions(frame, files) if regions else None
    if regions:
        without = _row_names(frame[frame[REGION].isna()])
        findings.append((_WITHOUT_REGION, without))
    warn_about_incomplete("CBIS-DDSM", findings)
    frame = arrange_lesions(frame, frame["pathology"].notna(), lesions)
    return make_bunch(
        frame.drop(columns=["table", "row", *([] if regions else [REGION])]),
        name="cbis_ddsm",
        target_names=["benign", "malignant"],
        return_X_y=return_X_y,
    )


def _is_cbis_ddsm(folder):
    return any(folder.glob(_TABLES)) or any(folder.glob(f"csv/{_TABLES}"))


def _read_tables(folder):
    """Return the lesions of all tables, with their table, row and split."""
    files = sorted([*folder.glob(_TABLES), *folder.glob(f"csv/{_TABLES}")])
    return pd.concat([_read_table(file) for file in files], ignore_index=True)


def _read_table(file):
    table = pd.read_csv(file, dtype=dict.fromkeys(_PATHS, str)).rename(
        columns={"breast density": "breast_density"}
    )
    require_table_columns(table, _COLUMNS, file)
    require_known_values(table, ["pathology"], [*_CALLED_BACK, _WITHOUT_CALLBACK], file)
    require_known_values(table, ["left or right breast"], ["LEFT", "RIGHT"], file)
    require_known_values(table, ["image view"], ["CC", "MLO"], file)
    require_distinct_rows(table, ["image file path", "abnormality id"], file)
    table[_PATHS] = table[_PATHS].apply(lambda paths: paths.str.strip()).fillna("")
    split = "test" if "_test_" in file.name else "train"
    return table.assign(split=split, table=file.name, row=range(1, len(table) + 1))


def _image_file(path, files):
    """Return the file of an image, or None."""
    found = _files_of(path, files)
    return str(found[0]) if found else None


def _files_of(path, files):
    """Return the files in the folder of a path of the tables, however it is named."""
    folder, *others = path.split("/")
    return files.get(folder) or files.get("".join(others[-2:-1]), [])


def _describe(table):
    """Return the table with the columns of every data set."""
    return table.assign(
        target=(table["pathology"] == "MALIGNANT").astype("int64"),
        modality="mammography",
        group=table["patient_id"],
        view=table["image view"],
        laterality=table["left or right breast"].str[0],
        dataset="cbis_ddsm",
    )


def _regions(frame, files):
    """Return the box of each lesion, or None where its mask cannot be used."""
    rows = list(frame[[IMAGE, *_PATHS[1:]]].itertuples(index=False))
    with ThreadPoolExecutor(joblib.cpu_count()) as pool:
        boxes = list(pool.map(lambda row: _region(*row, files), rows))
    return pd.Series(boxes, index=frame.index, dtype=object)


def _region(image, crop, mask, files):
    """Return the box of a lesion; the mask is the file of the size of the image."""
    found = sorted({*_files_of(crop, files), *_files_of(mask, files)})
    try:
        size = image_size(image)
        masks = [file for file in found if image_size(file) == size]
        boxes, _ = mask_boxes(masks[0]) if masks else ([], None)
    except Exception:  # a damaged file may raise any error
        return None
    return box_text(*box_around(boxes)) if boxes else None


def _without_a_pair(table, files):
    """Return rows without a file, and folders of the publisher without a row."""
    rows = _row_names(table[table[IMAGE].isna()])
    named = {path.split("/")[0] for column in _PATHS for path in table[column]}
    unnamed = [name for name in files if name.startswith(("Mass-", "Calc-"))]
    unnamed = [""] * len(set(unnamed) - named)
    return [
        ("Lesions without an image, left out", rows),
        ("Folders of images in no table, left out", unnamed),
    ]


def _row_names(table):
    """Name rows of the tables; row 1 is the first one below the header."""
    named = table[["row", "table"]].itertuples(index=False)
    return [f"row {row} of {table!r}" for row, table in named]
