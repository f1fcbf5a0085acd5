"""The areas of the shortcut probes, with their intervals."""

import numpy as np

from ..model_selection._plot._common import SMALL, make_axes, wrap
from ._text import shown_probes

__all__ = ["ProbesDisplay"]

_CHANCE = 0.5


class ProbesDisplay:
    """Area under the ROC curve of each shortcut probe, with its interval.

    It is recommended to use :meth:`DatasetAudit.plot` to create a Display. All
    parameters are stored as attributes.

    Parameters
    ----------
    probes : DataFrame
        ``probes`` of an audit. At most 20 probes with a value are drawn, the flagged
        ones first.

    Attributes
    ----------
    ax_ : matplotlib Axes

    figure_ : matplotlib Figure

    See Also
    --------
    DatasetAudit.plot : Draw a kind of finding, or the probes.
    FindingsDisplay : The images of one kind of finding.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfusion.audit import ProbesDisplay
    >>> probes = pd.DataFrame({"probe": ["thumbnail", "border"], "auc": [0.6, 0.9]})
    >>> probes = probes.assign(low=[0.4, 0.8], high=[0.8, 1], flagged=[False, True])
    >>> display = ProbesDisplay(probes=probes).plot()
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['thumbnail', 'border']
    """

    def __init__(self, *, probes):
        self.probes = probes

    @classmethod
    def from_audit(cls, audit, *, ax=None):
        """Draw the probes of an audit.

        Parameters
        ----------
        audit : DatasetAudit

        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : ProbesDisplay

        Raises
        ------
        ValueError
            If no probe has a value.
        """
        return cls(probes=audit.probes).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the probes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : ProbesDisplay
        """
        shown = shown_probes(self.probes)[0].iloc[::-1]
        if shown.empty:
            raise ValueError("Expected probes with a value. Got none: see their notes.")
        colours = np.where(shown["flagged"].astype(bool), "C1", "C0")
        axis = make_axes(ax, size=(6.4, 1.0 + 0.26 * len(shown)))[0]
        positions = np.arange(len(shown))
        axis.axvline(_CHANCE, color="0.5", linestyle=":", zorder=0)
        axis.hlines(positions, shown["low"], shown["high"], colors=colours)
        axis.scatter(shown["auc"], positions, c=colours, s=30, zorder=3)
        names = [wrap(name, 40) for name in shown["probe"]]
        axis.set_yticks(positions, names, fontsize=SMALL, parse_math=False)
        axis.set_xlabel("area under the ROC curve (orange: flagged)")
        axis.spines[["left", "top", "right"]].set_visible(False)
        axis.tick_params(axis="y", length=0)
        self.ax_, self.figure_ = axis, axis.figure
        return self
