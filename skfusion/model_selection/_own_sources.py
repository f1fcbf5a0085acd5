"""Digest of the files of all code that is not installed."""

import os
import re
import sys
import sysconfig
import time
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

from .._store._keys import digest
from ..exceptions import CacheWarning, warn_user

__all__ = ["module_version", "own_sources"]

_LOADED = time.time()
_distributions = cache(packages_distributions)
_PYTHON = Path(sysconfig.get_path("stdlib"))
_PACKAGE = Path(__file__).parents[1]
_IMPORTS = re.compile(rb"^\s*(?:from|import)\s(.*)", re.MULTILINE)


def module_version(name):
    """Return the version of what holds a module.

    Parameters
    ----------
    name : str
        Name of the module.

    Returns
    -------
    version : str or None
        None for a module of a script, or of a package that is not installed but
        imported from where it is written.

    Raises
    ------
    FileNotFoundError
        If the module has no file, such as that of a notebook.
    """
    top = str(name).partition(".")[0]
    file = _file(sys.modules.get(name)) or _file(sys.modules.get(top))
    if file is not None and _is_own(file):
        return None
    if top == "__main__" or (file is None and top not in sys.stdlib_module_names):
        raise FileNotFoundError(f"the module {name} has no file")
    return _versions([top]) or f"python {sys.version_info[:3]}"


def own_sources():
    """Return the digest of all files of code that is not installed.

    They are the Python files in the folders of the modules that are loaded, and all of
    their packages, since a function may import a module that is not loaded yet. The
    versions of the installed packages that they import count, too.

    Returns
    -------
    digest : bytes
        Random if a file has changed since skfusion was imported, because the code that
        is loaded may be older than the file.

    Warns
    -----
    CacheWarning
        If a file has changed.
    """
    files = {}
    for name, module in sys.modules.copy().items():
        file = _file(module)
        if file is not None and _is_own(file):
            files |= _files_near(name.partition(".")[0], file)
    contents = {file: file.read_bytes() for file in files}
    imports = b" ".join(b" ".join(_IMPORTS.findall(text)) for text in contents.values())
    versions = _versions(re.findall(r"\w+", imports.decode(errors="replace")))
    parts = sorted(digest(files[file], text) for file, text in contents.items())
    changed = [file.name for file in files if file.stat().st_mtime > _LOADED]
    if changed:
        warn_user(
            f"{changed[0]!r} has changed since this process started: stored results of "
            "models that use your own code are not used. Start again to resume.",
            CacheWarning,
        )
        parts.append(os.urandom(16))
    return digest(versions, *parts)


def _file(module):
    file = getattr(module, "__file__", None)
    return Path(file).absolute() if file and os.path.isfile(file) else None  # noqa: PTH113


def _is_own(file):
    if {"site-packages", "dist-packages"}.intersection(file.parts):
        return False
    return not (file.is_relative_to(_PYTHON) or file.is_relative_to(_PACKAGE))


def _files_near(top, file):
    """Return the files near that of a module, with their names in its folder."""
    folders = getattr(sys.modules.get(top), "__path__", ())
    files = [(path, path.name) for path in (file, *file.parent.glob("*.py"))]
    for folder in map(Path, folders):
        files += [
            (path, path.relative_to(folder).as_posix())
            for path in folder.absolute().rglob("*.py")
        ]
    return {path: f"{top} {name}" for path, name in files if path.is_file()}


def _versions(names):
    """Return the versions of the distributions of the packages among names."""
    known = _distributions()
    found = {each for name in names for each in known.get(name, ())}
    return " ".join(f"{name} {version(name)}" for name in sorted(found))
