"""A copy of an estimator without its networks and without places on this machine."""

import io
import pickle
from pathlib import PurePath, PurePosixPath, PureWindowsPath

import pandas as pd

from .._store._row_store import RowStore
from ..feature_extraction import CNNFeatureExtractor
from ..networks._weights import FILE_ENDINGS
from ._parts import StoredPart, describe, is_part
from ._tables import reduce_table
from ._walk import estimators_in, walk

__all__ = ["PLACES", "detach"]

# Parameters that name a folder. What they hold changes no prediction.
PLACES = ("cache", "image_cache", "memory")


def detach(estimator):
    """Return a copy of an estimator that skops can save, and the parts it lacks.

    Parameters
    ----------
    estimator : estimator
        It is not changed.

    Returns
    -------
    copy : estimator
        With a :class:`StoredPart` in the place of each part, and a
        :class:`StoredTable` in that of each table. Of the path of weights the
        name of the file remains, and any other path and cache is None.

    definitions : dict of str to dict
        Definitions of the parts, by their names.

    states : dict of str to dict
        Tensors of the parts, by their names.

    Raises
    ------
    TypeError
        If the estimator holds what cannot be copied, such as a lambda.
    """
    buffer = io.BytesIO()
    pickler = _Copier(buffer, _weights_of_frozen(estimator))
    try:
        pickler.dump(estimator)
    except (pickle.PicklingError, AttributeError) as error:
        raise TypeError(
            f"Expected an estimator that can be saved. Got {type(estimator).__name__} "
            f"with a part that cannot: {error}. Use functions and classes of an "
            "importable module."
        ) from error
    buffer.seek(0)
    copy = _Paster(buffer, pickler.pasted).load()
    for each, params in estimators_in(copy):
        for name in params.keys() & {*PLACES}:
            setattr(each, name, None)
    return copy, pickler.definitions, pickler.states


def _weights_of_frozen(estimator):
    """Return where the weights of each frozen network are, by its id."""
    return {
        id(each._network): each.weights
        for each in walk(estimator)
        if isinstance(each, CNNFeatureExtractor) and hasattr(each, "_network")
    }


class _Copier(pickle.Pickler):
    """Writes an estimator to memory, and leaves out what `persistent_id` numbers."""

    def __init__(self, buffer, weights):
        super().__init__(buffer, protocol=5)
        self.pasted, self.definitions, self.states = [], {}, {}
        self._weights, self._numbers = weights, {}

    def persistent_id(self, value):
        if is_part(value):
            if id(value) not in self._numbers:
                self._numbers[id(value)] = self._paste(self._store(value))
            return self._numbers[id(value)]
        if isinstance(value, RowStore):
            return self._paste(None)
        if isinstance(value, PurePath) or (isinstance(value, str) and _is_place(value)):
            return self._paste(_name_of_weights(value))
        return None

    def reducer_override(self, value):
        if isinstance(value, pd.DataFrame | pd.Series):
            return reduce_table(value)
        return NotImplemented

    def _paste(self, value):
        self.pasted.append(value)
        return len(self.pasted) - 1

    def _store(self, part):
        name = f"part{len(self.definitions)}"
        self.definitions[name], self.states[name] = describe(
            part, self._weights.get(id(part))
        )
        return StoredPart(name)


class _Paster(pickle.Unpickler):
    """Reads what a copier wrote a moment ago, in the same process."""

    def __init__(self, buffer, pasted):
        super().__init__(buffer)
        self._pasted = pasted

    def persistent_load(self, number):
        return self._pasted[number]


def _is_place(text):
    """Return whether a text is a path from a root, or that of a file of weights."""
    if text.endswith(FILE_ENDINGS):
        return True
    if len(text) < 2 or not (text[0] in "/\\~" or text[1] == ":"):
        return False  # most texts
    is_absolute = PurePosixPath(text).is_absolute() or text.startswith("~/")
    return is_absolute or PureWindowsPath(text).is_absolute()


def _name_of_weights(path):
    """Return the name of a file of weights, and None for any other path."""
    name = PureWindowsPath(str(path)).name  # it knows both separators
    return name if name.endswith(FILE_ENDINGS) else None
