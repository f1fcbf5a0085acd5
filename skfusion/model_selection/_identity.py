"""Digests of estimators, scorers and their parameters."""

import copyreg
import hashlib
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from .._store._keys import digest
from ._code_digest import code_digest, is_code

__all__ = ["array_digest", "file_digest", "identify"]

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...))
# Files of weights count by their content, and other files, such as logs, by their name.
_ENDINGS = (
    ".bin",
    ".ckpt",
    ".h5",
    ".joblib",
    ".keras",
    ".npy",
    ".npz",
    ".onnx",
    ".pkl",
    ".pt",
    ".pth",
    ".safetensors",
)
# Parameters that change no prediction: of any estimator, and of ours alone.
_WITHOUT_EFFECT = {"memory", "n_jobs", "verbose"}
_OURS_WITHOUT_EFFECT = {"cache", "isolated"}


def identify(value, name):
    """Return a digest that is equal in every process where the value is the same.

    An estimator counts by its class and its parameters, a file of weights that a
    parameter names by its content, a function by its version or its code. Nothing is
    pickled or unpickled.

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
        If a parameter holds an object that has no content, such as an open file.

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
        self.is_frozen = False  # whether what estimators have learned counts
        self.open = {}  # number of each value that is being walked through, by its id
        self.done = {}  # digest of each value, and the value, which keeps its id

    def identify(self, value):
        if isinstance(value, np.generic) and not isinstance(value, np.void):
            value = value.item()
        if type(value) in _PLAIN:
            return self._plain(value)
        if id(value) in self.open:
            return digest("itself", self.open[id(value)])
        place = id(value), self.is_frozen
        if place not in self.done:
            self.open[id(value)] = len(self.open)
            try:
                self.done[place] = self._compound(value), value
            finally:
                del self.open[id(value)]
        return self.done[place][0]

    def _plain(self, value):
        parts = [type(value).__name__, repr(value).encode(errors="surrogatepass")]
        is_weights = isinstance(value, str) and value.endswith(_ENDINGS)
        if is_weights and os.path.isfile(value):  # noqa: PTH113
            return digest("weights", file_digest(value))
        return digest(*parts)

    def _compound(self, value):
        if isinstance(value, Path):
            is_weights = self.names[-1] == "weights" and value.is_file()
            if is_weights:
                return digest("weights", file_digest(value))
            return self._plain(str(value))
        if is_code(value):
            return code_digest(value, self.identify)
        if hasattr(value, "get_params"):
            return self._estimator(value)
        if isinstance(value, np.ndarray):
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

    def _estimator(self, estimator):
        """Digest of the class, the parameters, and what a clone keeps besides them."""
        ignored = _WITHOUT_EFFECT
        if type(estimator).__module__.partition(".")[0] == "skfusion":
            ignored = ignored | _OURS_WITHOUT_EFFECT
        parts = [self.identify(type(estimator))]
        for name, value in sorted(estimator.get_params(deep=False).items()):
            if name == "image_cache":  # it stores 8 bits, wherever it is
                parts += [name, value is None]
            elif name not in ignored:
                with self._named(name):
                    parts += [name, self.identify(value)]
        parts.append(repr(getattr(estimator, "_metadata_request", None)))
        was_frozen = self.is_frozen
        self.is_frozen = was_frozen or _keeps_state(estimator)
        if self.is_frozen:
            parts += self._pair("state", dict(vars(estimator)))
        self.is_frozen = was_frozen
        return digest("estimator", *parts)

    def _pandas(self, value):
        parts = [type(value).__name__, self.identify(value.to_numpy(dtype=object))]
        if not isinstance(value, pd.Index):
            parts += [self.identify(axis) for axis in value.axes]
        return digest(*parts)

    def _reduced(self, value):
        """Digest of what pickle would write."""
        try:
            reduce = copyreg.dispatch_table.get(type(value))
            reduced = reduce(value) if reduce else value.__reduce_ex__(4)
        except Exception as error:  # an object may raise any error
            raise ValueError(
                f"Expected parameters that can be compared with those of a store. The "
                f"parameter {'__'.join(self.names)!r} holds "
                f"{type(value).__name__}: {error}. Replace it, or pass store=None."
            ) from error
        if isinstance(reduced, str):  # the name of a global object
            return digest("global", self.identify(type(value)), reduced)
        function, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
        parts = [function, arguments, state, list(items or ()), list(pairs or ())]
        return digest("object", *map(self.identify, parts))

    @contextmanager
    def _named(self, name):
        self.names.append(str(name))
        try:
            yield
        finally:
            self.names.pop()


def _keeps_state(estimator):
    """Return whether a clone of the estimator keeps what it has learned."""
    clone = getattr(type(estimator), "__sklearn_clone__", None)
    return clone is not BaseEstimator.__sklearn_clone__ and clone is not None


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
