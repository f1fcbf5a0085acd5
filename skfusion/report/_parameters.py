"""The parameters of a model as texts that name no path and no patient."""

import inspect
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..model_selection._identity import WITHOUT_EFFECT

__all__ = ["Parameter", "list_parameters", "list_seeds", "show_value"]

_LONGEST = 60  # characters of a value
_MOST_ITEMS = 8  # of a list
_PLAIN = (bool, int, float, complex, type(None))
_NOT_SHOWN = {"image_cache", "store", "steps"}  # places, and what each step shows
_WEIGHTS = {".pth", ".pt", ".safetensors"}  # whose names are those of networks
_TIMM = re.compile(r"timm/[\w.-]+")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a model.

    Attributes
    ----------
    step : str
        Prefix of the name and class, such as "svc: SVC" of "svc__C".

    name : str

    value : str

    is_changed : bool
        Whether the value is not the default one.
    """

    step: str
    name: str
    value: str
    is_changed: bool


def list_parameters(model):
    """Return all parameters of a model and of the steps in it.

    Parameters
    ----------
    model : estimator

    Returns
    -------
    parameters : list of Parameter
        Those that change no prediction, such as caches and numbers of processes, are
        left out.
    """
    if not _is_estimator(model):  # its fits have failed
        return []
    values = model.get_params(deep=True)
    owners = {"": model} | {k: v for k, v in values.items() if _is_estimator(v)}
    found = []
    for step, owner in owners.items():
        title = ": ".join(filter(None, [step, type(owner).__name__]))
        defaults = inspect.signature(type(owner).__init__).parameters
        own = owner.get_params(deep=False)
        for name in sorted(own):
            if _has_effect(owner, name):
                default = getattr(
                    defaults.get(name), "default", inspect.Parameter.empty
                )
                is_changed = not _is_default(own[name], default)
                found.append(Parameter(title, name, show_value(own[name]), is_changed))
    return found


def list_seeds(model):
    """Return the values of ``random_state`` of a model and of the steps in it.

    Parameters
    ----------
    model : estimator

    Returns
    -------
    seeds : dict of str to str
    """
    values = model.get_params(deep=True) if _is_estimator(model) else {}
    names = sorted(n for n in values if n.rpartition("__")[2] == "random_state")
    return {name: show_value(values[name]) for name in names}


def show_value(value):
    """Return a value as text.

    Parameters
    ----------
    value : object

    Returns
    -------
    text : str
        Numbers and names of options as they are; the last part of the path of a file
        of weights; ``<path>`` for other paths; the class of an estimator; the size of
        data.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, _PLAIN):
        return repr(value)
    if isinstance(value, str | Path):
        return _show_text(str(value))
    if inspect.isroutine(value) or isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, list | tuple | set | frozenset):
        return _show_items(value)
    if isinstance(value, dict):
        pairs = [f"{show_value(k)}: {show_value(v)}" for k, v in value.items()]
        return _shorten(f"{{{', '.join(pairs)}}}")
    if hasattr(value, "shape"):
        size = " x ".join(map(str, value.shape))
        return f"{type(value).__name__} of {size or 'one value'}"
    return type(value).__name__


def _show_text(text):
    if _TIMM.fullmatch(text) or not text:
        return repr(text)
    is_deep = "/" in text or "\\" in text or text.startswith("~")
    if not is_deep:
        return _shorten(repr(text))
    name = text.replace("\\", "/").rpartition("/")[2]
    return _shorten(f"<path>/{name}") if Path(name).suffix in _WEIGHTS else "<path>"


def _show_items(items):
    if len(items) > _MOST_ITEMS:
        return f"{type(items).__name__} of {len(items)} items"
    texts = [show_value(item) for item in items]
    if isinstance(items, set | frozenset):
        texts.sort()
    return _shorten(f"[{', '.join(texts)}]", 4 * _LONGEST)


def _shorten(text, longest=_LONGEST):
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _is_estimator(value):
    return hasattr(value, "get_params") and not isinstance(value, type)


def _has_effect(owner, name):
    package = type(owner).__module__.partition(".")[0]
    return name not in WITHOUT_EFFECT.get(package, ()) and name not in _NOT_SHOWN


def _is_default(value, default):
    """Return whether a value is the default, as far as they can be compared."""
    if isinstance(value, (*_PLAIN, str)):
        return type(value) is type(default) and (value == default or value != value)
    return value is default
