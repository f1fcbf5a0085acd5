"""The confusion matrices of the models of a comparison."""

import numpy as np
from sklearn.metrics import confusion_matrix

from ..._validation._private import validate_params
from .._tables import ALL, CROSS_VALIDATION
from ._common import SMALL, make_panels, wrap
from ._select import select_predictions, title

__all__ = ["ConfusionDisplay"]

_N_COLUMNS = 3
_NAME_WIDTHS = {1: 40, 2: 30, 3: 22}  # characters, by the number of columns


class ConfusionDisplay:
    """Confusion matrices of several models, a panel for each.

    It is recommended to use :meth:`from_comparison` to create a Display. All
    parameters are stored as attributes.

    Parameters
    ----------
    names : list of str
        Names of the models.

    matrices : list of ndarray of shape (n_classes, n_classes)
        Counts of each model. Rows are the true classes, columns the predicted ones.

    display_labels : list of str
        Names of the classes.

    title : str, default=None
        Title of the plot.

    Attributes
    ----------
    ax_ : matplotlib Axes, or ndarray of Axes
        An array if there are several models.

    figure_ : matplotlib Figure

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : Matrix of one model, which this Display
        draws.

    Notes
    -----
    Each cell holds the number of predictions and the share of the true class, which is
    its shade. With repeated folds an image is counted once for each repetition.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion.model_selection import ConfusionDisplay, compare_models
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=60)
    >>> X = y[:, np.newaxis] + rng.normal(size=(60, 3))
    >>> comparison = compare_models(
    ...     [("linear", LogisticRegression())], X, y, groups=np.arange(60) // 2
    ... )
    >>> display = ConfusionDisplay.from_comparison(comparison)
    >>> display.matrices[0]
    array([[21,  5],
           [ 5, 29]])
    """

    def __init__(self, *, names, matrices, display_labels, title=None):
        self.names = names
        self.matrices = matrices
        self.display_labels = display_labels
        self.title = title

    @classmethod
    @validate_params(
        {"data": [str], "modality": [str], "models": [str, "array-like", None]},
        prefer_skip_nested_validation=True,
    )
    def from_comparison(
        cls, comparison, *, data=CROSS_VALIDATION, modality=ALL, models=None, ax=None
    ):
        """Draw the confusion matrices of a comparison.

        Parameters
        ----------
        comparison : :class:`~skfusion.model_selection.ModelComparison`

        data : str, default="cross-validation"
            "cross-validation", or the name of an external data set.

        modality : str, default="all"
            "all", or one modality.

        models : str or array-like of str, default=None
            Names of the models. None draws all of them.

        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, one for each model. None makes a new figure.

        Returns
        -------
        display : ConfusionDisplay

        Raises
        ------
        ValueError
            If the data set, the modality or a model is unknown.
        """
        tables = select_predictions(
            comparison, data=data, modality=modality, models=models
        )
        labels = comparison.labels
        display = cls(
            names=list(tables),
            matrices=[
                confusion_matrix(table["y_true"], table["y_pred"], labels=labels)
                for table in tables.values()
            ],
            display_labels=[str(label) for label in labels],
            title=title(
                tables[next(iter(tables))], data=data, modality=modality, labels=labels
            ),
        )
        return display.plot(ax=ax)

    def plot(self, ax=None):
        """Draw the matrices.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, one for each model. None makes a new figure.

        Returns
        -------
        display : ConfusionDisplay
        """
        axes = make_panels(ax, len(self.names), n_columns=_N_COLUMNS, height=2.6)
        name_width = _NAME_WIDTHS[axes[0].get_gridspec().ncols] if ax is None else 22
        for number, (axis, name) in enumerate(zip(axes, self.names, strict=True)):
            _draw_matrix(axis, self.matrices[number], self.display_labels)
            axis.set_title(wrap(name, name_width), fontsize=SMALL)
            if ax is None and axis.get_subplotspec().colspan.start > 0:
                axis.set(ylabel="", yticks=[])
        if ax is None:
            axes[0].figure.suptitle(self.title, fontsize="medium")
        self.ax_ = axes[0] if len(axes) == 1 else axes
        self.figure_ = axes[0].figure
        return self


def _draw_matrix(axis, counts, display_labels):
    """Draw the shares of the true classes, and write the counts beside them."""
    from sklearn.metrics import ConfusionMatrixDisplay

    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    matrix = ConfusionMatrixDisplay(shares, display_labels=display_labels)
    shades = {"cmap": "Blues", "im_kw": {"vmin": 0, "vmax": 1}, "colorbar": False}
    matrix.plot(ax=axis, **shades)
    for text, share, count in zip(
        matrix.text_.ravel(), shares.ravel(), counts.ravel(), strict=True
    ):
        text.set(text=f"{count:,}\n{100 * share:.0f} %", size="medium")
        text.set_color("white" if share > 0.6 else "black")
