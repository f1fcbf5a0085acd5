"""VinDr-Mammo: digital mammograms from Hanoi with boxes of the findings."""

from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from .._validation._boxes import cut_box
from .._validation._columns import IMAGE, REGION
from .._validation._private import StrOptions, validate_params
from ._base import find_folder, make_bunch
from ._birads import birads_names, is_positive_birads
from ._files import have_another_size
from ._incomplete import (
    pair_rows_and_files,
    require_distinct_rows,
    require_known_values,
    warn_about_incomplete,
)
from ._lesion_rows import arrange_lesions
from ._table import require_table_columns

__all__ = ["load_vindr_mammo"]

_FOLDER = {
    "names": [
        "vindr_mammo",
        "vindr-mammo",
        "vindr-mammo/1.0.0",
        "1.0.0",
        "physionet.org/files/vindr-mammo/1.0.0",
    ],
    "expected": "with 'breast-level_annotations.csv' and 'finding_annotations.csv'",
    "remedy": "Download VinDr-Mammo (PhysioNet Restricted Health Data License, after "
    "signing its agreement) from https://physionet.org/content/vindr-mammo/.",
}
_BREASTS, _FINDINGS = "breast-level_annotations.csv", "finding_annotations.csv"
_BREAST_COLUMNS = [
    "study_id",
    "image_id",
    "laterality",
    "view_position",
    "height",
    "width",
    "breast_birads",
    "breast_density",
    "split",
]
_EDGES = ["xmin", "ymin", "xmax", "ymax"]
_FINDING_COLUMNS = ["finding_categories", "finding_birads", *_EDGES]
_SPLITS = {"training": "train", "test": "test"}
_SUFFIXES = (".dicom", ".dcm", ".png", ".jpg", ".jpeg")


