"""Digest of the data of a study: images count by the content of their files."""

import os
from multiprocessing.pool import ThreadPool
from pathlib import Path

import joblib
import numpy as np
import pandas as pd

from .._store._keys import digest
from ._identity import (
    array_digest,
    dtype_digest,
    existing_file,
    file_digest,
    identify,
)

__all__ = ["data_digest"]


def data_digest(data):
    """Return the digest of X, y, groups and labels.

    A cell that names a file counts by the content and the name of the file, and by the
    other cells that hold the same path, so that data may move to another folder. No
    path and no patient can be read from it.

    Parameters
    ----------
    data : CheckedData

    Returns
    -------
    digest : bytes of length 16
    """
    X = data.X
    files = _Files()
    if isinstance(X, pd.DataFrame | pd.Series):
        table = pd.DataFrame(X)
        columns = [files.column(table.iloc[:, n]) for n in range(table.shape[1])]
        columns.append(files.column(X.index.to_series()))
        names = [list(table.columns), list(table.columns.names), list(X.index.names)]
        found = digest(type(X).__name__, identify(names, "X"), *columns)
    elif isinstance(X, np.ma.MaskedArray):
        found = identify(X, "X")
    elif isinstance(X, np.ndarray):
        found = digest("array", files.array(X))
    else:
        found = digest("list", files.cells(X))
    others = [identify(part, "y") for part in (data.y, data.groups, data.labels)]
    return digest(found, *others)


class _Files:
    """Digests of the files of all columns, each of which is read once."""

    def __init__(self):
        self.known = {}

    def column(self, column):
        if isinstance(column.dtype, np.dtype) and not column.dtype.hasobject:
            return self.array(column.to_numpy())
        kind = dtype_digest(column.dtype, self.cells)
        return digest(kind, self.cells(column.to_numpy(dtype=object)))

    def array(self, array):
        if array.dtype.kind not in "OUT":
            return array_digest(array, None)
        cells = self.cells(array.ravel().tolist())
        return digest(array.dtype.kind, array.shape, cells)

    def cells(self, cells):
        cells = list(cells)
        paths = {cell for cell in cells if isinstance(cell, str | Path)}
        self._read(paths - self.known.keys())
        codes, digests, done = {}, [], {}
        for cell in cells:
            if isinstance(cell, str | Path):
                if cell not in done:
                    code = codes.setdefault(str(cell), len(codes))
                    done[cell] = digest(self.known[cell] or str(cell), code)
                digests.append(done[cell])
            elif isinstance(cell, list | tuple):
                digests.append(digest("list", self.cells(cell)))
            else:
                digests.append(identify(cell, "X"))
        return digest(*digests)

    def _read(self, paths):
        files = [path for path in paths if existing_file(path)]
        self.known |= dict.fromkeys(paths)
        if not files:
            return
        with ThreadPool(joblib.cpu_count()) as pool:
            self.known |= zip(files, pool.imap(_named_content, files, 8), strict=True)


def _named_content(path):
    try:
        content = file_digest(existing_file(path))
    except OSError:  # reading the image raises the error
        content = b""
    return digest(os.path.basename(path), content)  # noqa: PTH119
