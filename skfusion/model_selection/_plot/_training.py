"""The losses of the networks of a comparison."""

from ..._validation._private import validate_params
from ._common import draw_legend, make_panels, wrap
from ._select import select_models

__all__ = ["TrainingDisplay"]

_N_COLUMNS = 2
_NAME_WIDTH = 34  # characters
_LOSSES = {"train_loss": "training", "valid_loss": "validation"}


class TrainingDisplay:
    """Losses of the networks after each epoch of each fold, a panel for each network.

    It is recommended to use :meth:`from_comparison` to create a Display. All
    parameters are stored as attributes.

    Parameters
    ----------
    training : DataFrame
        One row for each ``model``, ``fold``, ``member`` and ``epoch``, with
        ``train_loss`` and ``valid_loss``, NaN where no validation part was held out.

    Attributes
    ----------
    ax_ : matplotlib Axes, or ndarray of Axes
        An array if there are several networks.

    figure_ : matplotlib Figure

    Notes
    -----
    Each line is a fold. A classifier with several networks (``n_members``) has a line
    for each network of each fold. The validation loss is known with early stopping
    only; its part comes from the training side of the fold. The training loss is that
    of augmented images with dropout, and may lie above the validation loss.

    Examples
    --------
    >>> from skfusion.datasets import make_breast_images
    >>> from skfusion.model_selection import TrainingDisplay, compare_models
    >>> from skfusion.neural_network import CNN17Classifier
    >>> data = make_breast_images(16, image_size=16, random_state=0)
    >>> network = CNN17Classifier(
    ...     width=2, weights=None, image_size=16, max_epochs=2, random_state=0
    ... )
    >>> comparison = compare_models(
    ...     [("network", network)], data.images, data.target, groups=data.groups, cv=2
    ... )
    >>> display = TrainingDisplay.from_comparison(comparison)
    >>> len(display.ax_.lines)
    2
    """

    def __init__(self, *, training):
        self.training = training

    @classmethod
    @validate_params(
        {"models": [str, "array-like", None]},
        prefer_skip_nested_validation=True,
    )
    def from_comparison(cls, comparison, *, models=None, ax=None):
        """Draw the losses of the networks of a comparison.

        Parameters
        ----------
        comparison : :class:`~skfusion.model_selection.ModelComparison`

        models : str or array-like of str, default=None
            Names of the networks. None draws all of them.

        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, one for each network. None makes a new figure.

        Returns
        -------
        display : TrainingDisplay

        Raises
        ------
        ValueError
            If no model is a network of skfusion, or a model of `models` is not.
        """
        names = select_models(comparison, models)
        training = comparison.training
        known = set(training["model"])
        without = [name for name in names if name not in known]
        if not known or (models is not None and without):
            raise ValueError(
                "Expected a network, which has a loss after each epoch. Got none from "
                f"{', '.join(map(repr, without))}: add a network of "
                "skfusion.neural_network to the models, or use another kind of plot."
            )
        return cls(training=training[training["model"].isin(names)]).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the losses.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, one for each network. None makes a new figure.

        Returns
        -------
        display : TrainingDisplay
        """
        models = list(self.training.groupby("model", sort=False))
        axes = make_panels(ax, len(models), n_columns=_N_COLUMNS, height=3.0)
        for number, (axis, (name, table)) in enumerate(zip(axes, models, strict=True)):
            _draw_losses(axis, table)
            axis.set_title(wrap(name, _NAME_WIDTH), fontsize="medium")
            axis.set_xlabel("epoch")
            if number % _N_COLUMNS == 0 or ax is not None:
                axis.set_ylabel("loss")
        # The panel that has a validation loss, if any has one.
        fullest = max(axes, key=lambda axis: len(axis.get_legend_handles_labels()[0]))
        draw_legend(fullest, is_own_figure=ax is None, ncols=2)
        self.ax_ = axes[0] if len(axes) == 1 else axes
        self.figure_ = axes[0].figure
        return self


def _draw_losses(axis, table):
    from matplotlib.ticker import MaxNLocator

    unit = "fold and member" if table["member"].any() else "fold"
    for number, (loss, name) in enumerate(_LOSSES.items()):
        lines = table.dropna(subset=[loss]).pivot(
            index="epoch", columns=["fold", "member"], values=loss
        )
        # A single epoch has no line.
        marker = "." if len(lines) == 1 else None
        style = {"color": f"C{number}", "linestyle": ("-", "--")[number], "lw": 1.2}
        label = f"{name}, one line per {unit}"
        for line in lines:
            axis.plot(lines[line].dropna(), marker=marker, label=label, **style)
            label = None
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.spines[["top", "right"]].set_visible(False)
