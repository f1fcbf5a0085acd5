"""The home folder of caches, and of one secret."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

__all__ = ["home_folder", "home_secret", "lock_of", "make_file", "make_folder"]

_SECRET_BYTES = 32
_TIMEOUT = 60.0  # seconds


def home_folder(name):
    """Return a folder for results that can be computed again.

    Parameters
    ----------
    name : str
        Name of the folder.

    Returns
    -------
    folder : Path
        It is in the folder that the environment variable ``SKFUSION_HOME`` names, or
        in ``~/.cache/skfusion`` without it. It may not exist yet.

    Raises
    ------
    RuntimeError
        If the variable is not set and the account has no home folder.

    Examples
    --------
    >>> from skfusion._store._home import home_folder
    >>> home_folder("features").name
    'features'
    """
    try:
        home = Path(os.environ.get("SKFUSION_HOME") or "~/.cache/skfusion").expanduser()
    except RuntimeError as error:
        raise RuntimeError(
            f"Expected a home folder for {name!r}. This account has none. Set the "
            "environment variable SKFUSION_HOME to a folder."
        ) from error
    return home / name


def make_folder(folder):
    """Make a folder, and missing folders above it, for their owner alone.

    A folder that exists keeps its mode.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    OSError
        If it cannot be made.
    """
    if not os.path.isdir(folder):  # noqa: PTH112, Path.is_dir raises
        if folder.parent != folder:
            make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def make_file(path):
    """Make an empty file for its owner alone, unless it exists; follow no link.

    Parameters
    ----------
    path : Path

    Raises
    ------
    OSError
        If it cannot be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with suppress(FileExistsError):
        os.close(os.open(path, flags, 0o600))


def lock_of(path):
    """Return a lock for processes and threads that make a file.

    Parameters
    ----------
    path : Path
        The file. The file of the lock is beside it.

    Returns
    -------
    lock : FileLock
    """
    return FileLock(path.with_suffix(".lock"), timeout=_TIMEOUT, mode=0o600)


def home_secret():
    """Return the secret of this account on this computer, made at the first call.

    Returns
    -------
    secret : bytes of length 32
        The content of the file ``secret`` in :func:`home_folder`.

    Raises
    ------
    OSError, RuntimeError
        If it can be neither read nor made, or if the account has no home folder.
    """
    path = home_folder("secret")
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        secret = _make_secret(path)
    if len(secret) != _SECRET_BYTES:
        raise OSError(f"it has {len(secret)} bytes, and not {_SECRET_BYTES}")
    return secret


def _make_secret(path):
    """Make the secret, unless another process was faster, and read it."""
    make_folder(path.parent)
    with lock_of(path):
        if not path.exists():
            new = path.with_suffix(".new")
            new.unlink(missing_ok=True)  # left by a process that was killed here
            make_file(new)
            new.write_bytes(secrets.token_bytes(_SECRET_BYTES))
            new.replace(path)  # all of it at once
        return path.read_bytes()
