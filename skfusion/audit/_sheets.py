"""Pictures of an audit: sheets of images, and the probes."""

import textwrap

import numpy as np
from PIL import Image

from ..exceptions import ImageReadError
from ..images._eight_bits import to_uint8
from ..model_selection._plot._common import SMALL, make_axes, wrap
from ._measure import make_reader
from ._text import shown_probes

__all__ = ["draw_probes", "draw_sheet"]

_COLUMNS = 6
_SIDE = 256  # longest side of a drawn image in pixels
_CHANCE = 0.5


def draw_sheet(X, findings, n):
    """Draw the images of findings of one kind, with the numbers of their rows.

    Parameters
    ----------
    X : DataFrame, Series, list or ndarray
        Images; they are drawn as they are in their files, with their colours.

    findings : DataFrame
        Findings of one kind, at least one.

    n : int
        Largest number of images. If there are more, they are chosen evenly, but
        families are drawn one after the other.

    Returns
    -------
    figure : matplotlib Figure
    """
    import matplotlib.pyplot as plt

    rows = _choose(findings, n)
    details = findings.drop_duplicates("row").set_index("row")["detail"]
    pictures = _read_all(X, rows)
    n_columns = min(_COLUMNS, len(rows))
    n_lines = -(-len(rows) // n_columns)
    shapes = [picture.shape for picture in pictures if picture is not None]
    tallest = min(1.6, max([0.5, *(height / width for height, width, *_ in shapes)]))
    size = (max(5, 1.9 * n_columns), (1.8 * tallest + 0.4) * n_lines + 0.5)
    figure, axes = plt.subplots(
        n_lines, n_columns, figsize=size, squeeze=False, layout="constrained"
    )
    total = findings["row"].nunique()
    figure.suptitle(f"{findings['kind'].iloc[0]}: {len(rows)} of {total} images")
    for axis in axes.ravel():
        axis.set_axis_off()
    for axis, row, picture in zip(axes.ravel(), rows, pictures, strict=False):
        detail = textwrap.shorten(details[row], 30, placeholder="...")
        axis.set_title(f"row {row}\n{detail}", fontsize=7)
        if picture is None:
            axis.text(0.5, 0.5, "not readable", ha="center", va="center", fontsize=8)
        else:
            axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
    return figure


def _choose(findings, n):
    """Return rows: whole families if there are pairs, else evenly chosen ones."""
    if findings["other_row"].notna().any():
        rows = findings.sort_values(["family", "row"])["row"].unique()
        return rows[:n].tolist()
    rows = findings["row"].unique()
    places = np.linspace(0, len(rows) - 1, min(n, len(rows))).round().astype(int)
    return rows[places].tolist()


def _read_all(X, rows):
    """Return small pictures, and None for files that cannot be read."""
    read, _ = make_reader(X)
    pictures = []
    for row in rows:
        try:
            pixels = read(row)[0]
        except ImageReadError:
            pictures.append(None)
            continue
        pixels = pixels if pixels.dtype == np.uint8 else to_uint8(pixels)
        picture = Image.fromarray(pixels)
        picture.thumbnail((_SIDE, _SIDE))
        pictures.append(np.asarray(picture))
    return pictures


def draw_probes(probes):
    """Draw the areas of all probes with their intervals.

    Parameters
    ----------
    probes : DataFrame
        Result of ``probe_shortcuts``.

    Returns
    -------
    figure : matplotlib Figure
    """
    shown, _ = shown_probes(probes)
    if shown.empty:
        raise ValueError("Expected probes with a value. Got none: see their notes.")
    shown = shown.iloc[::-1]
    colours = np.where(shown["flagged"].astype(bool), "C1", "C0")
    ax = make_axes(None, size=(6.4, 1.0 + 0.26 * len(shown)))[0]
    positions = np.arange(len(shown))
    ax.axvline(_CHANCE, color="0.5", linestyle=":", zorder=0)
    ax.hlines(positions, shown["low"], shown["high"], colors=colours)
    ax.scatter(shown["auc"], positions, c=colours, s=30, zorder=3)
    ax.set_yticks(
        positions, [wrap(name, 40) for name in shown["probe"]], fontsize=SMALL
    )
    ax.set_xlabel("area under the ROC curve (orange: flagged)")
    ax.spines[["left", "top", "right"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax.figure
