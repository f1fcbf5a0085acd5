"""The scores of the folds of a comparison."""

import numpy as np
import pandas as pd

from ..._validation._columns import MODALITY
from ..._validation._private import validate_params
from .._comparison_blocks import describe_folds
from .._tables import ALL, CROSS_VALIDATION, measure_folds
from ._common import draw_legend, draw_title, make_axes, name_columns, style_of
from ._select import check_choice, select_models, select_predictions, summary_rows

__all__ = ["FoldsDisplay"]

_NOT_SCORES = ("model", "fold", MODALITY, "n")
_NAMES = {"kappa": "Cohen's kappa", "fit_time": "fit time in seconds"}


class FoldsDisplay:
    """Scores of several models on each fold, a column for each model.

    It is recommended to use :meth:`from_comparison` to create a Display. All
    parameters are stored as attributes.

    Parameters
    ----------
    scores : DataFrame of shape (n_folds, n_models)
        Score of each model on each fold; NaN where the model failed or the fold does
        not define the measure.

    pooled : Series of shape (n_models,)
        Estimate from the predictions of all folds together; NaN where the measure has
        none.

    measure : str, default="score"
        Name of the measure.

    title : str, default=None
        Title of the plot.

    Attributes
    ----------
    ax_ : matplotlib Axes

    figure_ : matplotlib Figure

    See Also
    --------
    ForestDisplay : The pooled estimates with their intervals.

    Notes
    -----
    A grey line connects the scores of one fold, because a fold that is hard for one
    model is often hard for the others. The horizontal line of a model is its pooled
    estimate. It is not the mean of its points. The spread of the points is no interval
    of the estimate: the training sides of two folds share most of their images.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion.model_selection import FoldsDisplay, compare_models
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=60)
    >>> X = y[:, np.newaxis] + rng.normal(size=(60, 3))
    >>> models = [("prior", DummyClassifier()), ("linear", LogisticRegression())]
    >>> comparison = compare_models(models, X, y, groups=np.arange(60) // 2, cv=3)
    >>> display = FoldsDisplay.from_comparison(comparison, measure="accuracy")
    >>> display.scores
    model  prior  linear
    fold
    0       0.55    0.65
    1       0.55    0.80
    2       0.60    0.90
    """

    def __init__(self, *, scores, pooled, measure="score", title=None):
        self.scores = scores
        self.pooled = pooled
        self.measure = measure
        self.title = title

    @classmethod
    @validate_params(
        {"measure": [str], "modality": [str], "models": [str, "array-like", None]},
        prefer_skip_nested_validation=True,
    )
    def from_comparison(
        cls, comparison, *, measure="kappa", modality=ALL, models=None, ax=None
    ):
        """Draw the scores of the folds of a comparison.

        Parameters
        ----------
        comparison : :class:`~skfusion.model_selection.ModelComparison`

        measure : str, default="kappa"
            A measure of the summary, or a column of ``comparison.folds``: "fit_time",
            "score_time", or "test_<name>" of a scorer.

        modality : str, default="all"
            "all", or one modality.

        models : str or array-like of str, default=None
            Names of the models, in the order of the columns. None draws all of them.

        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : FoldsDisplay

        Raises
        ------
        ValueError
            If the measure, the modality or a model is unknown.
        """
        names = select_models(comparison, models)
        rows = summary_rows(
            comparison, data=CROSS_VALIDATION, modality=modality, models=models
        )
        columns = [name for name in comparison.folds if name not in _NOT_SCORES]
        known = dict.fromkeys([*columns, *rows["measure"]])
        check_choice("measure", measure, sorted(known))
        scores = _score_folds(comparison, measure, modality, names)
        estimates = rows[rows["measure"] == measure].set_index("model")["estimate"]
        suffix = "" if modality == ALL else f", {modality}"
        display = cls(
            scores=scores,
            pooled=estimates.reindex(names),
            measure=measure,
            title=f"{describe_folds(comparison)}{suffix}",
        )
        return display.plot(ax=ax)

    def plot(self, ax=None):
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : FoldsDisplay
        """
        n_folds, n_models = self.scores.shape
        (axis,) = make_axes(ax, size=(6.4 if n_models < 7 else 8.0, 4.4))
        shifts = np.linspace(-0.15, 0.15, n_folds) if n_folds > 1 else np.zeros(1)
        columns = np.arange(n_models)
        for shift, (_, scores) in zip(shifts, self.scores.iterrows(), strict=True):
            axis.plot(columns + shift, scores, color="0.85", lw=0.8, zorder=0)
        for number, name in enumerate(self.scores):
            style = style_of(number)
            options = {"color": style["color"], "alpha": 0.7}
            axis.plot(number + shifts, self.scores[name], style["marker"], **options)
            pooled = self.pooled[name]
            axis.plot([number - 0.32, number + 0.32], [pooled] * 2, color="0.15")
        axis.plot([], [], color="0.15", label="all folds pooled")
        axis.plot([], [], "o", color="0.5", label="one fold")
        axis.set_xlim(-0.6, n_models - 0.4)
        name_columns(axis, list(self.scores))
        axis.set(ylabel=_NAMES.get(self.measure, self.measure))
        draw_title(axis, self.title)
        axis.spines[["top", "right"]].set_visible(False)
        draw_legend(axis, is_own_figure=ax is None, ncols=2)
        self.ax_, self.figure_ = axis, axis.figure
        return self


def _score_folds(comparison, measure, modality, names):
    """Score of each model (columns) on each fold (rows)."""
    folds = comparison.folds[comparison.folds[MODALITY] == modality]
    if measure in folds:
        return folds.pivot(index="fold", columns="model", values=measure)[names]
    tables = select_predictions(comparison, modality=modality, models=names)
    scores = pd.DataFrame(
        {
            name: measure_folds(table, comparison.labels, measure)
            for name, table in tables.items()
        },
        index=folds["fold"].unique(),
    )
    return scores.rename_axis(index="fold", columns="model")
