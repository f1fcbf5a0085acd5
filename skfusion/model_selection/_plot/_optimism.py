"""A picture of what each protocol claims."""

import numpy as np

from ..._validation._private import validate_params
from .._protocols import PROTOCOLS
from ._common import draw_legend, make_axes, style_of, wrap
from ._select import chance_of

__all__ = ["OptimismDisplay"]

_COLOURS = {True: "#2f6da8", False: "#b4611a"}  # whether the protocol is sound


class OptimismDisplay:
    """Estimates with intervals: a row for each protocol, a marker for each model.

    Unsound protocols are orange and hollow, sound ones blue and filled. It is
    recommended to use :meth:`ProtocolComparison.plot` or :meth:`from_comparison`.

    Parameters
    ----------
    table : DataFrame
        The rows of one measure of :attr:`ProtocolComparison.summary`, with ``chance``,
        the value of a model that does not look at the images; NaN where it depends on
        the model.

    measure : str, default="score"
        Name of the measure.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the plot.

    figure_ : matplotlib Figure
        Figure that holds it.

    lines_ : list of matplotlib ErrorbarContainer
        One for each model and protocol.

    See Also
    --------
    optimism : Measures what each protocol claims.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skfusion.model_selection import OptimismDisplay, optimism
    >>> rng = np.random.default_rng(0)
    >>> patient = np.repeat(np.arange(40), 2)
    >>> y, X = rng.integers(2, size=40)[patient], rng.normal(size=(40, 5))[patient]
    >>> comparison = optimism(DecisionTreeClassifier(), X, y, groups=patient, cv=3)
    >>> display = OptimismDisplay.from_comparison(comparison)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['balanced first', 'by image', 'by patient']
    """

    def __init__(self, *, table, measure="score"):
        self.table = table
        self.measure = measure

    @classmethod
    @validate_params({"measure": [str]}, prefer_skip_nested_validation=True)
    def from_comparison(cls, comparison, *, measure="kappa", ax=None):
        """Draw a measure of every protocol and model.

        Parameters
        ----------
        comparison : :class:`ProtocolComparison`
            What :func:`optimism` returned.

        measure : str, default="kappa"
            A measure of its summary.

        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : OptimismDisplay

        Raises
        ------
        ValueError
            If the summary does not hold the measure, for example because the models
            have no scores.
        """
        table = comparison.summary.query("measure == @measure")
        if table["estimate"].isna().all():
            known = comparison.summary.dropna(subset="estimate")["measure"].unique()
            raise ValueError(
                f"Expected a measure of {known.tolist()!r}, which have values. Got "
                f"{measure!r}. AUC needs two classes, and a model with predict_proba "
                "or decision_function."
            )
        chance = _chance_of_protocols(comparison, measure)
        table = table.assign(chance=table["protocol"].map(chance))
        return cls(table=table, measure=measure).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the table.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : OptimismDisplay
        """
        (axis,) = make_axes(ax, size=(6.4, 3.6))
        self.ax_, self.figure_ = axis, axis.figure
        models = self.table["model"].unique().tolist()
        protocols = [name for name in PROTOCOLS if name in set(self.table["protocol"])]
        shifts = 0.6 * (np.arange(len(models)) - (len(models) - 1) / 2) / len(models)
        self.lines_ = [
            self._draw(row, protocols.index(row.protocol), shifts, models)
            for row in self.table.itertuples()
        ]
        axis.set_yticks(range(len(protocols)), protocols)
        axis.set_ylim(len(protocols) - 0.5, -0.5)
        axis.set_xlabel(f"{self.measure}, with 95 % interval")
        axis.spines[["top", "right"]].set_visible(False)
        self._label(models)
        self._draw_chance(protocols)
        draw_legend(axis, is_own_figure=ax is None, ncols=3)
        return self

    def _draw(self, row, position, shifts, models):
        """Draw one estimate with its interval."""
        number, colour = models.index(row.model), _COLOURS[row.sound]
        errors = [[row.estimate - row.lower], [row.upper - row.estimate]]
        return self.ax_.errorbar(
            row.estimate,
            position + shifts[number],
            xerr=np.clip(errors, 0, None),
            fmt=style_of(number)["marker"],
            color=colour,
            markerfacecolor=colour if row.sound else "white",
            markersize=6,
            elinewidth=1.3,
        )

    def _draw_chance(self, protocols):
        """Draw a line in the row of each protocol, because prevalences may differ."""
        chance = self.table.groupby("protocol")["chance"].first()[protocols]
        if chance.notna().any():
            places = np.arange(len(protocols))
            style = {"colors": "0.5", "linestyles": ":", "zorder": 0}
            self.ax_.vlines(chance, places - 0.5, places + 0.5, label="chance", **style)

    def _label(self, models):
        """Name what colours and markers stand for, for the legend."""
        for sound, name in [(False, "unsound"), (True, "sound")]:
            (line,) = self.ax_.plot([], [], "o", color=_COLOURS[sound], label=name)
            line.set_markerfacecolor(_COLOURS[True] if sound else "white")
        for number, name in enumerate(models if len(models) > 1 else []):
            marker = style_of(number)["marker"]
            self.ax_.plot([], [], marker, color="0.4", label=wrap(name, 64))


def _chance_of_protocols(comparison, measure):
    """Value by chance under each protocol; NaN where it depends on the model."""
    rows = comparison.predictions
    n_classes = len(comparison.labels)
    shares = (rows["y_true"] == comparison.labels[-1]).groupby(rows["protocol"]).mean()
    if n_classes > 2:
        shares[:] = np.nan
    return {
        protocol: chance_of(share, n_classes).get(measure, np.nan)
        for protocol, share in shares.items()
    }
