"""Tables of pandas in an estimator, as arrays that skops saves exactly."""

import numpy as np
import pandas as pd

from ._parts import is_loading

__all__ = ["StoredTable", "reduce_table"]

_PLAIN = (str, bool, int, float, complex, np.number, np.bool_, type(None))
_INDEXES = (pd.Index, pd.RangeIndex)


class StoredTable:
    """The place of a table of plain values in an estimator that skops saves.

    Where skops makes one from a model file, it gets the table itself.

    Parameters
    ----------
    index : tuple
        Name, labels and dtype of the rows.

    columns : tuple or None
        Those of the columns; None for a Series.

    values : tuple of tuple
        Name, values and dtype of each column.
    """

    def __new__(cls, index, columns, values):
        if is_loading():
            return _build(index, columns, values)
        stored = super().__new__(cls)
        stored.content = (index, columns, values)
        return stored

    def __reduce__(self):
        return StoredTable, self.content


def reduce_table(table):
    """Return the class of the place of a table, and its arguments.

    Parameters
    ----------
    table : DataFrame or Series
        Of numbers, bools, texts and None.

    Raises
    ------
    TypeError
        If it holds anything else, or has an index of several levels.
    """
    if not all(type(axis) in _INDEXES for axis in table.axes):
        raise _unsuitable("another index")
    labels = [_pack(axis) for axis in table.axes]
    if table.ndim == 1:
        return StoredTable, (*labels, None, (_pack(table),))
    places = range(table.shape[1])
    return StoredTable, (*labels, tuple(_pack(table.iloc[:, i]) for i in places))


def _pack(values):
    """Return the name, the array and the dtype of labels or of a column."""
    dtype = str(values.dtype)
    array = values.to_numpy(dtype=object if dtype == "str" else None)
    if not (isinstance(values.dtype, np.dtype) or dtype == "str"):
        raise _unsuitable(f"values of the dtype {dtype}")
    _check_plain([values.name, *array.tolist()])
    return values.name, array, dtype


def _check_plain(values):
    """Raise an error for a value that could hold others."""
    strange = [each for each in values if not isinstance(each, _PLAIN)]
    if strange:
        raise _unsuitable(f"a value of the type {type(strange[0]).__name__}")


def _build(index, columns, values):
    """Return the table of what :func:`reduce_table` returned."""
    rows = pd.Index(**_unpack(index))
    parts = [pd.Series(index=rows, **_unpack(column)) for column in values]
    if columns is None:
        return parts[0]
    frame = pd.DataFrame(dict(enumerate(parts)), rows)
    return frame.set_axis(pd.Index(**_unpack(columns)), axis=1)


def _unpack(packed):
    name, array, dtype = packed
    if type(array) is not np.ndarray or array.ndim != 1:
        raise _unsuitable("another array")
    _check_plain([name, *array.tolist()])
    return {"data": array, "dtype": dtype, "name": name}


def _unsuitable(found):
    return TypeError(
        "Expected tables of numbers, texts and None, with indexes of one level. Got "
        f"{found}, which a model file cannot hold."
    )
