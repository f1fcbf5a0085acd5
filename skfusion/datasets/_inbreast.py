"""INbreast: digital mammograms from Porto with outlines of the findings."""

import plistlib
import re
from os import PathLike

import numpy as np
import pandas as pd

from .._validation._boxes import cut_box
from .._validation._columns import IMAGE, REGION
from .._validation._private import StrOptions, validate_params
from ..images._size import image_size
from ._base import find_folder, make_bunch
from ._birads import birads_names, is_positive_birads
from ._incomplete import (
    pair_rows_and_files,
    require_distinct_rows,
    require_known_values,
    warn_about_incomplete,
)
from ._lesion_rows import arrange_lesions
from ._table import require_table_columns

__all__ = ["load_inbreast"]

_FOLDER = {
    "names": ["inbreast", "INbreast", "INbreast Release 1.0", "INBreast"],
    "expected": "with 'INbreast.csv' and the folder 'AllDICOMs'",
    "remedy": "INbreast is given by its authors on request (research, cite): see "
    "https://doi.org/10.1016/j.acra.2011.09.014.",
}
_COLUMNS = ["Laterality", "View", "File Name", "ACR", "Bi-Rads"]
# Such as 22678622_61b13c59bcba149e_MG_R_CC_ANON.dcm; the second part is the patient.
_DICOM = re.compile(r"(?P<number>\d+)_(?P<patient>[0-9a-f]+)_MG_.*\.dcm", re.I)
_POINT = re.compile(r"\(\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*\)")
_FEWEST_POINTS = 3  # of an outline


