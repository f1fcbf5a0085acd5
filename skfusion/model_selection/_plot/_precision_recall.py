"""Precision-recall curves of the models of a comparison."""

from numbers import Integral

import numpy as np

from ..._validation._private import Interval, validate_params
from .._tables import ALL, CROSS_VALIDATION
from ._common import draw_band, draw_legend, draw_title, label_of, make_axes, style_of
from ._curves import FoldCurves, resample_patients, share_bounds
from ._select import class_name, scored_predictions, title

__all__ = ["PrecisionRecallDisplay"]

_GRID = np.linspace(0.005, 0.995, 100)  # the mean of a curve here is its area


class PrecisionRecallDisplay:
    """Precision-recall curves of several models, with intervals over patients.

    It is recommended to use :meth:`from_comparison` to create a Display. All
    parameters are stored as attributes.

    Parameters
    ----------
    names : list of str
        Names of the models.

    precision, recall : list of ndarray of shape (n_points,)
        Curve of each model, from recall 1 down to 0.

    average_precision : list of (float, float, float)
        Area under each curve, with the bounds of its interval.

    grid : ndarray of shape (n_grid,)
        Recalls of the bounds.

    lower, upper : list of ndarray of shape (n_grid,)
        Bounds of the precision of each model; NaN without resamples.

    prevalence : float
        Share of the positive class, the precision of a model that draws its scores.

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
    RocDisplay : False positive rate instead of precision.
    sklearn.metrics.PrecisionRecallDisplay : Curve of one model, which this Display
        draws.

    Notes
    -----
    Each fold has its own model, and the scores of two models are not compared. For each
    recall, the threshold of a fold is the highest one that reaches this recall, and the
    precision is that of the predictions of all folds together. With one fold, the curve
    and the area are those of scikit-learn. Folds that hold one class only are left out.
    The band is a 95 % interval of the precision at each recall by itself, of the same
    kind as those of :func:`~skfusion.metrics.classification_summary`, from resampled
    groups. It is wide at small recalls, where few groups are predicted positive.
    Precision depends on the prevalence, which the dotted line shows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion.model_selection import PrecisionRecallDisplay, compare_models
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=60)
    >>> X = y[:, np.newaxis] + rng.normal(size=(60, 3))
    >>> comparison = compare_models(
    ...     [("linear", LogisticRegression())], X, y, groups=np.arange(60) // 2
    ... )
    >>> display = PrecisionRecallDisplay.from_comparison(comparison)
    >>> round(display.prevalence, 2)
    0.57
    >>> [round(float(value), 2) for value in display.average_precision[0]]
    [0.93, 0.77, 0.98]
    """

    def __init__(
        self,
        *,
        names,
        precision,
        recall,
        average_precision,
        grid,
        lower,
        upper,
        prevalence,
        pos_label="positive class",
        title=None,
    ):
        self.names = names
        self.precision = precision
        self.recall = recall
        self.average_precision = average_precision
        self.grid = grid
        self.lower = lower
        self.upper = upper
        self.prevalence = prevalence
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
        """Draw the precision-recall curves of a comparison.

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
            Number of resamples of groups for the bands and the intervals. 0 draws no
            bands.

        random_state : int, RandomState instance or None, default=0
            Determines the resamples, which are the same for every model.

        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : PrecisionRecallDisplay

        Raises
        ------
        ValueError
            If there are more than two classes, a model has no scores, no fold holds
            both classes, or the data set, the modality or a model is unknown.
        """
        tables = scored_predictions(
            comparison, data=data, modality=modality, models=models
        )
        first = tables[next(iter(tables))]
        curves = [_curve(table, n_resamples, random_state) for table in tables.values()]
        display = cls(
            names=list(tables),
            **{key: [curve[key] for curve in curves] for key in curves[0]},
            grid=_GRID,
            prevalence=first["is_positive"].mean().item(),
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
        display : PrecisionRecallDisplay
        """
        from sklearn import metrics

        height = 5.6 + 0.2 * len(self.names)
        (axis,) = make_axes(ax, size=(6.4, height))
        for number, name in enumerate(self.names):
            bounds = self.lower[number], self.upper[number]
            order = {"number": number, "n_models": len(self.names)}
            draw_band(axis, self.grid, *bounds, **order)
            curve = metrics.PrecisionRecallDisplay(
                precision=self.precision[number], recall=self.recall[number]
            )
            label = label_of(name, "AP", self.average_precision[number])
            curve.plot(ax=axis, name=label)
            style = style_of(number)
            curve.line_.set(color=style["color"], linestyle=style["linestyle"])
        axis.axhline(self.prevalence, color="0.5", linestyle=":", label="prevalence")
        axis.set(
            xlabel=f"Recall (sensitivity for {self.pos_label})",
            ylabel="Precision (PPV)",
        )
        draw_title(axis, self.title)
        draw_legend(axis, is_own_figure=ax is None)
        self.ax_, self.figure_ = axis, axis.figure
        return self


def _curve(table, n_resamples, random_state):
    """Curve, area and band of one model."""
    folds = FoldCurves(table)
    precision, recall = folds.precision_recall()
    resamples = resample_patients(
        table,
        lambda weights: folds.pooled_precision(weights, _GRID),
        n_resamples=n_resamples,
        random_state=random_state,
    )
    # The curve is constant from each recall down to the next one.
    area = -np.sum(np.diff(recall) * precision[:-1])
    on_grid = folds.pooled_precision(np.ones((1, len(table))), _GRID)[0]
    lower, upper = share_bounds(
        table,
        np.append(on_grid, area),
        np.column_stack([resamples, resamples.mean(axis=1)]),
        np.append(folds.n_reaching(_GRID), folds.n_rarest()),
    )
    return {
        "precision": precision,
        "recall": recall,
        "average_precision": (area.item(), lower[-1].item(), upper[-1].item()),
        "lower": lower[:-1],
        "upper": upper[:-1],
    }
