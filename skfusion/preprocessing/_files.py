"""Clean image files into a folder, in threads, each file once."""

import json
import os
import threading
from contextlib import contextmanager
from functools import partial

import joblib
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from .._store._home import make_file, make_folder
from .._store._keys import digest
from ..images._batch_readers import PathReader, reading_versions
from ..images._eight_bits import to_uint8
from ..images._pixels import read_colour

__all__ = ["clean_files"]

_CHANGE = "skfusion change"  # text chunk of a file, which names no image
_END = b"IEND\xaeB`\x82"  # of each complete PNG


def clean_files(cleaner, table, rows, folder):
    """Clean the files of some rows, unless a cleaned file is in the folder.

    The name of a file is a digest of the path, size and times of change of its
    original, of the class and its parameters, and of the versions of the code. A file
    gets its name when it is complete.

    Parameters
    ----------
    cleaner : ImageCleaner

    table : DataFrame of shape (n_samples, n_columns)
        Image table.

    rows : ndarray of int

    folder : Path

    Returns
    -------
    paths : list of str
        The cleaned file of each row.

    changes : list
        What was done to each.

    Raises
    ------
    OSError
        If a file or the folder cannot be written.
    """
    with _explained_errors():
        make_folder(folder)
    reader = PathReader(table).unaugmented()
    settings = (*cleaner._settings(), reading_versions())
    names = [digest(*settings, file).hex() + ".png" for file in reader.files(rows)]
    first = dict(zip(reversed(names), reversed(rows.tolist()), strict=True))
    work = joblib.delayed(partial(_clean_file, cleaner, reader, len(rows)))
    parallel = joblib.Parallel(n_jobs=joblib.cpu_count(), prefer="threads")
    done = parallel(work(row, folder / name) for name, row in first.items())
    changes = dict(zip(first, done, strict=True))
    paths = [str((folder / name).absolute()) for name in names]
    return paths, [changes[name] for name in names]


@contextmanager
def _explained_errors():
    """Raise errors of writing with a message that shows no path."""
    try:
        yield
    except OSError as error:
        raise OSError(
            error.errno,
            "Expected a folder for cleaned images with room on its disk. Writing into "
            f"it failed: {error.strerror or type(error).__name__}. Pass another one as "
            "the parameter 'folder'.",
        ) from error


def _clean_file(cleaner, reader, n_rows, row, target):
    """Write one cleaned file, unless it is there, and return its change."""
    known = _read_change(target)
    if known is not None:
        return known[0]
    path = reader.paths[row]

    def finish(image):
        colour = read_colour(path) if cleaner._reads_colour else None
        if colour is not None and reader.inverted[row]:
            colour = 255 - colour  # as the image
        image, change = cleaner._clean(image, colour)
        with _explained_errors():
            _write(image, change, target)
        return change

    return reader.read_file([row], finish, n_rows)[0]


def _read_change(target):
    """Return the change of a file that was written before, in a list, or None."""
    try:
        with target.open("rb") as file, Image.open(file, formats=["PNG"]) as picture:
            change = json.loads(picture.info[_CHANGE])
            file.seek(-len(_END), os.SEEK_END)
            return [change] if file.read() == _END else None
    except (OSError, ValueError, KeyError, SyntaxError):  # missing or damaged
        return None


def _write(image, change, target):
    """Write a grey PNG of 8 bits, all of it at once."""
    info = PngInfo()
    info.add_text(_CHANGE, json.dumps(change))
    part = f"{target.stem}.{os.getpid()}-{threading.get_ident()}.part"
    part = target.with_name(part)
    part.unlink(missing_ok=True)  # left by a process of this number that was killed
    make_file(part)
    try:
        picture = Image.fromarray(to_uint8(image[..., 0]))
        picture.save(part, format="PNG", compress_level=1, pnginfo=info)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
