"""Texts of the data that no table and no message shows: paths, patients."""

import re
import sys
import traceback

import numpy as np
import pandas as pd

from .._validation._boxes import parse_boxes
from .._validation._cells import is_path
from .._validation._columns import GROUP, IMAGE, IMAGE_COLUMNS, REGION
from ..exceptions import ImageReadError
from ._same_images import group_name, path_columns

__all__ = ["SHOWN", "error_text", "find_private_texts", "hide_texts", "identifies"]

#: Columns of X that every table of predictions shows.
SHOWN = {*IMAGE_COLUMNS} - {IMAGE, GROUP}

_MOST_TEXTS = 50  # different texts that split X into parts
_SHORTEST = 3  # characters of a name that is hidden
_SHORTEST_NUMBER = 5  # digits; shorter ones are found in any message


def identifies(values, groups):
    """Return whether the values of a column identify patients or images.

    Parameters
    ----------
    values : Series of shape (n_samples,)

    groups : array-like of shape (n_samples,)
        Group of each row.

    Returns
    -------
    identifies : bool
        True for texts of which most belong to one group alone, or more than 50 are
        different; for other values if each of them belongs to one group alone.
    """
    values = pd.Series(np.asarray(values, dtype=object)).dropna()
    if values.empty:
        return False
    groups = pd.Series(np.asarray(groups)).loc[values.index]
    is_lone = groups.groupby(values.map(str)).nunique() == 1
    if is_lone.all():
        return True
    is_text = values.map(is_path).any()
    return bool(is_text and (is_lone.mean() > 0.5 or len(is_lone) > _MOST_TEXTS))


def error_text(*data):
    """Return the current error and its traceback, without the paths and the patients.

    Parameters
    ----------
    *data : tuple of (X, groups)
        X in any form, and the groups or None, of each data set that may be named.

    Returns
    -------
    text : str
        The lines of code are those of the traceback. An ``ImageReadError`` has none,
        because it names the row of the image and what to do. Paths of X, and their
        folders, are "<path>" in it, and groups, and texts of X that identify patients,
        "<group>". Names of one or two characters, and numbers of less than five, stay.
    """
    message = "".join(traceback.format_exception_only(sys.exception()))
    is_explained = isinstance(sys.exception(), ImageReadError)
    text = message if is_explained else f"{message}\n{traceback.format_exc()}"
    return hide_texts(text, find_private_texts(*data))


def find_private_texts(*data):
    """Return the paths and the names of patients of some data sets.

    Parameters
    ----------
    *data : tuple of (X, groups)
        X in any form, and the groups or None, of each data set.

    Returns
    -------
    marks : dict of str to str
        What is shown instead of each text: "<path>" or "<group>".
    """
    marks = {}
    for X, groups in data:
        marks |= dict.fromkeys(_paths_of(X), "<path>")
        names = {n for n in _names_of(X, groups) if n not in marks or not _is_deep(n)}
        marks |= dict.fromkeys(names, "<group>")
    return marks


def hide_texts(text, marks):
    """Replace texts by their marks, except where a traceback names a file of code.

    Parameters
    ----------
    text : str

    marks : dict of str to str
        What is shown instead of each text, as of :func:`find_private_texts`.

    Returns
    -------
    text : str
    """
    marks = {known: mark for known, mark in marks.items() if known in text}
    if not marks:
        return text
    # As words, because the group "ann" is no part of "cannot".
    pattern = "|".join(map(re.escape, sorted(marks, key=len, reverse=True)))
    pattern = re.compile(rf"(?<![^\W_])(?:{pattern})(?![^\W_])")
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if not line.startswith('  File "'):
            lines[number] = pattern.sub(lambda match: marks[match[0]], line)
    return "".join(lines)


def _names_of(X, groups):
    """Return the groups, and the texts of X that identify them or their images."""
    columns = [] if groups is None else [groups]
    if isinstance(X, pd.DataFrame):
        rows = np.arange(len(X)) if groups is None else groups
        columns += [column for column in _text_columns(X) if identifies(column, rows)]
    columns = [pd.Series(np.asarray(column, dtype=object)) for column in columns]
    names = {group_name(value) for column in columns for value in column.dropna()}
    return {name for name in names if _is_long(name)}


def _is_long(name):
    return len(name) >= (_SHORTEST_NUMBER if name.isdigit() else _SHORTEST)


def _text_columns(X):
    """Return the columns of text that depend on the data set."""
    columns = [X.iloc[:, i] for i, name in enumerate(X.columns) if name not in SHOWN]
    texts = [column for column in columns if is_path(next(iter(column.dropna()), None))]
    return [column for column in texts if not _holds_boxes(column)]


def _holds_boxes(column):
    if not str(column.name).endswith(REGION):
        return False
    try:
        parse_boxes(column)
    except ValueError:
        return False
    return True


def _paths_of(X):
    """Return the paths of X, their folders, and the names of these folders."""
    columns = path_columns(X)
    if isinstance(X, pd.DataFrame):
        columns += _text_columns(X)
    cells = {str(cell) for column in columns for cell in column if is_path(cell)}
    files = {cell: _folders(cell) for cell in cells if _is_deep(cell)}
    # A folder that holds the folders of all files, such as "home", identifies none.
    n_shared = sum(len(set(level)) == 1 for level in zip(*files.values(), strict=False))
    folders = {f for each in files.values() for f in each[n_shared:] or each[-1:]}
    names = {re.split(r"[/\\]", folder)[-1] for folder in folders}
    texts = {*files, *folders, *filter(_is_long, names)} - {""}
    return texts | {text.replace("\\", "\\\\") for text in texts}


def _is_deep(path):
    return "/" in path or "\\" in path


def _folders(path):
    """Return the folders of a path from the outermost to the innermost one."""
    return [path[: match.start()] for match in re.finditer(r"[/\\]", path)]
