"""What the Displays share: axes, styles, and rows of estimates with intervals."""

import textwrap

import numpy as np

__all__ = [
    "SMALL",
    "draw_band",
    "draw_forest",
    "draw_legend",
    "draw_title",
    "forest_height",
    "label_of",
    "make_axes",
    "make_panels",
    "name_columns",
    "style_of",
    "wrap",
]

SMALL = 9  # points, of the smaller text

_MARKERS = "osD^vPX*"
_LINES = ("-", "--", "-.", (0, (1, 1.2)), (0, (4, 1, 1, 1, 1, 1)))
_HEADER = 1.15  # height of the header of a block, in rows
_CHARACTER = 0.095  # mean width of a character of a name, in inches
_NO_BREAK = "\u00a0"  # a space at which no line ends
_GAP = 0.35  # between two blocks, in rows


def make_axes(ax, shape=(1, 1), *, size=(6.4, 4.8), **options):
    """Make a figure with axes, or check those that were passed.

    Parameters
    ----------
    ax : matplotlib Axes, array-like of Axes, or None
        None makes a new figure.

    shape : tuple of (int, int), default=(1, 1)
        Number of rows and columns of the new axes.

    size : tuple of (float, float), default=(6.4, 4.8)
        Width and height of the new figure, in inches.

    **options
        Passed to :func:`matplotlib.pyplot.subplots`.

    Returns
    -------
    axes : ndarray of Axes, of shape (n_rows * n_columns,)

    Raises
    ------
    ValueError
        If the number of axes that were passed is another one.
    """
    import matplotlib.pyplot as plt

    if ax is None:
        options = {"layout": "constrained", "squeeze": False, **options}
        return plt.subplots(*shape, figsize=size, **options)[1].ravel()
    axes = np.ravel(np.asarray(ax, dtype=object))
    if len(axes) != shape[0] * shape[1]:
        raise ValueError(
            f"Expected ax to be None or {shape[0] * shape[1]} axes, one for each "
            f"panel. Got {len(axes)} instead."
        )
    return axes


