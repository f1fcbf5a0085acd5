"""Images with the maps of what a model looked at."""

import numpy as np
from sklearn.utils import check_array, check_consistent_length

from .._validation._private import _num_samples
from .._validation._unreadable import names_unreadable_images
from ..model_selection._plot._common import make_axes
from ..model_selection._plot._map import draw_map
from ._saliency import contribute, explain, without_augmentation

__all__ = ["SaliencyDisplay"]

_MOST = 40  # rows of X
_COLUMNS = 4
_SIDE = 400  # pixels of a drawn image


class SaliencyDisplay:
    """Images with the maps of what a model looked at.

    It is recommended to use :meth:`from_estimator` to create a Display. All parameters
    are stored as attributes. Neither paths nor groups are drawn.

    Read more in the :ref:`User Guide <saliency>`.

    Parameters
    ----------
    images : list of ndarray of shape (height, width)
        Grey images in [0, 1].

    maps : list of ndarray of shape (height, width)
        Their maps, as :func:`saliency` returns them.

    boxes : list of (x0, y0, x1, y1) or None
        Box of the lesion in pixels; None where it is not known.

    titles : list of str
        Class and probability of each.

    Attributes
    ----------
    ax_ : ndarray of matplotlib Axes

    figure_ : matplotlib Figure

    See Also
    --------
    saliency : The maps as arrays.

    Examples
    --------
    >>> import tempfile
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.inspection import SaliencyDisplay
    >>> from skfusion.neural_network import CNN17Classifier
    >>> breast = make_breast_images(
    ...     20, image_size=32, folder=tempfile.mkdtemp(), random_state=0
    ... )
    >>> X, y = breast.data, breast.target
    >>> model = CNN17Classifier(image_size=32, max_epochs=1, random_state=0).fit(X, y)
    >>> display = SaliencyDisplay.from_estimator(model, X[:3], y=y[:3])
    >>> len(display.ax_), display.boxes[0].shape
    (3, (4,))
    """

    def __init__(self, *, images, maps, boxes, titles):
        self.images = images
        self.maps = maps
        self.boxes = boxes
        self.titles = titles

    @classmethod
    @names_unreadable_images
    def from_estimator(
        cls,
        estimator,
        X,
        *,
        y=None,
        method="gradcam",
        target=None,
        layer=None,
        ax=None,
    ):
        """Explain images, and draw the maps over them.

        Parameters
        ----------
        estimator : classifier
            Fitted, of any kind that :func:`saliency` explains.

        X : object
            At most 40 rows, in any form that the estimator takes. The box of the lesion
            is drawn if X has it.

        y : array-like of shape (n_samples,), default=None
            True classes, which are written beside the predicted ones.

        method, target, layer
            The same as in :func:`saliency`.

        ax : array-like of matplotlib Axes, default=None
            Axes to draw on, one for each image. None makes a new figure.

        Returns
        -------
        display : SaliencyDisplay

        Raises
        ------
        ValueError
            If X has more than 40 rows, or as :func:`saliency` raises it.
        """
        if _num_samples(X) > _MOST:
            raise ValueError(
                f"Expected at most {_MOST} rows of X, which are drawn. Got "
                f"{_num_samples(X)}. Choose some, such as X[:12]."
            )
        X = without_augmentation(X)
        codes, parts = explain(estimator, X, method, target, layer)
        titles = _describe(estimator, X, y, codes)
        shares = _find_shares(estimator, X, codes, parts)
        panels = sorted(
            (row, number, place)
            for number, (part, _) in enumerate(parts)
            for place, row in enumerate(part.rows)
        )
        images, maps, boxes, texts = [], [], [], []
        for row, number, place in panels:
            part, found = parts[number]
            images.append(part.model.original(place).mean(axis=2))
            maps.append(found[place])
            boxes.append(part.model.lesion(place))
            texts.append(titles[row] + shares.get((row, part.column), ""))
        return cls(images=images, maps=maps, boxes=boxes, titles=texts).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the images.

        Parameters
        ----------
        ax : array-like of matplotlib Axes, default=None
            Axes to draw on, one for each image. None makes a new figure.

        Returns
        -------
        display : SaliencyDisplay
        """
        axes = self._make_axes() if ax is None else make_axes(ax, (1, len(self.maps)))
        panels = zip(axes, self.images, self.maps, self.boxes, self.titles, strict=True)
        for axis, image, saliency_map, box, title in panels:
            _draw_image(axis, image, saliency_map)
            if box is not None:
                _draw_box(axis, box)
            axis.set_title(title, fontsize=8)
            axis.set_axis_off()
        self.ax_, self.figure_ = axes, axes[0].figure
        return self

    def _make_axes(self):
        n_columns = min(_COLUMNS, len(self.maps))
        n_rows = -(-len(self.maps) // n_columns)
        size = (2.4 * n_columns + 0.4, 3 * n_rows + 0.3)
        axes = make_axes(None, (n_rows, n_columns), size=size)
        for unused in axes[len(self.maps) :]:
            unused.remove()
        return axes[: len(self.maps)]


def _draw_image(axis, image, saliency_map):
    """Draw an image and its map, reduced to the size of a panel."""
    height, width = image.shape
    step = max(1, max(height, width) // _SIDE)
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    image = image[::step, ::step]
    options = {"cmap": "gray", "vmin": 0, "vmax": max(1, image.max())}
    axis.imshow(image, extent=extent, **options)
    draw_map(axis, saliency_map[::step, ::step], extent)


def _draw_box(axis, box):
    from matplotlib.patches import Rectangle

    x0, y0, x1, y1 = box
    options = {"fill": False, "edgecolor": "C0", "linewidth": 1.5}
    axis.add_patch(Rectangle((x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, **options))


def _describe(estimator, X, y, codes):
    """Return the title of each row: classes, and the score of the explained one."""
    predicted = estimator.predict(X)
    names = estimator.classes_[codes]
    if hasattr(estimator, "predict_proba"):
        scores, word = estimator.predict_proba(X), "probability"
    else:
        scores, word = estimator.decision_function(X), "score"
    if scores.ndim == 1:
        scores = np.column_stack([-scores, scores])
    found = scores[np.arange(len(codes)), codes]
    lines = [f"predicted {label}" for label in predicted]
    if y is not None:
        y = check_array(y, ensure_2d=False, dtype=None)
        check_consistent_length(y, lines)
        pairs = zip(y, lines, strict=True)
        lines = [f"true {label}, {line}" for label, line in pairs]
    return [
        f"{line}\n{word} of {name}: {score:.2f}"
        for line, name, score in zip(lines, names, found, strict=True)
    ]


def _find_shares(estimator, X, codes, parts):
    """Return what is written of the image in each row and column of a fusion."""
    if parts[0][0].column is None:
        return {}
    table = contribute(estimator, X, codes, parts)
    return {
        (row, name): f"\n{name}: {table.loc[row, name]:+.2f}"
        for name in table
        for row in range(len(table))
    }
