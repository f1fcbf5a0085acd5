"""A picture of what each protocol claims."""

import numpy as np

from .._protocols import PROTOCOLS

__all__ = ["OptimismDisplay"]

_COLOURS = {True: "#2f6da8", False: "#b4611a"}
_CHANCE = {"kappa": 0, "AUC": 0.5, "balanced accuracy": 0.5}
_MARKERS = "osD^vP*X"


class OptimismDisplay:
    """Estimates with intervals: a row for each protocol, a marker for each model.

    Unsound protocols are orange and hollow, sound ones blue and filled. It is
    recommended to use :meth:`ProtocolComparison.plot` or :meth:`from_comparison`.

    Parameters
    ----------
    table : DataFrame
        The rows of one measure of :attr:`ProtocolComparison.summary`.

    measure : str
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

    def __init__(self, table, *, measure):
        self.table = table
        self.measure = measure

    @classmethod
    def from_comparison(cls, comparison, *, measure="kappa", ax=None):
        """Draw a measure of every protocol and model.

        Parameters
        ----------
        comparison : :class:`ProtocolComparison`
            What :func:`optimism` returned.

        measure : str, default="kappa"
            A measure of its summary.

        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure.

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
        return cls(table, measure=measure).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the table.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. If None, a new figure.

        Returns
        -------
        display : OptimismDisplay
            This display.
        """
        from matplotlib import pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        models = self.table["model"].unique().tolist()
        protocols = [name for name in PROTOCOLS if name in set(self.table["protocol"])]
        shifts = 0.6 * (np.arange(len(models)) - (len(models) - 1) / 2) / len(models)
        self.lines_ = [
            self._draw(row, protocols.index(row.protocol), shifts, models)
            for row in self.table.itertuples()
        ]
        if self.measure in _CHANCE:
            chance = _CHANCE[self.measure]
            ax.axvline(chance, color="0.4", linewidth=0.9, linestyle=":", zorder=0)
        ax.set_yticks(range(len(protocols)), protocols)
        ax.set_ylim(len(protocols) - 0.5, -0.5)
        ax.set_xlabel(f"{self.measure}, with 95 % interval")
        ax.spines[["top", "right"]].set_visible(False)
        self._label(models)
        return self

    def _draw(self, row, position, shifts, models):
        """Draw one estimate with its interval."""
        number, colour = models.index(row.model), _COLOURS[row.sound]
        errors = [[row.estimate - row.lower], [row.upper - row.estimate]]
        return self.ax_.errorbar(
            row.estimate,
            position + shifts[number],
            xerr=np.clip(errors, 0, None),
            fmt=_MARKERS[number % len(_MARKERS)],
            color=colour,
            markerfacecolor=colour if row.sound else "white",
            markersize=6,
            elinewidth=1.3,
        )

    def _label(self, models):
        """Add a legend of what colours and markers stand for."""
        handles = [
            self.ax_.plot([], [], "o", color=_COLOURS[sound], label=name)[0]
            for sound, name in [(False, "unsound"), (True, "sound")]
        ]
        handles[0].set_markerfacecolor("white")
        if len(models) > 1:
            handles += [
                self.ax_.plot([], [], marker, color="0.4", label=name)[0]
                for marker, name in zip(_MARKERS, models, strict=False)
            ]
        if self.measure in _CHANCE:
            handles += self.ax_.plot([], [], ":", color="0.4", label="chance")
        self.ax_.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=len(handles),
            fontsize="small",
            frameon=False,
            columnspacing=1.2,
            handletextpad=0.3,
        )