@validate_params(
    {
        "path": [str, PathLike],
        "positive_birads": [tuple, list],
        "lesions": [StrOptions({"together", "each"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_inbreast(
    path, *, positive_birads=(4, 5, 6), lesions="together", return_X_y=False
):
    """Load INbreast, the digital mammograms of Moreira et al.

    410 mammograms of 115 cases, with BI-RADS categories and outlines of the findings.
    **There is no pathology**: the label is the opinion of radiologists, and which of
    their categories are positive is your decision.

    Read more in the :ref:`User Guide <datasets>` and under :ref:`inbreast_dataset`.

    Parameters
    ----------
    path : str or path-like
        Folder of the data set, with ``INbreast.csv``, ``AllDICOMs`` and, for boxes,
        ``AllXML``, or a folder that holds it as ``INbreast Release 1.0`` or
        ``inbreast``.

    positive_birads : tuple of int or str, default=(4, 5, 6)
        BI-RADS categories of class 1. 4 contains 4a, 4b and 4c, which may be given
        alone: ``("4b", "4c", 5, 6)``. All others are class 0, normal images included.

    lesions : {"together", "each"}, default="together"
        Whether each row is an image, with one box around all its outlines, or each
        outline is a row. Images without an outline have one row.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : DataFrame of shape (n_rows, 7)
            ``image`` (path), ``modality``, ``group``, ``view`` (CC, MLO),
            ``laterality`` (L, R), ``dataset`` and ``region`` (missing without an
            outline).
        target : ndarray of shape (n_rows,), int64
            1 for the positive categories, else 0.
        target_names : list of str
            Names of the classes 0 and 1.
        groups : ndarray of shape (n_rows,), object
            The patient, from the second part of the file name.
        frame : DataFrame of n_rows rows
            The columns of `data`, ``target``, every column of the table, ``finding``
            (name of the outline, or missing), and ``n_lesions`` with
            ``lesions="together"``.
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
        If rows have no image (they are left out), images have no row, or a file of
        outlines cannot be read (the region is missing). All are counted and named.

    See Also
    --------
    load_vindr_mammo : Another data set with BI-RADS categories for labels.
    load_cbis_ddsm : Film mammograms with pathology and masks.

    Notes
    -----
    **Boxes.** Single calcifications are marked one by one, up to hundreds in an image,
    benign ones included. They are not used for boxes; clusters, masses, asymmetries and
    distortions are. Without the folder ``AllXML`` no image has a box.

    **Traps.** The category is that of the image's breast and not of a finding: with
    ``lesions="each"`` all findings of an image have the same label. Patients are known
    from the file names only: the column ``Patient ID`` is "removed" in every row.
    ``Bi-Rads`` and ``ACR`` (density) are in `frame` only.

    References
    ----------
    .. [1] I. C. Moreira et al., "INbreast: Toward a full-field digital mammographic
       database", Academic Radiology 19 (2012) 236-248.
       https://doi.org/10.1016/j.acra.2011.09.014

    Examples
    --------
    >>> from skfusion.datasets import load_inbreast
    >>> inbreast = load_inbreast("downloads/INbreast Release 1.0")  # doctest: +SKIP
    >>> inbreast.target_names  # doctest: +SKIP
    ['other BI-RADS', 'BI-RADS 4, 5, 6']
    """
    folder = find_folder(path, _is_inbreast, **_FOLDER)
    table = _read_table(folder / "INbreast.csv")
    images = _find_images(folder / "AllDICOMs")
    table = table.merge(images, on="File Name", how="left")
    numbers = dict(zip(images[IMAGE], images["File Name"], strict=True))
    table, findings = pair_rows_and_files(table, numbers, folder / "INbreast.csv")
    frame, unreadable = _add_outlines(table, folder / "AllXML")
    warn_about_incomplete("INbreast", [*findings, unreadable])
    birads = frame["Bi-Rads"]
    target = is_positive_birads(
        birads, positive_birads, birads.name, folder / "INbreast.csv"
    )
    frame = frame.assign(
        target=target.astype("int64"),
        modality="mammography",
        view=frame["View"],
        laterality=frame["Laterality"],
        dataset="inbreast",
    )
    return make_bunch(
        arrange_lesions(frame, frame[REGION].notna(), lesions),
        name="inbreast",
        target_names=birads_names(positive_birads),
        return_X_y=return_X_y,
    )


def _is_inbreast(folder):
    return (folder / "INbreast.csv").is_file() and (folder / "AllDICOMs").is_dir()


def _read_table(file):
    table = pd.read_csv(file, sep=";", dtype=str, encoding="utf-8-sig")
    table = table.rename(columns=str.strip).dropna(how="all")
    require_table_columns(table, _COLUMNS, file)
    table = table.apply(lambda values: values.str.strip())
    require_known_values(table, ["Laterality"], ["L", "R"], file)
    require_distinct_rows(table, ["File Name"], file)
    return table


def _find_images(folder):
    """Return path, number and patient of every image."""
    names = [(file, _DICOM.fullmatch(file.name)) for file in sorted(folder.iterdir())]
    return pd.DataFrame(
        [(str(file), *name.group("number", "patient")) for file, name in names if name],
        columns=[IMAGE, "File Name", "group"],
    )


def _add_outlines(table, folder):
    """Return one row per outline or image without one, and files that are damaged."""
    outlines, damaged = [], []
    for number, image in zip(table["File Name"], table[IMAGE], strict=True):
        file = folder / f"{number}.xml"
        try:
            found = _read_outlines(file, image) if file.is_file() else []
        except Exception:  # a damaged file may raise any error
            found = []
            damaged.append(file.name)
        outlines += [(number, *outline) for outline in found]
    outlines = pd.DataFrame(outlines, columns=["File Name", "finding", REGION])
    frame = table.merge(outlines.astype(object), on="File Name", how="left")
    frame[REGION] = frame[REGION].astype(object).where(frame[REGION].notna(), None)
    return frame, ("Files of outlines that cannot be read", damaged)


def _read_outlines(file, image):
    """Return name and box of the outlines of findings in a file of OsiriX.

    The box is cut to the image, if the header of the image can be read.
    """
    size = image_size(image) or (np.inf, np.inf)
    with file.open("rb") as stream:
        images = plistlib.load(stream, fmt=plistlib.FMT_XML)["Images"]
    outlines = []
    for roi in (roi for image in images for roi in image["ROIs"]):
        points = [_POINT.fullmatch(point).groups() for point in roi["Point_px"]]
        is_single = roi["Name"].lower().startswith("calcification")
        if len(points) >= _FEWEST_POINTS and not is_single:
            x, y = np.array(points, dtype=float).T
            box = x.min(), y.min(), x.max() + 1, y.max() + 1
            outlines.append((roi["Name"], cut_box(box, *size)))
    return outlines
