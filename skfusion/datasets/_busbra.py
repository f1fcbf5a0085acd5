"""BUS-BRA: breast ultrasound images from Rio de Janeiro."""

import re
from os import PathLike

import pandas as pd

from .._validation._boxes import cut_box
from .._validation._columns import IMAGE, REGION
from .._validation._private import validate_params
from ._base import find_folder, make_bunch
from ._files import have_another_size
from ._incomplete import (
    pair_rows_and_files,
    require_distinct_rows,
    require_known_values,
    warn_about_incomplete,
)
from ._table import require_table_columns

__all__ = ["load_busbra"]

_TABLE = "bus_data.csv"
_FOLDER = {
    "names": ["busbra", "BUSBRA", "busbra/BUSBRA", "BUSBRA/BUSBRA", "BUS-BRA/BUSBRA"],
    "expected": f"with the table {_TABLE!r} and the folder 'Images'",
    "remedy": "Download BUS-BRA (CC BY 4.0, cite) from "
    "https://zenodo.org/records/8231412.",
}
_COLUMNS = ["ID", "Case", "Pathology", "Width", "Height", "BBOX"]
_WITHOUT_REGION = "Images of another size than in the table, without a region"
_LABELS = {"benign": 0, "malignant": 1}
_FOLDS = {"fold_5": "5-fold-cv.csv", "fold_10": "10-fold-cv.csv"}
_BOX = re.compile(r"\s*\[?" + r"[,;\s]+".join([r"([\d.]+)"] * 4) + r"\s*\]?\s*")


