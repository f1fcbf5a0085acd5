"""Decision curves of one model, or of the models of a comparison."""

from numbers import Integral

import numpy as np

from ..._validation._groups import find_groups
from ..._validation._private import Interval, validate_params
from ...metrics._decision_curve import check_thresholds, decision_curve, net_benefits
from .._tables import ALL, CROSS_VALIDATION
from ._common import draw_band, draw_legend, draw_title, make_axes, style_of, wrap
from ._curves import group_codes
from ._probabilities import positive_probability, predicted_probabilities
from ._select import class_name, title

__all__ = ["DecisionCurveDisplay"]

_COMPARISON = {
    "data": [str],
    "modality": [str],
    "models": [str, "array-like", None],
    "thresholds": ["array-like", None],
    "n_resamples": [Interval(Integral, 0, None, closed="left")],
    "random_state": ["random_state"],
}


class DecisionCurveDisplay:
    """Decision curves of models, with intervals over patients.

    It is recommended to use :meth:`from_comparison`, :meth:`from_estimator` or
    :meth:`from_predictions`. All parameters are stored as attributes.

    Parameters
    ----------
    names : list of str
        Names of the models.

    thresholds : ndarray of shape (n_thresholds,)
        Threshold probabilities.

    net_benefit : list of ndarray of shape (n_thresholds,)
        Net benefit of each model.

    lower, upper : list of ndarray of shape (n_thresholds,)
        Bounds of the net benefit; NaN without resamples.

    treat_all : ndarray of shape (n_thresholds,)
        Net benefit of calling every image positive.

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
    skfusion.metrics.decision_curve : The numbers, and what they mean.
    CalibrationDisplay : Whether the probabilities are right.

    Notes
    -----
    A model is worth using where its curve is above both grey lines. The band is a 95 %
    interval at each threshold by itself. Probabilities of different folds are pooled,
    because they have one meaning. Decide beforehand which thresholds are reasonable;
    the whole axis seldom is.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion.model_selection import DecisionCurveDisplay, compare_models
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=200)
    >>> X = y[:, np.newaxis] + rng.normal(size=(200, 3))
    >>> comparison = compare_models(
    ...     [("linear", LogisticRegression())], X, y, groups=np.arange(200) // 2
    ... )
    >>> display = DecisionCurveDisplay.from_comparison(
    ...     comparison, thresholds=[0.1, 0.5]
    ... )
    >>> display.net_benefit[0].round(2)
    array([0.51, 0.34])
    >>> display.treat_all.round(2)
    array([0.51, 0.11])
    """

    def __init__(
        self,
        *,
        names,
        thresholds,
        net_benefit,
        lower,
        upper,
        treat_all,
        pos_label="positive class",
        title=None,
    ):
        self.names = names
        self.thresholds = thresholds
        self.net_benefit = net_benefit
        self.lower = lower
        self.upper = upper
        self.treat_all = treat_all
        self.pos_label = pos_label
        self.title = title

    @classmethod
    @validate_params(_COMPARISON, prefer_skip_nested_validation=True)
    def from_comparison(
        cls,
        comparison,
        *,
        data=CROSS_VALIDATION,
        modality=ALL,
        models=None,
        thresholds=None,
        n_resamples=1000,
        random_state=0,
        ax=None,
    ):
        """Draw the decision curves of a comparison.

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

        thresholds, n_resamples, random_state
            The same as in :func:`~skfusion.metrics.decision_curve`. The resamples are
            the same for every model; 0 draws no bands.

        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : DecisionCurveDisplay

        Raises
        ------
        ValueError
            If a model of `models`, or every model, has no ``predict_proba``, there are
            more than two classes, a threshold is not in [0, 1), or the data set, the
            modality or a model is unknown.

        Warns
        -----
        DataQualityWarning
            If `models` is None, and a model without probabilities is left out.
        """
        part = {"data": data, "modality": modality}
        tables = predicted_probabilities(
            comparison, **part, models=models, what="decision curve"
        )
        thresholds = check_thresholds(thresholds)
        curves = [
            net_benefits(
                table["is_positive"].to_numpy(),
                table["y_score"].to_numpy(),
                group_codes(table),
                thresholds,
                n_resamples=n_resamples,
                level=0.95,
                random_state=random_state,
            )
            for table in tables.values()
        ]
        first, labels = tables[next(iter(tables))], comparison.labels
        display = cls(
            names=list(tables),
            **_collect(curves),
            pos_label=class_name(labels[1]),
            title=title(first, **part, labels=labels),
        )
        return display.plot(ax=ax)

    @classmethod
    def from_predictions(
        cls,
        y_true,
        y_prob,
        *,
        groups=None,
        thresholds=None,
        pos_label=None,
        n_resamples=1000,
        random_state=0,
        name="model",
        ax=None,
    ):
        """Draw the decision curve of some predictions.

        Parameters
        ----------
        y_true, y_prob, groups, thresholds, pos_label, n_resamples, random_state
            The same as in :func:`~skfusion.metrics.decision_curve`.

        name : str, default="model"
            Name of the model in the legend.

        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : DecisionCurveDisplay

        Raises
        ------
        ValueError
            If labels, probabilities, thresholds or groups cannot be used.
        """
        curve = decision_curve(
            y_true,
            y_prob,
            groups=groups,
            thresholds=thresholds,
            pos_label=pos_label,
            n_resamples=n_resamples,
            random_state=random_state,
        )
        if pos_label is None:
            classes = np.unique(y_true)
            pos_label = classes[1] if len(classes) == 2 else 1
        options = {**_collect([curve]), "pos_label": class_name(pos_label)}
        return cls(names=[name], **options).plot(ax=ax)

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        groups=None,
        thresholds=None,
        pos_label=None,
        n_resamples=1000,
        random_state=0,
        name=None,
        ax=None,
    ):
        """Draw the decision curve of a fitted classifier on images it has not seen.

        Parameters
        ----------
        estimator : classifier
            Fitted, with ``predict_proba``, of two classes.

        X : DataFrame or array-like of shape (n_samples, ...)
            Images that the classifier did not learn from.

        y : array-like of shape (n_samples,)
            True labels.

        groups : array-like of shape (n_samples,), default=None
            Group of each sample. If None, the column ``group`` of X, if it has one.

        thresholds, pos_label, n_resamples, random_state
            The same as in :func:`~skfusion.metrics.decision_curve`.

        name : str, default=None
            Name of the model in the legend. If None, its class.

        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : DecisionCurveDisplay

        Raises
        ------
        ValueError
            If the classifier has no ``predict_proba``, or an argument cannot be used.
        """
        y_prob, pos_label = positive_probability(estimator, X, pos_label)
        return cls.from_predictions(
            y,
            y_prob,
            groups=find_groups(X, groups),
            thresholds=thresholds,
            pos_label=pos_label,
            n_resamples=n_resamples,
            random_state=random_state,
            name=type(estimator).__name__ if name is None else name,
            ax=ax,
        )

    def plot(self, ax=None):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : DecisionCurveDisplay
        """
        (axis,) = make_axes(ax, size=(6.4, 5.2 + 0.2 * len(self.names)))
        for number, name in enumerate(self.names):
            bounds = self.lower[number], self.upper[number]
            order = {"number": number, "n_models": len(self.names)}
            draw_band(axis, self.thresholds, *bounds, **order)
            style = {key: style_of(number)[key] for key in ("color", "linestyle")}
            benefit = self.net_benefit[number]
            axis.plot(self.thresholds, benefit, label=wrap(name, 64), **style)
        axis.plot(self.thresholds, self.treat_all, ":", color="0.5", label="treat all")
        axis.axhline(0, color="0.5", linewidth=1, label="treat none")
        # Far below 0, no strategy is worth using.
        curves = [self.treat_all, *self.net_benefit, *self.upper, np.array([0.01])]
        top = np.nanmax(np.concatenate(curves))
        axis.set_ylim(-0.25 * top, 1.05 * top)
        axis.set_xlabel(f"Threshold probability of {self.pos_label}")
        axis.set_ylabel("Net benefit")
        draw_title(axis, self.title)
        draw_legend(axis, is_own_figure=ax is None)
        self.ax_, self.figure_ = axis, axis.figure
        return self


def _collect(curves):
    """Columns of the curves, as the Display takes them."""
    names = ("net_benefit", "lower", "upper")
    columns = {name: [curve[name].to_numpy() for curve in curves] for name in names}
    first = curves[0]
    thresholds, treat_all = (
        first[key].to_numpy() for key in ("threshold", "treat_all")
    )
    return {"thresholds": thresholds, "treat_all": treat_all, **columns}
