"""A sheet of the worst mistakes of a model."""

import numpy as np
import pandas as pd

from .._validation._columns import IMAGE, is_present
from .._validation._image_table import holds_paths
from .._validation._private import _safe_indexing
from .._validation._samples import column_table
from ..images import ImageSource
from ._error_maps import map_mistakes
from ._image_columns import find_image_columns
from ._plot._map import draw_map
from ._plot._select import select_predictions
from ._tables import CROSS_VALIDATION

__all__ = ["draw_errors", "worst_mistakes"]

_SIZE = 256  # side of a drawn image in pixels
_COLUMNS = 4


def worst_mistakes(table, labels, n, threshold):
    """Return the wrong predictions of greatest confidence.

    Parameters
    ----------
    table : DataFrame
        Predictions of one model.

    labels : ndarray of shape (n_classes,)
        All classes, the positive one of two last.

    n : int
        Greatest number of rows.

    threshold : float
        Score at which the model is in doubt.

    Returns
    -------
    mistakes : DataFrame
        Each row of X once, in the order of falling confidence; without scores in the
        order of the rows.
    """
    sign = np.where(table["y_pred"] == labels[-1], 1, -1)
    table = table.assign(confidence=sign * (table["y_score"] - threshold))
    wrong = table[table["y_true"] != table["y_pred"]].sort_values("row")
    wrong = wrong.sort_values("confidence", ascending=False, kind="stable")
    return wrong.drop_duplicates("row").head(n)


def draw_errors(comparison, model, n, data, saliency=None):
    """Draw the worst mistakes of a model.

    Parameters
    ----------
    comparison : ModelComparison
        With its data.

    model : str
        Name of the model.

    n : int
        Greatest number of rows.

    data : str
        "cross-validation", or the name of an external data set, which has no folds.

    saliency : callable, default=None
        The same as in :meth:`ModelComparison.errors`.

    Returns
    -------
    figure : Figure

    Raises
    ------
    ValueError
        If the data set is unknown, or X holds no images.
    """
    table = select_predictions(comparison, data=data, models=model)[model]
    threshold = 0.5 if comparison._has_probabilities[model] else 0
    mistakes = worst_mistakes(table, comparison.labels, n, threshold)
    images = _read(comparison._find_data(data), mistakes["row"].to_numpy())
    maps = []
    if saliency is not None:  # before there is a figure, since a model may have none
        maps = map_mistakes(comparison, model, mistakes, data, saliency, _SIZE)
    figure, axes = _lay_out(images)
    n_wrong = (table["y_true"] != table["y_pred"]).sum()
    is_external = data != CROSS_VALIDATION
    name = f"{model}, {data}" if is_external else model
    figure.suptitle(f"{name}: the worst {len(mistakes)} of {n_wrong} mistakes")
    for axis, image, row in zip(axes, images, mistakes.itertuples(), strict=False):
        axis.imshow(image / max(1, image.max()), cmap="gray", vmin=0, vmax=1)
        axis.set_title(_describe(row, is_external), fontsize=8)
    for axis, found in zip(axes, maps, strict=False):
        draw_map(axis, found)
    return figure


def _lay_out(images):
    """Return a figure and its axes, wide enough for the widest image."""
    import matplotlib.pyplot as plt

    n_columns = min(_COLUMNS, max(1, len(images)))
    n_rows = max(1, -(-len(images) // n_columns))
    aspect = max([1, *(image.shape[1] / image.shape[0] for image in images)])
    size = (max(5, 2.3 * n_columns * aspect), 2.9 * n_rows + 0.6)
    figure, axes = plt.subplots(
        n_rows, n_columns, figsize=size, squeeze=False, layout="constrained"
    )
    for axis in axes.ravel():
        axis.set_axis_off()
    return figure, axes.ravel()


def _describe(row, is_external):
    score = "" if np.isnan(row.y_score) else f", score {row.y_score:.2f}"
    fold = "" if is_external else f", fold {row.fold}"
    return f"true {row.y_true}\npredicted {row.y_pred}{score}\nrow {row.row}{fold}"


def _read(X, rows):
    """Read the images of some rows; several of one row stand side by side."""
    if not len(rows):
        return []
    part = _safe_indexing(X, rows)
    if not isinstance(X, pd.DataFrame) or X.shape[1] == 1 or IMAGE in X.columns:
        _check_images(X)
        source = ImageSource(part, image_size=_SIZE)
        return [_as_picture(source[[place]][0]) for place in range(len(source))]
    columns = find_image_columns(X)
    if not columns:
        raise _no_images(X)
    pictures = [[] for _ in rows]
    for column in columns:
        places = np.flatnonzero(is_present(part[column]))
        source = ImageSource(column_table(part, column, columns), image_size=_SIZE)
        for number, place in enumerate(places):
            pictures[place].append(_as_picture(source[[number]][0]))
    return [np.hstack(row) if row else np.zeros((_SIZE, _SIZE)) for row in pictures]


def _check_images(X):
    if not holds_paths(X) and (isinstance(X, pd.DataFrame) or np.ndim(X) not in (3, 4)):
        raise _no_images(X)


def _no_images(X):
    return ValueError(
        "errors draws images. Expected X of compare_models to hold paths, or pixels of "
        "shape (n_samples, height, width) or (n_samples, height, width, n_channels). "
        f"Got {type(X).__name__} of shape {np.shape(X)!r} without images."
    )


def _as_picture(image):
    """Remove the axis of one channel; of other than 3 channels take the first."""
    return image if image.shape[2] == 3 else image[:, :, 0]