@validate_params(
    {"path": [str, PathLike], "return_X_y": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def load_busbra(path, *, return_X_y=False):
    """Load BUS-BRA, the breast ultrasound images of Gómez-Flores et al.

    1,875 images of 1,064 patients, each with a lesion that was confirmed by biopsy:
    1,268 benign, 607 malignant. Most patients have two images of one lesion.

    Read more in the :ref:`User Guide <datasets>` and under :ref:`busbra_dataset`.

    Parameters
    ----------
    path : str or path-like
        Folder of the data set, ``BUSBRA`` itself (with the table ``bus_data.csv`` and
        the folders ``Images`` and ``Masks``), or a folder that holds it as ``busbra``
        or ``BUSBRA``.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : DataFrame of shape (n_images, 7)
            ``image`` (path), ``modality``, ``group``, ``view`` and ``laterality``
            (missing, see Notes), ``dataset`` and ``region`` ("x0,y0,x1,y1", the box of
            the lesion in pixels).
        target : ndarray of shape (n_images,), int64
            1 for malignant, 0 for benign.
        target_names : list of str
            Names of the classes 0 and 1.
        groups : ndarray of shape (n_images,), object
            The patient: the column ``Case``.
        frame : DataFrame of n_images rows
            The columns of `data`, ``target``, every column of the table, ``masks``
            (name of the file in the folder ``Masks``, or an empty string without such
            a file), and ``fold_5`` and ``fold_10``, the official folds, if the
            publisher's files of them are present. :func:`official_split` returns them
            for `cv`.
        DESCR : str
            Description of the data set.
    (data, target) : tuple if `return_X_y` is True
        See above.

    Raises
    ------
    DatasetNotFoundError
        If the data set is not found. The message states how to get it.

    ValueError
        If a column of a table is missing, holds a value that is not known, or an image
        is in no fold.

    Warns
    -----
    DataQualityWarning
        If rows have no image (they are left out), images have no row, or images have
        another size than in the table, as reduced copies have (their region is
        missing). All are counted, and rows are named.

    See Also
    --------
    official_split : Returns the official folds.
    load_busi : Another ultrasound data set, with near-duplicates.
    load_bus_uclm : Another ultrasound data set, with few patients.

    Notes
    -----
    **Side is not the breast.** The column ``Side`` is left, right or single. 1,875
    images of 1,064 cases are 811 pairs and 253 single images, and the images of a pair
    share one diagnosis: left and right are the two images of one lesion, as on the two
    halves of a screen, and not the two breasts. ``Side`` is in `frame` only, and
    ``laterality`` is missing.

    **Leaks.** ``BIRADS`` and ``Histology`` reveal the label. They are in `frame` only.
    So is ``Device``, the scanner.

    **Boxes.** The box is the column ``BBOX``, "[x,y,w,h]", cut at the edge of the
    image. Whether its pixels count from 0 or from 1 is not documented, so a box may be
    off by one pixel.

    References
    ----------
    .. [1] W. Gómez-Flores, M. J. Gregorio-Calas, W. Coelho de Albuquerque Pereira,
       "BUS-BRA: A breast ultrasound dataset for assessing computer-aided diagnosis
       systems", Medical Physics 51 (2024) 3110-3123.
       https://doi.org/10.1002/mp.16812

    Examples
    --------
    >>> from skfusion.datasets import load_busbra, official_split
    >>> busbra = load_busbra("downloads/BUSBRA")  # doctest: +SKIP
    >>> busbra.data.shape  # doctest: +SKIP
    (1875, 7)
    >>> len(official_split(busbra))  # doctest: +SKIP
    5
    """
    folder = find_folder(path, _is_busbra, **_FOLDER)
    frame = _read_table(folder)
    return make_bunch(
        frame, name="busbra", target_names=list(_LABELS), return_X_y=return_X_y
    )


def _is_busbra(folder):
    return (folder / _TABLE).is_file() and (folder / "Images").is_dir()


def _read_table(folder):
    """Return the table with the columns of every data set, and the paths found."""
    file = folder / _TABLE
    frame = pd.read_csv(file, dtype={"ID": str, "Case": str})
    require_table_columns(frame, _COLUMNS, file)
    require_known_values(frame, ["Pathology"], list(_LABELS), file)
    require_distinct_rows(frame, ["ID"], file)
    images = {image.stem: str(image) for image in (folder / "Images").glob("*.png")}
    frame[IMAGE] = frame["ID"].map(images)
    frame = frame.assign(
        target=frame["Pathology"].map(_LABELS),
        region=[
            _box(row, *values, file)
            for row, *values in frame[["BBOX", "Width", "Height"]].itertuples()
        ],
        **_read_folds(frame["ID"], folder),
    )
    names = dict.fromkeys(images.values(), "")  # which contain the patient
    frame, findings = pair_rows_and_files(frame, names, file)
    is_other = have_another_size(frame[IMAGE], frame["Width"], frame["Height"])
    frame.loc[is_other, REGION] = None
    rows = [f"row {row + 1} of {_TABLE!r}" for row in frame.index[is_other]]
    warn_about_incomplete("BUS-BRA", [*findings, (_WITHOUT_REGION, rows)])
    return frame.assign(
        masks=_masks(frame["ID"], folder),
        modality="ultrasound",
        group=frame["Case"],
        view=None,
        laterality=None,
        dataset="busbra",
    )


def _box(row, text, width, height, file):
    """Return the box "[x,y,w,h]" as "x0,y0,x1,y1", cut at the edge of the image."""
    match = _BOX.fullmatch(str(text))
    x, y, w, h = map(float, match.groups()) if match else (0, 0, 0, 0)
    region = cut_box((x, y, x + w, y + h), width, height)
    if region is None:
        raise ValueError(
            "Expected a box '[x,y,w,h]' that begins inside the image in the column "
            f"'BBOX' of {file.name!r}. Got {text!r} in row {row + 1}. Download "
            "the publisher's table again."
        )
    return region


def _masks(names, folder):
    """Return the name of each image's mask, or an empty string."""
    masks = "mask_" + names.str.removeprefix("bus_") + ".png"
    present = {mask.name for mask in (folder / "Masks").glob("*")}
    return masks.where(masks.isin(present), "")


def _read_folds(names, folder):
    """Return the official fold of each image, from the files that are present."""
    folds = {}
    for column, name in _FOLDS.items():
        file = folder / name
        if file.is_file():
            table = pd.read_csv(file, dtype={"ID": str})
            require_table_columns(table, ["ID", "kFold"], file)
            fold_of = dict(zip(table["ID"], table["kFold"], strict=True))
            folds[column] = names.map(fold_of)
            if folds[column].isna().any():
                raise ValueError(
                    f"Expected the fold of each image in {file.name!r}. Got none for "
                    f"{folds[column].isna().sum()} images of {_TABLE!r}. Download the "
                    "publisher's files again."
                )
            folds[column] = folds[column].astype("int64")
    return folds
