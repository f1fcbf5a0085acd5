"""Digests of estimators, scorers and their parameters."""

import copyreg
import hashlib
import os
import pickle
import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from .._store._keys import digest
from ._code_digest import code_digest, is_code, is_found
from ._own_sources import own_sources

__all__ = [
    "WITHOUT_EFFECT",
    "array_digest",
    "dtype_digest",
    "existing_file",
    "file_digest",
    "identify",
]

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...))
#: Parameters that change no prediction, by the package of the estimator.
WITHOUT_EFFECT = {
    "sklearn": {"memory", "n_jobs", "verbose"},
    "imblearn": {"memory", "n_jobs", "verbose"},
    "skfusion": {"cache", "checkpointing", "isolated", "memory", "n_jobs", "verbose"},
}


def identify(value, name):
    """Return a digest that is equal in every process where the value is the same.

    An estimator counts by its class and its parameters, a file that a parameter names
    by its name and content, a function by its version or the files of own code. Nothing
    is pickled or unpickled.

    Parameters
    ----------
    value : object
        An estimator, a scorer, or another parameter.

    name : str
        Name of the value, for the error.

    Returns
    -------
    digest : bytes of length 16

    Raises
    ------
    ValueError
        If a parameter holds an object that has no content, such as an open file, or a
        function or class that is not written in a file.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> from skfusion.model_selection._identity import identify
    >>> identify(SVC(), "svm") == identify(SVC(verbose=True), "svm")
    True
    >>> identify(SVC(), "svm") == identify(SVC(C=2), "svm")
    False
    """
    return _Identifier(name).identify(value)


class _Identifier:
    """Walk through a value and the values that it holds."""

    def __init__(self, name):
        self.names = [name]
        self.is_copied = False  # whether a clone copies what estimators have learned
        self.is_callback = False  # whose files are logs
        self.open = {}  # number of each value that is being walked through, by its id
        self.done = {}  # digest of each value, and the value, which keeps its id
        self.file = cache(existing_file)
        self.own_sources = cache(own_sources)

    def identify(self, value):
        if isinstance(value, np.generic) and not isinstance(value, np.void):
            value = value.item()
        if type(value) in _PLAIN:
            return self._plain(value)
        if id(value) in self.open:
            return digest("itself", self.open[id(value)])
        place = id(value), self.is_copied, self.is_callback
        if place not in self.done:
            self.open[id(value)] = len(self.open)
            try:
                self.done[place] = self._compound(value), value
            finally:
                del self.open[id(value)]
        return self.done[place][0]

    def _plain(self, value):
        if isinstance(value, str) and not self.is_callback and self.file(value):
            name = os.path.basename(value)  # noqa: PTH119
            return digest("file", name, file_digest(self.file(value)))
        parts = [type(value).__name__, repr(value).encode(errors="surrogatepass")]
        return digest(*parts)

    def _compound(self, value):
        if isinstance(value, Path):
            return self._plain(str(value))
        if is_code(value):
            return self._code(value)
        if hasattr(value, "get_params"):
            return self._estimator(value)
        if type(value) in (np.ndarray, np.memmap):
            return array_digest(value, self.identify)
        if isinstance(value, dict):
            # In any order: that of scorers in a set differs in every process.
            pairs = sorted(self._pair(*pair) for pair in value.items())
            return digest("dict", self.identify(type(value)), pairs)
        if type(value) in (list, tuple):
            return digest(type(value).__name__, *map(self.identify, value))
        if isinstance(value, set | frozenset):
            return digest("set", *sorted(map(self.identify, value)))
        if isinstance(value, pd.DataFrame | pd.Series | pd.Index):
            return self._pandas(value)
        if _is_tensor(value):
            return digest("tensor", str(value.dtype), _tensor_digest(value))
        return self._reduced(value)

    def _pair(self, key, value):
        with self._named(key):
            return self.identify(key), self.identify(value)

    def _code(self, value):
        try:
            with self._copying():
                return code_digest(value, self.identify, self.own_sources)
        except FileNotFoundError as error:
            raise ValueError(
                "Expected functions and classes that are written in files, since a "
                f"store compares the files. The parameter {self._name()!r} holds "
                f"{value!r}, but {error}. Write it to a module and import it from "
                "there, or pass store=None."
            ) from error

    def _estimator(self, estimator):
        """Digest of the class, the parameters, and what a clone keeps besides them."""
        package = type(estimator).__module__.partition(".")[0]
        is_ours = package == "skfusion"
        was_callback = self.is_callback
        self.is_callback = was_callback or _is_callback(estimator)
        parts = [self.identify(type(estimator))]
        params = estimator.get_params(deep=False)
        if is_ours:
            params = _of_ours(params)
        for name, value in sorted(params.items()):
            if name == "image_cache" and is_ours:  # it rounds, wherever it is
                parts += [name, value is None]
            elif name not in WITHOUT_EFFECT.get(package, ()):
                if is_ours and name in ("backbone", "branch"):
                    value = _with_code(value)
                with self._named(name):
                    parts += [name, self.identify(value)]
        parts.append(repr(getattr(estimator, "_metadata_request", None)))
        parts += self._pair(
            "output", getattr(estimator, "_sklearn_output_config", None)
        )
        if self.is_copied or _keeps_state(estimator):
            with self._copying():
                parts += self._pair("state", dict(vars(estimator)))
        self.is_callback = was_callback
        return digest("estimator", *parts)

    def _pandas(self, value):
        parts = [type(value).__name__, self.identify(value.to_numpy(dtype=object))]
        dtypes = value.dtypes if isinstance(value, pd.DataFrame) else [value.dtype]
        parts += [dtype_digest(dtype, self.identify) for dtype in dtypes]
        parts.append(self.identify(getattr(value, "name", None)))
        if not isinstance(value, pd.Index):
            parts += [self.identify(axis) for axis in value.axes]
        return digest(*parts)

    def _reduced(self, value):
        """Digest of what pickle would write."""
        try:
            reduce = copyreg.dispatch_table.get(type(value))
            reduced = reduce(value) if reduce else value.__reduce_ex__(4)
            if isinstance(reduced, str):  # the name of a global object
                return self._global(value, reduced)
        except Exception as error:  # an object may raise any error
            raise ValueError(
                f"Expected parameters that can be compared with those of a store. The "
                f"parameter {self._name()!r} holds {type(value).__name__}: {error}. "
                "Replace it, or pass store=None."
            ) from error
        function, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
        parts = [function, arguments, state, list(items or ()), list(pairs or ())]
        with self._copying():
            return digest("object", *map(self.identify, parts))

    def _global(self, value, name):
        module = pickle.whichmodule(value, name)
        if not is_found(value, module, name):
            raise ValueError(f"no module holds {name}")
        return digest("global", name, self.identify(sys.modules[module]))

    def _name(self):
        return "__".join(self.names)

    @contextmanager
    def _copying(self):
        was_copied, self.is_copied = self.is_copied, True
        try:
            yield
        finally:
            self.is_copied = was_copied

    @contextmanager
    def _named(self, name):
        self.names.append(str(name))
        try:
            yield
        finally:
            self.names.pop()


