"""Digests of functions and classes: by version, or by their code."""

import dis
import inspect
import sys
import types
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from itertools import chain, pairwise
from pathlib import Path

from .._store._keys import digest

__all__ = ["code_digest", "is_code", "module_version"]

_LOADS_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME")
_SETS = ("STORE_ATTR", "STORE_GLOBAL")
_CHANGES = {"add", "append", "extend", "insert", "pop", "setdefault", "update"}
_NAMES = {"sklearn": "scikit-learn", "imblearn": "imbalanced-learn"}


def is_code(value):
    """Return whether a value is a function, a class or a module."""
    return isinstance(value, types.FunctionType | type | types.ModuleType)


def code_digest(value, identify):
    """Return the digest of a function, a class or a module.

    What an installed package holds counts by its name and the version of the package.
    Other functions and classes, such as those of a script, count by their code and by
    the functions, classes and plain values of their module that the code names, but not
    by values that it changes, such as a list to which it appends.

    Parameters
    ----------
    value : function, class or module

    identify : callable
        From any value to its digest.

    Returns
    -------
    digest : bytes
    """
    if isinstance(value, types.ModuleType):
        return digest("module", value.__name__, module_version(value.__name__))
    known = module_version(value.__module__)
    is_inner = isinstance(value, types.FunctionType) and "<" in value.__qualname__
    if known is not None and not is_inner:
        return digest("named", value.__module__, value.__qualname__, known)
    if isinstance(value, type):
        return _class_digest(value, identify)
    return _function_digest(value, identify)


def module_version(name):
    """Return the version of the package of a module.

    Parameters
    ----------
    name : str
        Name of the module.

    Returns
    -------
    version : str or None
        None for a module of a script, or of a package that is not installed but
        imported from where it is written.
    """
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top == "builtins":
        return f"python {sys.version_info[:3]}"
    if not _is_installed(top):
        return None
    try:
        return version(_NAMES.get(top, top))
    except PackageNotFoundError:
        names = sorted(set(packages_distributions().get(top, [])))
    return " ".join(f"{name} {version(name)}" for name in names) or None


def _is_installed(top):
    if top == "skfusion":
        return True
    spec = getattr(sys.modules.get(top), "__spec__", None)
    parts = Path(getattr(spec, "origin", None) or "").parts
    return "site-packages" in parts or "dist-packages" in parts


def _class_digest(cls, identify):
    members = {
        name: _parts(value)
        for name, value in sorted(vars(cls).items())
        if _is_written(name, value)
    }
    changed = set()
    for part in chain(*members.values()):
        if isinstance(part, types.FunctionType):
            changed |= _changed_names(part.__code__)
    parts = ["class", cls.__qualname__, *map(identify, cls.__bases__)]
    for name, values in members.items():
        found = [_named_digest(part, identify, name in changed) for part in values]
        parts.append(digest(name, *found))
    return digest(*parts)


def _is_written(name, value):
    """Return whether a class has a member by its code, and not by Python or pickle."""
    is_function = isinstance(value, types.FunctionType | classmethod | staticmethod)
    return is_function or not name.startswith(("__", "_abc_"))


def _parts(member):
    """Return the functions of a member of a class, or the member itself."""
    if isinstance(member, property):
        return [member.fget, member.fset, member.fdel]
    return [getattr(member, "__func__", member)]


def _function_digest(function, identify):
    code = function.__code__
    parts = ["function", _bytecode_digest(code), identify(function.__defaults__)]
    parts.append(identify(function.__kwdefaults__))
    changed = _changed_names(code)
    for name, value in _cells(function):
        parts += [name, identify(type(value) if name in changed else value)]
    for name in sorted(_global_names(code)):
        if name in function.__globals__:
            value = function.__globals__[name]
            parts += [name, _named_digest(value, identify, name in changed)]
    return digest(*parts)


def _cells(function):
    """Yield the names and values of variables of the functions around a function."""
    names = function.__code__.co_freevars
    for name, cell in zip(names, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # it is empty
            continue


def _bytecode_digest(code):
    parts = [code.co_code, code.co_names, code.co_varnames, code.co_freevars]
    for value in code.co_consts:
        if inspect.iscode(value):
            parts.append(_bytecode_digest(value))
        elif isinstance(value, frozenset):  # whose order may change
            parts.append(sorted(map(repr, value)))
        else:
            parts.append(value)
    return digest(*parts)


def _steps(code):
    """Return the instructions of a function and of the functions in it."""
    inner = filter(inspect.iscode, code.co_consts)
    return sum(map(_steps, inner), list(dis.get_instructions(code)))


def _global_names(code):
    return {step.argval for step in _steps(code) if step.opname in _LOADS_GLOBAL}


def _changed_names(code):
    """Names of variables and attributes that code sets, appends to, and the like."""
    steps = _steps(code)
    names = {step.argval for step in steps if step.opname in _SETS}
    for step, following in pairwise(steps):
        if isinstance(step.argval, str) and following.argval in _CHANGES:
            names.add(step.argval)
    return names


def _named_digest(value, identify, is_changed):
    """Digest of a value that code names; its class alone, if the code changes it."""
    if not is_changed:
        with suppress(ValueError):  # it holds an object that has no content
            return identify(value)
    return identify(type(value))
