"""Arrays of a file that may be damaged, or made to do harm."""

import io
from zipfile import ZipFile

import numpy as np

__all__ = ["read_npz"]


def read_npz(file, names, *, max_bytes, remedy):
    """Read some arrays of an ``.npz`` file; nothing in it is unpickled.

    Parameters
    ----------
    file : Path
        File to read.

    names : list of str
        Names of the arrays.

    max_bytes : int
        Largest size of an array, which is checked before it is unpacked.

    remedy : str
        What to do if the file cannot be read, for the error.

    Returns
    -------
    arrays : dict of str to ndarray

    Raises
    ------
    ValueError
        If the file is no ``.npz`` file, an array is missing or too large, or cannot
        be read without pickle.

    OSError
        If the file cannot be opened.
    """
    with file.open("rb") as stream:
        try:
            with ZipFile(stream) as archive:
                return {name: _read_array(archive, name, max_bytes) for name in names}
        except Exception as error:  # a damaged file may raise any error
            raise ValueError(
                f"Expected the arrays {names!r} in {file.name!r}. Got "
                f"{type(error).__name__} instead: {error}. {remedy}"
            ) from error


def _read_array(archive, name, max_bytes):
    """Read one array, of which the archive holds no more than `max_bytes`."""
    member = archive.getinfo(f"{name}.npy")
    if member.file_size > max_bytes:
        raise ValueError(
            f"the array {name!r} would have {member.file_size} bytes, more than "
            f"{max_bytes}"
        )
    return np.load(io.BytesIO(archive.read(member)), allow_pickle=False)