def make_panels(ax, n_panels, *, n_columns, height):
    """Make a figure with a panel for each model, or check axes that were passed.

    Parameters
    ----------
    ax : matplotlib Axes, array-like of Axes, or None
        None makes a new figure.

    n_panels : int

    n_columns : int
        Largest number of panels side by side.

    height : float
        Height of a row of panels, in inches.

    Returns
    -------
    axes : ndarray of Axes, of shape (n_panels,)
    """
    if ax is not None:
        return make_axes(ax, (1, n_panels))
    # Two rows of two are better than three panels above one.
    columns = min(n_columns, n_panels) if n_panels != 4 else 2
    n_rows = -(-n_panels // columns)
    width = 6.4 if columns > 1 else 4.8
    axes = make_axes(None, (n_rows, columns), size=(width, 0.5 + height * n_rows))
    for unused in axes[n_panels:]:
        unused.remove()
    return axes[:n_panels]


def name_columns(ax, names):
    """Write the names of columns, as narrow as the columns are.

    Parameters
    ----------
    ax : matplotlib Axes
        Its limits in x are those of the columns.

    names : list of str
        Names of the columns 0, 1 and so on.
    """
    width = max(_characters(ax) // len(names), 4)
    is_narrow = max(len(word) for name in names for word in str(name).split()) > width
    if is_narrow:
        turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
        ax.set_xticks(range(len(names)), [wrap(name, 24) for name in names], **turned)
    else:
        ax.set_xticks(range(len(names)), [wrap(name, width) for name in names])


def style_of(number):
    """Style of a model, which does not depend on its colour alone.

    Parameters
    ----------
    number : int
        Position of the model.

    Returns
    -------
    style : dict
        The keys are ``color``, the next one of matplotlib's cycle, ``marker`` and
        ``linestyle``.
    """
    return {
        "color": f"C{number % 10}",
        "marker": _MARKERS[number % len(_MARKERS)],
        "linestyle": _LINES[number % len(_LINES)],
    }


def wrap(text, width):
    """Break a long name into lines.

    Parameters
    ----------
    text : str

    width : int
        Number of characters of a line.

    Returns
    -------
    text : str
    """
    return "\n".join(textwrap.wrap(str(text), width, break_on_hyphens=False))


def label_of(name, measure, interval):
    """Label of a model in a legend, with an estimate and its interval.

    Parameters
    ----------
    name : str
        Name of the model.

    measure : str

    interval : sequence of (float, float, float)
        Estimate, lower and upper bound.

    Returns
    -------
    label : str
    """
    estimate, lower, upper = interval
    numbers = f"{measure} {estimate:z.2f} [{lower:z.2f}, {upper:z.2f}]"
    return wrap(f"{name}: {numbers.replace(' ', _NO_BREAK)}", 64)


def draw_band(ax, x, lower, upper, *, number, n_models):
    """Draw the interval of a curve.

    Parameters
    ----------
    ax : matplotlib Axes

    x, lower, upper : ndarray of shape (n_points,)

    number, n_models : int
        Position of the model, and number of models: many bands are paler.
    """
    alpha = min(0.15, 0.6 / n_models)
    ax.fill_between(x, lower, upper, color=style_of(number)["color"], alpha=alpha, lw=0)


def draw_title(ax, title):
    """Write the title of axes, as narrow as they are.

    Parameters
    ----------
    ax : matplotlib Axes

    title : str or None
    """
    lines = [wrap(line, _characters(ax)) for line in (title or "").splitlines()]
    ax.set_title("\n".join(lines), fontsize="medium")


def _characters(ax):
    """Count the characters that axes hold side by side."""
    inches = ax.get_position().width * ax.figure.get_figwidth()
    return max(int(inches / _CHARACTER), 12)


def draw_legend(ax, is_own_figure, ncols=1):
    """Draw a legend: below the axes of an own figure, else inside the axes.

    Parameters
    ----------
    ax : matplotlib Axes

    is_own_figure : bool
        Whether the Display has made the figure, and may use its margin.

    ncols : int, default=1
        Number of columns below the axes.
    """
    handles, labels = ax.get_legend_handles_labels()
    if not is_own_figure:
        width = _characters(ax) - 4  # a line of the legend takes some room, too
        fill = textwrap.TextWrapper(width, break_long_words=False).fill
        labels = [fill(label) for label in labels]
        ax.legend(handles, labels, fontsize=SMALL, framealpha=0.6)
        return
    if ax.get_legend() is not None:
        ax.get_legend().remove()
    ax.figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=ncols,
        fontsize=SMALL,
        frameon=False,
    )


def forest_height(blocks):
    """Height of a figure that holds some rows of estimates.

    Parameters
    ----------
    blocks : list of (str, str, DataFrame)
        The same as in :func:`draw_forest`.

    Returns
    -------
    height : float
        In inches.
    """
    lines = sum(1 + name.count("\n") for *_, rows in blocks for name in rows["label"])
    return 0.9 + 0.27 * (lines + (_HEADER + _GAP) * len(blocks))


def draw_forest(ax, blocks, *, with_labels=True, with_numbers=True):
    """Draw estimates with their intervals, a row for each, in blocks.

    The figure grows with the names: pass names that are wrapped.

    Parameters
    ----------
    ax : matplotlib Axes

    blocks : list of (str, str, DataFrame)
        Name, description and rows of each block. The columns of the rows are
        ``label``, ``estimate``, ``lower``, ``upper`` and, if known, ``chance``, where
        a dotted line is drawn. A block without a name and a description has no header.
        Rows of the same position in their blocks have the same style.

    with_labels : bool, default=True
        Whether names and descriptions are drawn, at the left.

    with_numbers : bool, default=True
        Whether the numbers are drawn, at the right.
    """
    ticks, top = [], 0.0  # position, name and weight of the font of each line
    for name, description, rows in blocks:
        if name or description:
            ticks.append((top, name, "bold"))
            if with_labels:
                # It may reach into the next panel.
                _write(ax, 0.02, top, description, color="0.35", in_layout=False)
            top += _HEADER
        positions = top + np.arange(len(rows))
        _draw_rows(ax, positions, rows, with_numbers)
        ticks += [
            (*line, "normal") for line in zip(positions, rows["label"], strict=True)
        ]
        top = positions[-1] + 1 + _GAP
    ax.set_ylim(top - _GAP - 0.4, -0.6)
    ax.spines[["left", "top", "right"]].set_visible(False)
    _label_lines(ax, ticks if with_labels else [])


def _draw_rows(ax, positions, rows, with_numbers):
    for number, (position, row) in enumerate(
        zip(positions, rows.to_dict("records"), strict=True)
    ):
        style = style_of(number)
        ax.plot([row["lower"], row["upper"]], [position] * 2, color=style["color"])
        ax.plot(row["estimate"], position, style["marker"], color=style["color"])
        if with_numbers:
            numbers = "{estimate:z.2f} [{lower:z.2f}, {upper:z.2f}]".format(**row)
            _write(ax, 1.02, position, numbers)
    if "chance" in rows:
        ends = positions[0] - 0.5, positions[-1] + 0.5
        ax.vlines(rows["chance"].iloc[0], *ends, colors="0.5", linestyles=":", zorder=0)


def _write(ax, x, position, text, **options):
    """Write text beside or above the rows; x is a share of the width of the axes."""
    place = {"transform": ax.get_yaxis_transform(), "va": "center"}
    ax.text(x, position, text, **place, fontsize=SMALL, **options)


def _label_lines(ax, ticks):
    ax.tick_params(axis="y", length=0)
    ax.set_yticks([tick[0] for tick in ticks], [tick[1] for tick in ticks])
    for label, tick in zip(ax.get_yticklabels(), ticks, strict=True):
        label.set_fontweight(tick[2])
