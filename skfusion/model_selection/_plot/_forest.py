"""A forest plot of the models of a comparison."""

import pandas as pd

from ..._validation._columns import MODALITY
from ..._validation._private import validate_params
from .._tables import ALL, CROSS_VALIDATION
from ._common import draw_forest, forest_height, make_axes, wrap
from ._select import (
    chance_of,
    check_names,
    describe,
    select_predictions,
    summary_rows,
)

__all__ = ["ForestDisplay"]

_NAME_WIDTH = 26  # characters


class ForestDisplay:
    """Estimates of several models with their intervals, a row for each.

    It is recommended to use :meth:`from_comparison` to create a Display. All
    parameters are stored as attributes.

    Parameters
    ----------
    table : DataFrame
        One row for each ``block``, ``measure`` and ``model``, with ``description`` of
        the block, ``estimate``, ``lower``, ``upper``, and ``chance``, the value of a
        model that does not look at the images; NaN where it depends on the model.

    Attributes
    ----------
    ax_ : matplotlib Axes, or ndarray of Axes
        An array if several measures are drawn.

    figure_ : matplotlib Figure

    See Also
    --------
    skfusion.model_selection.ModelComparison.plot : Any plot of a comparison.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skfusion.model_selection import ForestDisplay, compare_models
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=60)
    >>> X = y[:, np.newaxis] + rng.normal(size=(60, 3))
    >>> models = [("prior", DummyClassifier()), ("linear", LogisticRegression())]
    >>> comparison = compare_models(models, X, y, groups=np.arange(60) // 2)
    >>> display = ForestDisplay.from_comparison(comparison)
    >>> display.table[["block", "description", "model", "chance"]]
                  block                            description   model  chance
    0  cross-validation  60 images of 30 groups, 57 % of class 1   prior     0.0
    1  cross-validation  60 images of 30 groups, 57 % of class 1  linear     0.0
    """

    def __init__(self, *, table):
        self.table = table

    @classmethod
    @validate_params(
        {
            "measure": [str, "array-like"],
            "data": [str, None],
            "modality": [str, None],
            "models": [str, "array-like", None],
        },
        prefer_skip_nested_validation=True,
    )
    def from_comparison(
        cls,
        comparison,
        *,
        measure="kappa",
        data=None,
        modality=None,
        models=None,
        ax=None,
    ):
        """Draw the estimates of a comparison.

        Parameters
        ----------
        comparison : :class:`~skfusion.model_selection.ModelComparison`

        measure : str or array-like of str, default="kappa"
            A measure of the summary; a list draws a panel for each.

        data : str, default=None
            "cross-validation", or the name of an external data set. None draws a block
            for each.

        modality : str, default=None
            "all", or one modality. None draws a block for all images, and for each
            modality where there are several.

        models : str or array-like of str, default=None
            Names of the models, in the order of the rows. None draws all of them.

        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, one for each measure. None makes a new figure.

        Returns
        -------
        display : ForestDisplay

        Raises
        ------
        ValueError
            If the measure, the data set, the modality or a model is unknown.
        """
        rows = summary_rows(comparison, data=data, modality=modality, models=models)
        known = list(rows["measure"].unique())
        measures = check_names("measure", measure, sorted(known))
        tables = [_block_table(comparison, part, measures) for part in _blocks(rows)]
        return cls(table=pd.concat(tables, ignore_index=True)).plot(ax=ax)

    def plot(self, ax=None):
        """Draw the rows.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            Axes to draw on, one for each measure. None makes a new figure.

        Returns
        -------
        display : ForestDisplay
        """
        panels = dict(iter(self.table.groupby("measure", sort=False)))
        blocks = {measure: _rows_of_blocks(part) for measure, part in panels.items()}
        height = forest_height(next(iter(blocks.values())))
        size = (max(6.4, 1.2 + 1.7 * len(panels)), height)
        axes = make_axes(ax, (1, len(panels)), size=size)
        for number, (axis, measure) in enumerate(zip(axes, panels, strict=True)):
            draw_forest(
                axis,
                blocks[measure],
                with_labels=number == 0,
                with_numbers=len(panels) == 1,
            )
            axis.locator_params(axis="x", nbins=7 if len(panels) == 1 else 4)
            axis.set_xlabel("Cohen's kappa" if measure == "kappa" else measure)
        legend = "95 % interval; dotted: chance"
        separator = ", " if len(panels) == 1 else "\n"
        axes[0].set_xlabel(f"{axes[0].get_xlabel()}{separator}{legend}")
        # Descriptions of blocks may reach into the next panel.
        axes[0].set_zorder(1)
        self.ax_ = axes[0] if len(panels) == 1 else axes
        self.figure_ = axes[0].figure
        return self


def _blocks(rows):
    """Yield the rows of each data set and modality."""
    for _, part in rows.groupby("data", sort=False):
        modalities = sorted(set(part[MODALITY]), key=lambda name: (name != ALL, name))
        if len(modalities) == 2 and modalities[0] == ALL:
            modalities = [ALL]  # the other one holds the same images
        for modality in modalities:
            yield part[part[MODALITY] == modality]


def _block_table(comparison, rows, measures):
    """Rows of every measure and model of a block, with what describes them."""
    data, modality = rows[["data", MODALITY]].iloc[0]
    tables = select_predictions(
        comparison, data=data, modality=modality, models=rows["model"].unique()
    )
    columns = ["measure", "model", "estimate", "lower", "upper"]
    table = pd.concat([rows.loc[rows["measure"] == each, columns] for each in measures])
    table.insert(0, "block", _name_block(data, modality))
    description = describe(pd.concat(tables.values()), comparison.labels)
    table.insert(1, "description", description)
    prevalence = rows.loc[rows["measure"] == "prevalence", "estimate"]
    prevalence = prevalence.iloc[0] if len(prevalence) else float("nan")
    chance = chance_of(prevalence, len(comparison.labels))
    return table.assign(chance=table["measure"].map(chance))


def _name_block(data, modality):
    if modality == ALL:
        return data
    return modality if data == CROSS_VALIDATION else f"{data}, {modality}"


def _rows_of_blocks(table):
    """Blocks of one measure as :func:`draw_forest` takes them."""
    blocks = table.groupby(["block", "description"], sort=False)
    return [
        (
            wrap(name, _NAME_WIDTH),
            description,
            rows.assign(label=[wrap(model, _NAME_WIDTH) for model in rows["model"]]),
        )
        for (name, description), rows in blocks
    ]
