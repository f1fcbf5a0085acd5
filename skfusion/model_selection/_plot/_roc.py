"""ROC curves of the models of a comparison."""

from numbers import Integral

import numpy as np

from ..._validation._private import Interval, validate_params
from .._tables import ALL, CROSS_VALIDATION
from ._common import draw_band, draw_legend, draw_title, label_of, make_axes, style_of
from ._curves import FoldCurves, resample_patients, share_bounds
from ._select import (
    class_name,
    scored_predictions,
    summary_rows,
    title,
)

__all__ = ["RocDisplay"]

_GRID = np.linspace(0, 1, 101)


class RocDisplay:
    """ROC curves of several models, with intervals over patients.

    It is recommended to use :meth:`from_comparison` to create a Display. All
    parameters are stored as attributes.

    Parameters
    ----------
    names : list of str
        Names of the models.

    fpr, tpr : list of ndarray of shape (n_points,)
        Curve of each model.

    auc : list of (float, float, float)
        Area under each curve, with the bounds of its interval.

    grid : ndarray of shape (n_grid,)
        False positive rates of the bounds.

    lower, upper : list of ndarray of shape (n_grid,)
        Bounds of the true positive rate of each model; NaN without resamples.

    pos_label : str, default="positive class"
        Name of the positive class.

    title : str, default=None
        Title of the plot.

    Attributes
    ----------
    ax_ : matplotlib Axes

    figure_ : matplotlib Figure

    See Also
    --------
    PrecisionRecallDisplay : Precision instead of the false positive rate.
    sklearn.metrics.RocCurveDisplay : Curve of one model, which this Display draws.

    Notes
    -----
    Each fold has its own model, and the scores of two models are not compared. The
    curve is the average of the curves of the folds at the same false positive rate,
    each fold weighted by its number of pairs of a positive and a negative image. The
    area under it is the AUC of the summary. Folds that hold one class only are left
    out. The band is a 95 % interval of the sensitivity at each false positive rate by
    itself, of the same kind as those of
    :func:`~skfusion.metrics.classification_summary`, from resampled groups.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.metrics import auc
    >>> from skfusion.model_selection import RocDisplay, compare_models
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=60)
    >>> X = y[:, np.newaxis] + rng.normal(size=(60, 3))
    >>> comparison = compare_models(
    ...     [("linear", LogisticRegression())], X, y, groups=np.arange(60) // 2
    ... )
    >>> display = RocDisplay.from_comparison(comparison)
    >>> area = comparison.summary.query("measure == 'AUC'")["estimate"].item()
    >>> bool(np.isclose(auc(display.fpr[0], display.tpr[0]), area))
    True
    """

    def __init__(
        self,
        *,
        names,
        fpr,
        tpr,
        auc,
        grid,
        lower,
        upper,
        pos_label="positive class",
        title=None,
    ):
        self.names = names
        self.fpr = fpr
        self.tpr = tpr
        self.auc = auc
        self.grid = grid
        self.lower = lower
        self.upper = upper
        self.pos_label = pos_label
        self.title = title

    @classmethod
    @validate_params(
        {
            "data": [str],
            "modality": [str],
            "models": [str, "array-like", None],
            "n_resamples": [Interval(Integral, 0, None, closed="left")],
            "random_state": ["random_state"],
        },
        prefer_skip_nested_validation=True,
    )
    def from_comparison(
        cls,
        comparison,
        *,
        data=CROSS_VALIDATION,
        modality=ALL,
        models=None,
        n_resamples=1000,
        random_state=0,
        ax=None,
    ):
        """Draw the ROC curves of a comparison.

        Parameters
        ----------
        comparison : :class:`~skfusion.model_selection.ModelComparison`
            Of two classes.

        data : str, default="cross-validation"
            "cross-validation", or the name of an external data set.

        modality : str, default="all"
            "all", or one modality.

        models : str or array-like of str, default=None
            Names of the models. None draws all of them.

        n_resamples : int, default=1000
            Number of resamples of groups for the bands. 0 draws no bands.

        random_state : int, RandomState instance or None, default=0
            Determines the resamples, which are the same for every model.

        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : RocDisplay

        Raises
        ------
        ValueError
            If there are more than two classes, a model has no scores, no fold holds
            both classes, or the data set, the modality or a model is unknown.
        """
        part = {"data": data, "modality": modality, "models": models}
        tables = scored_predictions(comparison, **part)
        summary = summary_rows(comparison, **part).query("measure == 'AUC'")
        curves = [_curve(table, n_resamples, random_state) for table in tables.values()]
        first = tables[next(iter(tables))]
        display = cls(
            names=list(tables),
            **{key: [curve[key] for curve in curves] for key in curves[0]},
            auc=summary[["estimate", "lower", "upper"]].to_numpy().tolist(),
            grid=_GRID,
            pos_label=class_name(comparison.labels[1]),
            title=title(first, data=data, modality=modality, labels=comparison.labels),
        )
        return display.plot(ax=ax)

    def plot(self, ax=None):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : RocDisplay
        """
        from sklearn.metrics import RocCurveDisplay

        height = 5.6 + 0.2 * len(self.names)
        (axis,) = make_axes(ax, size=(6.4, height))
        for number, name in enumerate(self.names):
            bounds = self.lower[number], self.upper[number]
            order = {"number": number, "n_models": len(self.names)}
            draw_band(axis, self.grid, *bounds, **order)
            curve = RocCurveDisplay(fpr=self.fpr[number], tpr=self.tpr[number])
            curve.plot(ax=axis, name=label_of(name, "AUC", self.auc[number]))
            style = style_of(number)
            curve.line_.set(color=style["color"], linestyle=style["linestyle"])
        axis.plot([0, 1], [0, 1], color="0.5", linestyle=":", label="chance")
        axis.set(
            xlabel="False positive rate (1 - specificity)",
            ylabel=f"Sensitivity for {self.pos_label}",
        )
        draw_title(axis, self.title)
        draw_legend(axis, is_own_figure=ax is None)
        self.ax_, self.figure_ = axis, axis.figure
        return self


def _curve(table, n_resamples, random_state):
    """Curve and band of one model."""
    folds = FoldCurves(table)
    fpr, tpr = folds.roc()
    resamples = resample_patients(
        table,
        lambda weights: folds.mean_tpr(weights, _GRID),
        n_resamples=n_resamples,
        random_state=random_state,
    )
    on_grid = folds.mean_tpr(np.ones((1, len(table))), _GRID)[0]
    bounds = share_bounds(table, on_grid, resamples, folds.n_rarest())
    # Certain are the end, where all images are called positive, and the diagonal of a
    # model that gives all images one score.
    is_certain = (_GRID == 1) | np.allclose(on_grid, _GRID)
    lower, upper = (np.where(is_certain, on_grid + 0 * each, each) for each in bounds)
    lower = np.maximum.accumulate(lower)  # the curve never falls
    return {"fpr": fpr, "tpr": tpr, "lower": lower, "upper": upper}
