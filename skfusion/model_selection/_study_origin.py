"""Where the numbers of a comparison come from: folds, versions, machine."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from numbers import Integral

__all__ = ["describe_cv", "describe_origin"]

# Whose versions change the numbers.
_PACKAGES = (
    "skfusion",
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "imbalanced-learn",
    "torch",
    "torchvision",
    "skorch",
    "timm",
    "Pillow",
    "pydicom",
)


def describe_origin(cv, groups):
    """Return what a reader needs to repeat a study, besides its data and models.

    Parameters
    ----------
    cv : int, cross-validation generator, iterable, list, "dataset" or None
        As of :func:`compare_models`.

    groups : ndarray or None
        Groups of the rows.

    Returns
    -------
    origin : dict
        ``cv``, ``versions`` (by package) and ``machine``: texts without a name of the
        machine, a path or a patient.
    """
    return {
        "cv": describe_cv(cv, groups),
        "versions": {"Python": platform.python_version(), **_find_versions()},
        "machine": _describe_machine(),
    }


def describe_cv(cv, groups):
    """Return a cross-validation as text.

    Parameters
    ----------
    cv : int, cross-validation generator, iterable, list, "dataset" or None
        As of :func:`compare_models`.

    groups : ndarray or None
        Groups of the rows.

    Returns
    -------
    text : str
        Classes of generators, and those of their settings that are numbers.
    """
    if isinstance(cv, str):
        return "one data set left out at a time"
    if cv is None or isinstance(cv, Integral):
        name = "StratifiedKFold" if groups is None else "StratifiedGroupKFold"
        return f"{name}(n_splits={cv or 5}, shuffle=True, random_state=0)"
    if hasattr(cv, "split"):
        return _describe_generator(cv)
    if isinstance(cv, list) and cv and all(hasattr(each, "split") for each in cv):
        return "; ".join(map(_describe_generator, cv))
    return "folds that the caller drew"


def _describe_generator(cv):
    settings = {}
    for name, value in sorted(getattr(cv, "__dict__", {}).items()):
        settings |= value if isinstance(value, dict) else {name: value}
    known = [
        f"{name}={value}"
        for name, value in settings.items()
        if isinstance(value, bool | int | float | type(None)) and name[0] != "_"
    ]
    return f"{type(cv).__name__}({', '.join(known)})"


def _find_versions():
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _describe_machine():
    torch = sys.modules.get("torch")
    devices = []
    if torch is not None and torch.cuda.is_available():
        count = torch.cuda.device_count()
        devices = [torch.cuda.get_device_name(number) for number in range(count)]
    cores = f"{os.cpu_count()} {platform.machine()} cores"
    return ", ".join([platform.system(), cores, *devices])
