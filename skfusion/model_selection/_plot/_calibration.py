"""Reliability curves of the models of a comparison."""

from numbers import Integral

import numpy as np
import pandas as pd

from ..._validation._private import Interval, validate_params
from ...metrics._calibration_errors import assign_bins
from .._tables import ALL, CROSS_VALIDATION
from ._common import SMALL, draw_legend, draw_title, make_axes, style_of, wrap
from ._curves import group_codes, resample_patients, share_bounds
from ._probabilities import predicted_probabilities
from ._select import class_name, title

__all__ = ["CalibrationDisplay"]


class CalibrationDisplay:
    """Reliability curves of several models, with intervals over patients.

    It is recommended to use :meth:`from_comparison` to create a Display. All
    parameters are stored as attributes.

    Parameters
    ----------
    names : list of str
        Names of the models.

    prob_pred, prob_true : list of ndarray of shape (n_bins,)
        Mean predicted probability, and share of the positive class, in each bin of each
        model.

    lower, upper : list of ndarray of shape (n_bins,)
        Bounds of `prob_true`; NaN without resamples.

    y_prob : list of ndarray of shape (n_samples,)
        Predicted probabilities of each model.

    pos_label : str, default="positive class"
        Name of the positive class.

    title : str, default=None
        Title of the plot.

    Attributes
    ----------
    ax_ : ndarray of Axes, or matplotlib Axes
        Curves, and numbers of predictions. A single Axes holds the curves only.

    figure_ : matplotlib Figure

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : Curve of one model, which this Display
        draws.

    Notes
    -----
    The bins hold equal numbers of predictions, as with ``strategy="quantile"`` in
    :func:`~sklearn.calibration.calibration_curve`. The 95 % intervals are of the same
    kind as those of :func:`~skfusion.metrics.classification_summary`, from resampled
    groups; the bins stay as they are. Balanced classes, class weights and oversampling
    change the prevalence that a model learns, so that its probabilities are too high in
    the data.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion.model_selection import CalibrationDisplay, compare_models
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=200)
    >>> X = y[:, np.newaxis] + rng.normal(size=(200, 3))
    >>> comparison = compare_models(
    ...     [("linear", LogisticRegression())], X, y, groups=np.arange(200) // 2
    ... )
    >>> display = CalibrationDisplay.from_comparison(comparison, n_bins=4)
    >>> display.prob_true[0].round(2)
    array([0.18, 0.4 , 0.68, 0.96])
    """

    def __init__(
        self,
        *,
        names,
        prob_pred,
        prob_true,
        lower,
        upper,
        y_prob,
        pos_label="positive class",
        title=None,
    ):
        self.names = names
        self.prob_pred = prob_pred
        self.prob_true = prob_true
        self.lower = lower
        self.upper = upper
        self.y_prob = y_prob
        self.pos_label = pos_label
        self.title = title

    @classmethod
    @validate_params(
        {
            "data": [str],
            "modality": [str],
            "models": [str, "array-like", None],
            "n_bins": [Interval(Integral, 1, None, closed="left")],
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
        n_bins=5,
        n_resamples=1000,
        random_state=0,
        ax=None,
    ):
        """Draw the reliability curves of a comparison.

        Parameters
        ----------
        comparison : :class:`~skfusion.model_selection.ModelComparison`
            Of two classes.

        data : str, default="cross-validation"
            "cross-validation", or the name of an external data set.

        modality : str, default="all"
            "all", or one modality.

        models : str or array-like of str, default=None
            Names of models that predict probabilities. None draws all such models.

        n_bins : int, default=5
            Number of bins, fewer if many predictions are equal.

        n_resamples : int, default=1000
            Number of resamples of groups for the intervals. 0 draws none.

        random_state : int, RandomState instance or None, default=0
            Determines the resamples, which are the same for every model.

        ax : matplotlib Axes or array-like of two Axes, default=None
            Axes to draw on: curves, and numbers of predictions. A single Axes holds
            the curves only. None makes a new figure.

        Returns
        -------
        display : CalibrationDisplay

        Raises
        ------
        ValueError
            If a model of `models`, or every model, has no ``predict_proba``, there are
            more than two classes, or the data set, the modality or a model is unknown.

        Warns
        -----
        DataQualityWarning
            If `models` is None, and a model without probabilities is left out.
        """
        tables = predicted_probabilities(
            comparison, data=data, modality=modality, models=models, what="calibration"
        )
        curves = [
            _curve(table, n_bins, n_resamples, random_state)
            for table in tables.values()
        ]
        display = cls(
            names=list(tables),
            **{key: [curve[key] for curve in curves] for key in curves[0]},
            pos_label=class_name(comparison.labels[1]),
            title=title(
                tables[next(iter(tables))],
                data=data,
                modality=modality,
                labels=comparison.labels,
            ),
        )
        return display.plot(ax=ax)

    def plot(self, ax=None):
        """Draw the curves, and below them the numbers of predictions.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of two Axes, default=None
            Axes to draw on: curves, and numbers of predictions. A single Axes holds
            the curves only. None makes a new figure.

        Returns
        -------
        display : CalibrationDisplay
        """
        is_single = ax is not None and np.size(ax) == 1
        height = 6.2 + 0.2 * len(self.names)
        options = {"height_ratios": (3.5, 1), "sharex": True} if ax is None else {}
        shape = (1, 1) if is_single else (2, 1)
        axes = make_axes(ax, shape, size=(6.4, height), **options)
        for number in range(len(self.names)):
            self._draw_curve(axes[0], number)
        axes[0].set(xlabel="", ylabel=f"Observed share of {self.pos_label}")
        draw_title(axes[0], self.title)
        if not is_single:
            self._draw_numbers(axes[1])
        axes[-1].set_xlabel(f"Predicted probability of {self.pos_label}")
        draw_legend(axes[0], is_own_figure=ax is None)
        self.ax_ = axes[0] if is_single else axes
        self.figure_ = axes[0].figure
        return self

    def _draw_curve(self, axis, number):
        from sklearn import calibration

        x, y = self.prob_pred[number], self.prob_true[number]
        style = style_of(number)
        display = calibration.CalibrationDisplay(y, x, self.y_prob[number])
        display.plot(ax=axis, name=wrap(self.names[number], 64), **style)
        axis.vlines(x, self.lower[number], self.upper[number], colors=style["color"])

    def _draw_numbers(self, axis):
        for number, y_prob in enumerate(self.y_prob):
            style = style_of(number)
            axis.hist(
                y_prob,
                bins=np.linspace(0, 1, 21),
                histtype="step",
                color=style["color"],
                linestyle=style["linestyle"],
            )
        axis.set_ylabel("predictions", fontsize=SMALL)
        axis.spines[["top", "right"]].set_visible(False)


def _curve(table, n_bins, n_resamples, random_state):
    """Reliability of one model, with its interval."""
    score = table["y_score"].to_numpy()
    is_positive = table["is_positive"].to_numpy()
    codes = assign_bins(score, n_bins)
    in_bin = (codes[:, np.newaxis] == np.arange(codes.max() + 1)).astype(np.float64)

    def share_of_positive(weights):
        with np.errstate(invalid="ignore"):
            return (weights * is_positive) @ in_bin / (weights @ in_bin)

    resamples = resample_patients(
        table, share_of_positive, n_resamples=n_resamples, random_state=random_state
    )
    prob_true = share_of_positive(np.ones((1, len(table))))[0]
    in_group = pd.DataFrame(in_bin).groupby(group_codes(table)).max()
    n_counted = in_group.sum().to_numpy()
    lower, upper = share_bounds(table, prob_true, resamples, n_counted)
    return {
        "prob_pred": score @ in_bin / in_bin.sum(axis=0),
        "prob_true": prob_true,
        "lower": lower,
        "upper": upper,
        "y_prob": score,
    }
