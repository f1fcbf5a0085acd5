"""Digests of functions and classes: by version, or by the files of one's own code."""

import inspect
import os
import sys
import types
from functools import _lru_cache_wrapper, cached_property
from operator import attrgetter

from .._store._keys import digest
from ._own_sources import module_version

__all__ = ["code_digest", "is_code", "is_found"]

_FUNCTIONS = types.FunctionType | _lru_cache_wrapper


def is_code(value):
    """Return whether a value is a function, a class or a module."""
    return isinstance(value, _FUNCTIONS | type | types.ModuleType)


def is_found(value, module, name):
    """Return whether a module holds a value under a name."""
    try:
        return attrgetter(name)(sys.modules[module]) is value
    except (KeyError, AttributeError):
        return False


def code_digest(value, identify, own_sources):
    """Return the digest of a function, a class or a module.

    What an installed package holds counts by its name and the version of the package,
    and other code by all files of code that is not installed. Defaults count, too. What
    is made in a function counts also by the values that it holds.

    Parameters
    ----------
    value : function, class or module

    identify : callable
        From any value to its digest.

    own_sources : callable
        Returns the digest of the files of code that is not installed.

    Returns
    -------
    digest : bytes

    Raises
    ------
    FileNotFoundError
        If a function or a class is not written in a file.
    """
    if isinstance(value, types.ModuleType):
        version = module_version(value.__name__)
        return digest("module", value.__name__, version or own_sources())
    version = module_version(value.__module__)
    parts = [value.__module__, value.__qualname__, version or own_sources()]
    is_named = is_found(value, value.__module__, value.__qualname__)
    if version is None:
        _check_file(value)
    if not is_named:
        parts += map(identify, _content(value))
    elif version is None:  # bases and defaults of other packages have versions
        bases = getattr(value, "__bases__", ())
        parts.append(identify([bases, *_defaults(value)]))
    return digest("code", *parts)


def _check_file(value):
    """Check that the functions of a class, or a function, are written in files."""
    members = vars(value).items() if isinstance(value, type) else [("", value)]
    for name, member in members:
        member = inspect.unwrap(getattr(member, "__func__", member))
        code = getattr(member, "__code__", None)
        is_made = name.startswith("__")  # by dataclass, for example
        if code and not is_made and not os.path.isfile(code.co_filename):  # noqa: PTH113
            raise FileNotFoundError(f"{member.__qualname__} is not written in a file")


def _content(value):
    """Return the values that a class or a function holds."""
    if isinstance(value, type):
        return [value.__bases__, *map(_parts, sorted(vars(value).items()))]
    if hasattr(value, "dispatch") and hasattr(value, "registry"):  # singledispatch
        return [dict(value.registry)]
    if isinstance(value, _lru_cache_wrapper):
        return [value.__wrapped__]
    cells = [cell for cell in value.__closure__ or () if cell != types.CellType()]
    place = list(value.__code__.co_positions())
    return [*_defaults(value), vars(value), place, [c.cell_contents for c in cells]]


def _parts(item):
    """Return the functions of a member of a class, or the member itself."""
    name, member = item
    if name.startswith(("__", "_abc_")) and not _is_written(member):
        return name
    if isinstance(member, property):
        return [member.fget, member.fset, member.fdel]
    member = member.func if isinstance(member, cached_property) else member
    return [name, getattr(member, "__func__", member)]


def _is_written(member):
    """Return whether code, and not a dataclass, makes a special method."""
    code = getattr(inspect.unwrap(member), "__code__", None)
    return code is not None and os.path.isfile(code.co_filename)  # noqa: PTH113


def _defaults(function):
    names = ("__defaults__", "__kwdefaults__")
    return [getattr(function, name, None) for name in names]