def _of_ours(params):
    """Return the parameters of our estimator that count."""
    if params.get("region") == "image":  # then no margin counts
        params = {n: v for n, v in params.items() if n not in ("region", "margin")}
    if isinstance(weights := params.get("weights"), str) and weights == "phantoms":
        # Imported here, since many models need no torch.
        from ..networks._cnn17_weights import find_cnn17_weights

        params = {**params, "weights": find_cnn17_weights(weights)}
    return params


def _with_code(backbone):
    """Return a backbone with the code that decides what it computes."""
    if not isinstance(backbone, str) or not {":", "/"}.intersection(backbone):
        return backbone
    # Imported here, since many models need no torch.
    from ..networks._backbones import backbone_version, is_of_function
    from ..networks._imported_models import find_function

    find_code = find_function if is_of_function(backbone) else backbone_version
    return [backbone, find_code(backbone)]


def _keeps_state(estimator):
    """Return whether a clone of the estimator keeps what it has learned."""
    clone = getattr(type(estimator), "__sklearn_clone__", None)
    return clone is not BaseEstimator.__sklearn_clone__ and clone is not None


def _is_callback(estimator):
    modules = [cls.__module__ for cls in type(estimator).__mro__]
    return any(module.startswith("skorch.callbacks") for module in modules)


def dtype_digest(dtype, identify):
    """Return the digest of the type of a column: of its categories, too."""
    categories = ordered = None
    if isinstance(dtype, pd.CategoricalDtype):
        categories, ordered = identify(list(dtype.categories)), dtype.ordered
    return digest(str(dtype), categories, ordered)


def existing_file(path):
    """Return the path of the file that a text or a path names, or None.

    Parameters
    ----------
    path : str or Path
        It may start with ``~``, or be relative to the working folder.
    """
    for form in (path, os.path.expanduser(path)):  # noqa: PTH111
        if os.path.isfile(form):  # noqa: PTH113
            return form
    return None


def array_digest(array, identify):
    """Return the digest of an array: of its bytes, dtype and shape.

    Parameters
    ----------
    array : ndarray

    identify : callable
        From a value of an array of objects to its digest.

    Returns
    -------
    digest : bytes
    """
    if array.dtype.hasobject:
        content = digest(*map(identify, array.ravel().tolist()))
    else:
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        content = hashlib.blake2b(flat, digest_size=16).digest()
    return digest("array", str(array.dtype), array.shape, content)


def file_digest(path):
    """Return the digest of the content of a file."""
    with open(path, "rb") as file:  # noqa: PTH123, a path of any form
        return hashlib.file_digest(file, "blake2b").digest()


def _is_tensor(value):
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _tensor_digest(tensor):
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    flat = flat.view(sys.modules["torch"].uint8).numpy()
    return digest(tuple(tensor.shape), flat.tobytes())
