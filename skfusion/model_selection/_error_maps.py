"""Maps of the worst mistakes, of the models that made them."""

import numpy as np

from .._validation._columns import is_present
from .._validation._private import _safe_indexing
from ..images import resize_image
from ._external import refit_model
from ._image_columns import find_image_columns
from ._tables import CROSS_VALIDATION

__all__ = ["map_mistakes"]


def map_mistakes(comparison, model, mistakes, data, saliency, size):
    """Return the maps of the mistakes of a model, as they are drawn.

    A mistake of the cross-validation is explained by the model of its fold, which is
    fitted again, and one of an external data set by the model of all data.

    Parameters
    ----------
    comparison : ModelComparison
        With its data.

    model : str
        Name of the model.

    mistakes : DataFrame
        As :func:`worst_mistakes` returns it.

    data : str
        "cross-validation", or the name of an external data set.

    saliency : callable
        The same as in :meth:`ModelComparison.errors`.

    size : int
        Side of a drawn image in pixels.

    Returns
    -------
    maps : list of ndarray of shape (size, n_images * size)
        Maps of several images of a row stand side by side.
    """
    X, pictures = comparison._find_data(data), {}
    for fold, part in mistakes.groupby("fold"):
        rows = part["row"].to_numpy()
        fitted = _find_model(comparison, model, fold, data)
        found = saliency(fitted, _safe_indexing(X, rows))
        drawn = _side_by_side(found, X, rows, size)
        pictures |= dict(zip(rows, drawn, strict=True))
    return [pictures[row] for row in mistakes["row"]]


def _side_by_side(found, X, rows, size):
    """Return the maps of each row in the order in which its images are drawn."""
    if not hasattr(found, "maps"):
        return [_fit(each, size) for each in found]
    columns = find_image_columns(X)
    present = np.array([is_present(X[name].iloc[rows]) for name in columns])
    empty = np.zeros((size, size))  # of a column that the model does not read
    drawn = []
    for place in range(len(rows)):
        names = [
            name for name, has in zip(columns, present[:, place], strict=True) if has
        ]
        maps = [found.maps.get(name, {place: None})[place] for name in names]
        maps = [empty if each is None else _fit(each, size) for each in maps]
        drawn.append(np.hstack(maps or [empty]))
    return drawn


def _find_model(comparison, model, fold, data):
    if data != CROSS_VALIDATION:
        return comparison.refit(model)
    rows = comparison.splits[fold][0]
    return refit_model(comparison._estimators[model], comparison._data, rows)


def _fit(saliency_map, size):
    return resize_image(np.asarray(saliency_map)[..., np.newaxis], size)[..., 0]
