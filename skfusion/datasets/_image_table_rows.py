"""Checks of all rows of a user's table, and the columns of every data set from them."""

import pandas as pd

from .._validation._blanks import warn_of_blanks_in_groups
from .._validation._columns import (
    DATASET,
    GROUP,
    IMAGE,
    LATERALITY,
    MODALITY,
    REGION,
)
from ..exceptions import DataQualityWarning, warn_user
from ._image_table_files import identify_files, read_sizes, warn_of_unlisted
from ._image_table_labels import encode_labels
from ._image_table_problems import Problems
from ._image_table_read import TABLE_ROW
from ._image_table_regions import read_regions
from ._image_table_repeats import check_repeats
from ._image_table_values import (
    MODALITIES,
    as_laterality,
    as_modality,
    as_text,
    as_view,
    is_filled,
)

__all__ = ["check_rows"]


def check_rows(own, files, columns, positive, folder, name):
    """Return the columns of every data set, or raise an error with all problems.

    Parameters
    ----------
    own : DataFrame
        The rows of the table that have a file.

    files : Series of str
        The file of each row.

    columns : dict of str to str or None
        The parameters of :func:`load_image_table` that name columns.

    positive : label, list of labels or None
        Labels of class 1.

    folder : Path
        Folder where relative paths start.

    name : str
        Name of the table, for the error.

    Returns
    -------
    frame : DataFrame
        ``image``, ``modality``, ``group``, ``view``, ``laterality``, ``dataset`` (None
        without a column of it) and, if there is a column of boxes or masks, ``region``;
        ``target`` and ``table_row``.

    target_names : list of str
        Names of the classes.

    Raises
    ------
    ValueError
        If a row cannot be used. The message lists all problems.

    Warns
    -----
    DataQualityWarning
        See :func:`load_image_table`.
    """
    problems = Problems(name)
    sizes = read_sizes(files)
    unopened = own.index[sizes.isna()]
    problems.add(unopened, "a file that is not an image", "Replace or drop it.")
    target, target_names = _classes(own[columns["label"]], positive, problems)
    codes = identify_files(files)
    frame = pd.DataFrame(
        {
            IMAGE: files,
            MODALITY: _modalities(own, columns["modality"], problems),
            GROUP: _groups(own, columns["group"], codes, problems),
            "view": as_view(_values(own, columns["view"])),
            LATERALITY: as_laterality(_values(own, columns["laterality"]), problems),
            DATASET: _data_sets(own, columns["dataset"], problems),
        },
        dtype=object,
    )
    masks = []
    if columns["region"] is not None:
        boxes = own[_as_list(columns["region"])]
        frame[REGION], masks = read_regions(boxes, folder, sizes, problems)
    shown = {"file": codes, "label": own[columns["label"]], GROUP: frame[GROUP]}
    shown[REGION] = frame.get(REGION, [None] * len(frame))
    check_repeats(pd.DataFrame(shown), problems)
    problems.raise_all()
    warn_of_unlisted(files, masks, folder)
    return frame.assign(target=target, **{TABLE_ROW: frame.index}), target_names


def _classes(labels, positive, problems):
    """Return the class of each row and the names of the classes, if there are any."""
    unlabelled = _empty_rows(labels)
    problems.add(unlabelled, "no label", "Fill it in, or drop the row.")
    labels = labels.drop(unlabelled)
    try:
        target, names = encode_labels(labels, positive, labels.name)
    except ValueError as error:
        problems.note(str(error))
        return None, []
    return pd.Series(target, index=labels.index), names


def _empty_rows(values):
    return values.index[~is_filled(values)]


def _values(own, column):
    """Return a column of the table, or missing values if there is none."""
    return pd.Series(None, own.index, dtype=object) if column is None else own[column]


def _as_list(columns):
    return [columns] if isinstance(columns, str) else list(columns)


def _modalities(own, modality, problems):
    if modality is None or modality in MODALITIES:
        return modality
    return as_modality(own[modality], problems)


def _groups(own, group, codes, problems):
    """Return the group of each row as text, of which the file is one by default."""
    if group is None:
        warn_user(
            "Each image is a group of its own, because group is None. Images of one "
            "patient, and near-duplicates, may then be on both sides of a split. Pass "
            "the column of the patients as group=. If they are unknown, make one with "
            "skfusion.images.find_near_duplicates.",
            DataQualityWarning,
        )
        return "image" + codes.astype(str)
    problems.add(
        _empty_rows(own[group]),
        "no group",
        "Give an image of an unknown patient a group of its own.",
    )
    groups = as_text(own[group])
    warn_of_blanks_in_groups(groups)
    return groups


def _data_sets(own, dataset, problems):
    if dataset is None:
        return None
    remedy = "Fill it in: folds may be drawn by data set."
    problems.add(_empty_rows(own[dataset]), "no data set", remedy)
    return as_text(own[dataset])
