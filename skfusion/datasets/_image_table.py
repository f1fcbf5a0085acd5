"""Anybody's own images: a folder, and a table with a row for each image."""

from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from .._validation._columns import DATASET, GROUP
from .._validation._private import validate_params
from ._base import make_bunch
from ._image_table_files import find_files, leave_out_missing
from ._image_table_read import (
    read_own_table,
    rename_own_columns,
    require_own_columns,
)
from ._image_table_rows import check_rows
from ._image_table_values import MODALITIES, encode_labels

__all__ = ["load_image_table"]

_OWN_COLUMN = [str, None]


@validate_params(
    {
        "table": [str, PathLike, pd.DataFrame],
        "image": [str],
        "label": [str],
        "group": _OWN_COLUMN,
        "modality": _OWN_COLUMN,
        "view": _OWN_COLUMN,
        "laterality": _OWN_COLUMN,
        "region": [str, list, tuple, None],
        "positive": "no_validation",
        "folder": [str, PathLike, None],
        "dataset": _OWN_COLUMN,
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_image_table(
    table,
    *,
    image,
    label,
    group=None,
    modality=None,
    view=None,
    laterality=None,
    region=None,
    positive=None,
    folder=None,
    dataset=None,
    return_X_y=False,
):
    """Load your own images from a table with a row for each image.

    The table names the file, the label and the patient of each image. It is checked
    before anything is fitted: one error lists all problems, with their rows.

    Read more in the :ref:`User Guide <own_images>`.

    Parameters
    ----------
    table : str, path-like or DataFrame
        CSV file (UTF-8, separated by commas, semicolons or tabs), Excel file (its first
        sheet) or DataFrame. Most of the other parameters name its columns. As usual in
        pandas, cells such as "NA", "None" and "nan" in a file are empty.

    image : str
        Column of the paths of the images, of any format that
        :func:`~skfusion.images.read_image` reads.

    label : str
        Column of the labels, of any type.

    group : str, default=None
        Column of what must not cross a split, usually the patient. If None, each
        image is a group of its own, which is wrong if a patient has several images.

    modality : str, default=None
        "mammography" or "ultrasound" for all images, or a column of such words.

    view : str, default=None
        Column of the view, such as "CC" or "MLO".

    laterality : str, default=None
        Column of the side of the breast: "L", "R", "left" or "right".

    region : str or list of 4 str, default=None
        Where the lesion is: a column of boxes "x0,y0,x1,y1" or of paths of masks, or
        the four columns of the edges x0, y0, x1 and y1. The unit is a pixel of the
        file, the origin is its upper left corner, and x1 and y1 are exclusive.

    positive : label or list of labels, default=None
        Labels of class 1; all others are class 0. If None, each label is a class, and
        the classes are sorted: of two, the last one is the positive class.

    folder : str or path-like, default=None
        Folder where relative paths start. If None, the folder of the file `table`, or
        the current folder for a DataFrame.

    dataset : str, default=None
        Column of the data set or hospital. If None, all images have the name of the
        file `table` without its ending, or "table" for a DataFrame.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : DataFrame of shape (n_images, 6) or (n_images, 7)
            ``image`` (path), ``modality``, ``group``, ``view``, ``laterality``,
            ``dataset`` and, with `region`, ``region`` ("x0,y0,x1,y1", or None). What
            was not given is missing.
        target : ndarray of shape (n_images,), int64
            Class of each image: 0, 1, ...
        target_names : list of str
            Names of the classes.
        groups : ndarray of shape (n_images,), object
            The group, as text.
        frame : DataFrame of n_images rows
            The columns of `data`, ``target``, and every column of the table, so that
            labels are in it and not in `data`. A column whose name is also one of
            `data` is called, for example, ``table_image``.
        DESCR : str
            Number of images and groups of each class.
    (data, target) : tuple if `return_X_y` is True
        See above.

    Raises
    ------
    DatasetNotFoundError
        If the table is not a file, or no row has a file.

    ValueError
        If the table cannot be read, or does not have a column. If rows have no label,
        no group or data set, an unknown side or modality, a file that is not an image,
        text that is no box, a box that goes beyond its image by more than one pixel, a
        mask that cannot be used, or an image that another row shows already (in the
        same region, under another label, or in another group): the message lists all
        of these problems.

    Warns
    -----
    DataQualityWarning
        If rows have no file and are left out, images in the folder are in no row,
        `group` is None, groups differ in blanks only, labels differ in case or blanks
        only, the alphabet alone decides which class is positive, masks are empty, or
        regions of one image have different labels.

    See Also
    --------
    skfusion.images.scan_images : Lists new images without labels, for ``predict``.
    skfusion.images.find_near_duplicates : Finds images that are nearly the same, to
        be used as groups if the patients are unknown.
    concat_datasets : Pools your images with a public data set.

    Notes
    -----
    Headers of images are read, and no pixels: an image whose pixels are damaged is
    found when it is decoded. Masks are decoded; several lesions in one mask give one
    box around them. For several boxes in an image, give it several rows.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from skfusion.datasets import load_image_table, make_breast_images
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     images = make_breast_images(4, folder=folder, random_state=0).data["image"]
    ...     table = pd.DataFrame(
    ...         {
    ...             "file": [Path(image).name for image in images],
    ...             "finding": ["cancer", "cyst", "cancer", "fibroadenoma"],
    ...             "patient": ["anna", "anna", "bea", "cleo"],
    ...             "side": ["left", "RIGHT", "R", "l"],
    ...             "box": ["9,9,40,38", None, None, "20,12,44,37"],
    ...             "age": [61, 61, 48, 35],
    ...         }
    ...     )
    ...     table.to_csv(Path(folder) / "clinic.csv", index=False)
    ...     clinic = load_image_table(
    ...         Path(folder) / "clinic.csv",
    ...         image="file",
    ...         label="finding",
    ...         positive="cancer",
    ...         group="patient",
    ...         modality="ultrasound",
    ...         laterality="side",
    ...         region="box",
    ...     )
    >>> clinic.data[["group", "laterality", "dataset", "region"]]
      group laterality dataset       region
    0  anna          L  clinic    9,9,40,38
    1  anna          R  clinic         None
    2   bea          R  clinic         None
    3  cleo          L  clinic  20,12,44,37
    >>> clinic.target
    array([1, 0, 1, 0])
    >>> clinic.target_names
    ['cyst or fibroadenoma', 'cancer']
    """
    columns = {
        "image": image,
        "label": label,
        "group": group,
        "modality": modality,
        "view": view,
        "laterality": laterality,
        "region": region,
        "dataset": dataset,
    }
    text = [column for column in (image, group, dataset) if column is not None]
    own, name, start = read_own_table(table, text=text)
    require_own_columns(own, _columns_named(columns), name)
    renamed = rename_own_columns(own, name)
    folder = start if folder is None else Path(folder).expanduser()
    own, files = leave_out_missing(own, find_files(own[image], folder), image, folder)
    frame = check_rows(own, files, columns, folder, name)
    if dataset is None:
        is_file = not isinstance(table, pd.DataFrame)
        frame[DATASET] = Path(table).stem if is_file else "table"
    target, target_names = encode_labels(own[label], positive, label)
    frame = pd.concat([frame.assign(target=target), renamed.loc[own.index]], axis=1)
    bunch = make_bunch(
        frame, name="image_table", target_names=target_names, return_X_y=return_X_y
    )
    return bunch if return_X_y else _describe(bunch)


def _columns_named(columns):
    """Return the column of each parameter that names one."""
    named = {}
    for name, value in columns.items():
        if name == "region" and isinstance(value, list | tuple):
            if len(value) != 4:
                raise ValueError(
                    "Expected one column or the four columns of x0, y0, x1 and y1 as "
                    f"region. Got {len(value)} columns."
                )
            named |= {f"region[{i}]": edge for i, edge in enumerate(value)}
        elif value is not None and not (name == "modality" and value in MODALITIES):
            named[name] = value
    return named


def _describe(bunch):
    """Describe the images in place of the template."""
    names = bunch.data[DATASET].unique()
    title = f"Own images: {', '.join(names)}"
    classes = [
        f"- Class {code}, {name}: {_count(bunch, bunch.target == code)}"
        for code, name in enumerate(bunch.target_names)
    ]
    bunch.DESCR = bunch.DESCR.format(
        title=title,
        line="-" * len(title),
        n_images=len(bunch.data),
        n_groups=bunch.data[GROUP].nunique(),
        classes="\n".join(classes),
    )
    return bunch


def _count(bunch, rows):
    return f"{np.count_nonzero(rows)} images of {len(set(bunch.groups[rows]))} groups"