@validate_params(
    {
        "path": [str, PathLike],
        "positive_birads": [tuple, list],
        "lesions": [StrOptions({"together", "each"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_vindr_mammo(
    path, *, positive_birads=(4, 5), lesions="together", return_X_y=False
):
    """Load VinDr-Mammo, the digital mammograms of Nguyen et al.

    20,000 mammograms of 5,000 examinations, with BI-RADS categories and boxes of the
    findings. **There is no pathology**: the label is the opinion of
    radiologists, and which of their categories are positive is your decision.

    Read more in the :ref:`User Guide <datasets>` and under
    :ref:`vindr_mammo_dataset`.

    Parameters
    ----------
    path : str or path-like
        Folder of the data set, with ``breast-level_annotations.csv``,
        ``finding_annotations.csv`` and ``images/<study_id>/<image_id>.dicom`` (or
        ``.dcm``, ``.png``, ``.jpg``), or a folder that holds it as ``vindr-mammo`` or
        ``vindr-mammo/1.0.0``.

    positive_birads : tuple of int, default=(4, 5)
        BI-RADS categories of class 1: suspicious findings. All others are class 0.

    lesions : {"together", "each"}, default="together"
        Whether each row is an image, with the category of its breast and one box
        around all findings, or each finding is a row, with its own category (that of
        the breast where it has none). Images without a finding have one row.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : DataFrame of shape (n_rows, 7)
            ``image`` (path), ``modality``, ``group``, ``view`` (CC, MLO),
            ``laterality`` (L, R), ``dataset`` and ``region`` (missing without a
            finding).
        target : ndarray of shape (n_rows,), int64
            1 for the positive categories, else 0.
        target_names : list of str
            Names of the classes 0 and 1.
        groups : ndarray of shape (n_rows,), object
            The study, an examination with four images.
        frame : DataFrame of n_rows rows
            The columns of `data`, ``target``, every column of the two tables, and
            ``n_lesions`` with ``lesions="together"``. ``split`` is "train" or "test".
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
        If rows have no image (they are left out), images have no row, findings are in
        no row of the other table, or boxes lie outside their image or belong to an
        image of another size, such as a reduced copy (their region is missing). All
        are counted and named.

    See Also
    --------
    load_inbreast : Another data set with BI-RADS categories for labels.
    load_rsna : Digital mammograms with pathology.

    Notes
    -----
    A breast has one category, and both its views have it, also a view in which
    nothing was seen. Only findings of category 3 and above are in boxes: a benign
    finding has none. So ``region`` alone reveals most of the label, and a comparison
    of lesions must leave out the rows without one. ``breast_birads``,
    ``finding_birads``, ``finding_categories`` and ``breast_density`` are in `frame`
    only. The official split keeps each study in one part. BI-RADS 1 and 2 are 90 % of
    the breasts.

    References
    ----------
    .. [1] H. T. Nguyen et al., "VinDr-Mammo: A large-scale benchmark dataset for
       computer-aided diagnosis in full-field digital mammography", Scientific Data 10
       (2023) 277. https://doi.org/10.1038/s41597-023-02100-7

    Examples
    --------
    >>> from skfusion.datasets import load_vindr_mammo
    >>> vindr = load_vindr_mammo("downloads/vindr-mammo")  # doctest: +SKIP
    >>> vindr.target_names  # doctest: +SKIP
    ['other BI-RADS', 'BI-RADS 4, 5']
    >>> with_box = vindr.data[vindr.data["region"].notna()]  # doctest: +SKIP
    """
    folder = find_folder(path, _is_vindr_mammo, **_FOLDER)
    images = _find_images(folder / "images")
    breasts = _read_breasts(folder / _BREASTS, images)
    names = {image: Path(image).name for image in images.values()}
    breasts, findings = pair_rows_and_files(breasts, names, folder / _BREASTS)
    frame, unknown = _add_findings(breasts, folder / _FINDINGS)
    frame, without = _add_regions(frame)
    warn_about_incomplete("VinDr-Mammo", [*findings, unknown, *without])
    frame = _describe(frame, positive_birads, lesions, folder)
    frame = arrange_lesions(frame, frame["xmin"].notna(), lesions)
    return make_bunch(
        frame.drop(columns="finding_row"),
        name="vindr_mammo",
        target_names=birads_names(positive_birads),
        return_X_y=return_X_y,
    )


def _is_vindr_mammo(folder):
    return all((folder / table).is_file() for table in (_BREASTS, _FINDINGS))


def _find_images(folder):
    """Return the path of each image by 'study/image'; DICOM before other formats."""
    files = [file for file in folder.glob("*/*") if file.suffix.lower() in _SUFFIXES]
    files.sort(key=lambda file: _SUFFIXES.index(file.suffix.lower()), reverse=True)
    return {f"{file.parent.name}/{file.stem}": str(file) for file in files}


def _read_breasts(file, images):
    table = pd.read_csv(file, dtype={"study_id": str, "image_id": str})
    require_table_columns(table, _BREAST_COLUMNS, file)
    require_known_values(table, ["laterality"], ["L", "R"], file)
    require_known_values(table, ["split"], list(_SPLITS), file)
    require_distinct_rows(table, ["image_id"], file)
    names = table["study_id"] + "/" + table["image_id"]
    return table.assign(split=table["split"].map(_SPLITS), image=names.map(images))


def _add_findings(breasts, file):
    """Return one row per finding or image without one, and findings of no image."""
    table = pd.read_csv(file, dtype={"image_id": str})
    require_table_columns(table, ["image_id", *_FINDING_COLUMNS], file)
    table["finding_row"] = range(1, len(table) + 1)
    known = table["image_id"].isin(breasts["image_id"])
    unknown = table.loc[~known & table["xmin"].notna(), "finding_row"]
    columns = ["image_id", *_FINDING_COLUMNS, "finding_row"]
    frame = breasts.merge(table[columns], on="image_id", how="left")
    return frame, ("Findings of images left out", _row_names(unknown))


def _add_regions(frame):
    """Add the boxes, cut to the image, and name findings without a region."""
    sizes = frame[["width", "height"]].to_numpy()
    pairs = zip(frame[_EDGES].to_numpy(), sizes, strict=True)
    boxes = pd.Series([cut_box(box, *size) for box, size in pairs], dtype=object)
    is_outside = frame["xmin"].notna().to_numpy() & boxes.isna().to_numpy()
    has_box = np.flatnonzero(boxes.notna())
    is_other = have_another_size(frame[IMAGE].iloc[has_box], *sizes[has_box].T)
    boxes.iloc[has_box[is_other]] = None
    rows = frame["finding_row"]
    return frame.assign(**{REGION: boxes.to_numpy()}), [
        ("Boxes outside their image, without a region", _row_names(rows[is_outside])),
        (
            "Boxes of images of another size than in the table, without a region",
            _row_names(rows.iloc[has_box[is_other]]),
        ),
    ]


def _row_names(rows):
    return [f"row {int(row)} of {_FINDINGS!r}" for row in rows]


def _describe(frame, positive, lesions, folder):
    """Return the table with the columns of every data set."""
    breast = frame["breast_birads"]
    target = is_positive_birads(breast, positive, breast.name, folder / _BREASTS)
    if lesions == "each":
        own = frame["finding_birads"].fillna(breast).rename("finding_birads")
        target = is_positive_birads(own, positive, own.name, folder / _FINDINGS)
    return frame.assign(
        target=target.astype("int64"),
        modality="mammography",
        group=frame["study_id"],
        view=frame["view_position"],
        dataset="vindr_mammo",
    )
