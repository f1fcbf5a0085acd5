"""Anybody's own images: a folder, and a table with a row for each image."""

from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from .._validation._columns import DATASET, GROUP
from .._validation._private import validate_params
from ._base import make_bunch
from ._image_table_files import find_files, leave_out_missing
from ._image_table_labels import show_labels
from ._image_table_read import (
    name_in_frame,
    read_own_table,
    rename_own_columns,
    require_own_columns,
)
from ._image_table_regions import require_edges
from ._image_table_rows import check_rows
from ._image_table_values import MODALITIES

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
    before anything is fitted: one error lists all problems of its rows and labels.

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
        file, the origin is its upper left corner, and x1 and y1 are exclusive. If you
        have widths and heights, compute ``table["x1"] = table["x"] + table["w"]``, and
        y1 likewise.

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
            Names of the classes. Class 0 of several labels is "not malignant", for
            example.
        groups : ndarray of shape (n_images,), object
            The group, as text.
        frame : DataFrame of n_images rows
            The columns of `data`, ``target``, ``table_row`` (row of the table, from
            0, the header not counted), and every column of the table, so that labels
            are in it and not in `data`. A column whose name is also one of `data` is
            called, for example, ``table_image``.
        label_column : str
            Column of the labels in `frame`.
        used_columns : list of str
            Columns in `frame` that the other parameters named.
        DESCR : str
            Number of images and groups of each class, and its labels.
    (data, target) : tuple if `return_X_y` is True
        See above.

    Raises
    ------
    DatasetNotFoundError
        If the table is not a file, or no row has a file.

    ValueError
        If the table cannot be read, does not have a column, or has a width and a
        height as edges. If rows have no label, no group or data set, an unknown side
        or modality, a file that is not an image, text that is no box, a box that goes
        beyond its image by more than one pixel, a mask that cannot be used, or an
        image that another row shows already (in the same region, under another label,
        or in another group), or if the labels do not give two classes or do not
        contain `positive`: one message lists all of these problems. The rows of
        messages count from 0, the header not counted.

    Warns
    -----
    DataQualityWarning
        If rows have no file and are left out, images in the folder are in no row,
        `group` is None, groups differ in blanks only, labels differ in case or blanks
        only or may be misspelt, the alphabet alone decides which class is positive,
        masks are empty, or regions of one image have different labels.

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

    A label may be misspelt if it is in fewer than 1 % of the rows, in one or two of 20
    rows or more, or nearly that of more frequent rows, such as "malignat". It would be
    a class of its own or, with `positive`, a part of class 0.

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
    ['not cancer', 'cancer']
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
    named = _columns_named(columns)
    require_own_columns(own, named, name)
    renamed = rename_own_columns(own, name)
    folder = start if folder is None else Path(folder).expanduser()
    own, files = leave_out_missing(own, find_files(own[image], folder), image, folder)
    frame, target_names = check_rows(own, files, columns, positive, folder, name)
    if dataset is None:
        is_file = not isinstance(table, pd.DataFrame)
        frame[DATASET] = Path(table).stem if is_file else "table"
    frame = pd.concat([frame, renamed.loc[own.index]], axis=1)
    bunch = make_bunch(
        frame, name="image_table", target_names=target_names, return_X_y=return_X_y
    )
    return bunch if return_X_y else _describe(bunch, named)


def _columns_named(columns):
    """Return the column of each parameter that names one."""
    named = {}
    for name, value in columns.items():
        if name == "region" and isinstance(value, list | tuple):
            require_edges(value)
            named |= {f"region[{i}]": edge for i, edge in enumerate(value)}
        elif value is not None and not (name == "modality" and value in MODALITIES):
            named[name] = value
    return named


def _describe(bunch, named):
    """Name the columns of the table that were used, and describe the images."""
    bunch.label_column = name_in_frame(named["label"])
    used = [name_in_frame(column) for key, column in named.items() if key != "label"]
    bunch.used_columns = list(dict.fromkeys(used))
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
    """Return the numbers of images and groups of a class, and its labels."""
    labels = sorted(set(bunch.frame[bunch.label_column][rows].tolist()))
    n_groups = len(set(bunch.groups[rows]))
    text = f"{np.count_nonzero(rows)} images of {n_groups} groups"
    return f"{text}, labelled {show_labels(labels)}" if len(labels) > 1 else text
