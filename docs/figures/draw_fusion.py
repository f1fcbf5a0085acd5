"""Draw the schemes of the chapter on fusion.

Run by hand when the chapter changes::

    python docs/figures/draw_fusion.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch

FOLDER = Path(__file__).parents[1] / "_static"
WIDTH, HEIGHT = 1.5, 0.74  # of a box
PITCH = 2.0  # from one column of boxes to the next
INCHES = 0.62  # of a unit
MAMMOGRAM = {"facecolor": "#d6e6f5", "edgecolor": "#2f6da8"}
ULTRASOUND = {"facecolor": "#fce4cb", "edgecolor": "#b4611a"}
NEUTRAL = {"facecolor": "#eeeeee", "edgecolor": "#555555"}
MISSING = {"facecolor": "white", "edgecolor": "#777777", "linestyle": "--"}


def main():
    # The same script writes the same files.
    plt.rcParams["svg.hashsalt"] = "skfusion"
    for draw in (pooled, per_modality, features, decisions, branches, levels):
        figure = draw()
        path = FOLDER / f"fusion_{draw.__name__}.svg"
        figure.savefig(path, facecolor="white", metadata={"Date": None})
        plt.close(figure)


def pooled():
    """One model, which decides about each image."""
    figure, axis = canvas(3, 2)
    box(axis, 1, 0.5, "one model")
    for y, name, colors in ((0, "mammogram", MAMMOGRAM), (1, "ultrasound", ULTRASOUND)):
        box(axis, 0, y, name, colors)
        box(axis, 2, y, "decision", colors)
        arrow(axis, (0, y), (1, 0.5))
        arrow(axis, (1, 0.5), (2, y))
    return figure


def per_modality():
    """A model a modality."""
    figure, axis = canvas(3, 2)
    chain(axis, 0, ["mammogram", "its model", "decision"], MAMMOGRAM)
    chain(axis, 1, ["ultrasound", "its model", "decision"], ULTRASOUND)
    return figure


def features():
    """Frozen features side by side, one classifier."""
    figure, axis = canvas(6, 3)
    chain(axis, 0, ["mammogram", "frozen\nnetwork", "features"], MAMMOGRAM)
    chain(axis, 1, ["ultrasound", "frozen\nnetwork", "features"], ULTRASOUND)
    missing(axis, 2, "mean of the\ntraining fold", 2)
    last = ["side by side,\nand what\nis missing", "classifier", "decision"]
    chain(axis, 1, last, first=3)
    for start in ((2, 0), (2, 1)):
        arrow(axis, start, (3, 1))
    arrow(axis, (2, 2), (3, 1), MISSING)
    return figure


def decisions():
    """A calibrated model a modality, then their mean or a model of them."""
    figure, axis = canvas(5, 3)
    chain(axis, 0, ["mammogram", "its model", "calibrated\nprobability"], MAMMOGRAM)
    chain(axis, 1, ["ultrasound", "its model", "calibrated\nprobability"], ULTRASOUND)
    missing(axis, 2, "no vote", 2)
    chain(axis, 1, ["mean, or a\nmodel of these", "decision"], first=3)
    for start in ((2, 0), (2, 1)):
        arrow(axis, start, (3, 1))
    return figure


def branches():
    """One network with a branch a modality."""
    figure, axis = canvas(5, 5)
    for y, own, name, colors in (
        (1, 0, "mammogram", MAMMOGRAM),
        (2, 3, "ultrasound", ULTRASOUND),
    ):
        chain(axis, y, [name, "branch"], colors)
        box(axis, 1, own, "own head,\nin training", colors)
        arrow_between_rows(axis, 1, y, own)
        arrow(axis, (1, y), (2, 2))
    missing(axis, 4, "zeros", 1)
    arrow(axis, (1, 4), (2, 2), MISSING)
    last = ["side by side,\nand which\nare there", "head", "decision"]
    chain(axis, 2, last, first=2)
    return figure


def levels():
    """Images, the breasts they show, and the patient."""
    figure, axis = canvas(5, 5)
    box(axis, 1, 2.5, "one model")
    for y, name in enumerate(("left CC", "left MLO", "right CC", "right MLO"), start=1):
        box(axis, 0, y, name, MAMMOGRAM)
        box(axis, 2, y, "probability", MAMMOGRAM)
        arrow(axis, (0, y), (1, 2.5))
        arrow(axis, (1, 2.5), (2, y))
    box(axis, 3, 1.5, "left breast", n_rows=2)
    box(axis, 3, 3.5, "right breast", n_rows=2)
    box(axis, 4, 2.5, "patient", n_rows=4)
    for x, name in enumerate(("of an image", 'by="breast"', 'by="group"'), start=2):
        label(axis, x, 0.3, name)
    axis.set_ylim(4.55, 0)
    figure.set_figheight(INCHES * 4.55)
    return figure


def canvas(n_columns, n_rows):
    """Make an empty drawing of so many boxes; rows go down."""
    width, height = PITCH * (n_columns - 1) + WIDTH + 0.4, n_rows + 0.1
    figure = plt.figure(figsize=(INCHES * width, INCHES * height))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set_xlim(-WIDTH / 2 - 0.2, width - WIDTH / 2 - 0.2)
    axis.set_ylim(n_rows - 0.45, -0.55)
    axis.axis("off")
    return figure, axis


def box(axis, column, y, text, colors=NEUTRAL, n_rows=1):
    """Draw a box with a text, as high as some rows."""
    height = HEIGHT + n_rows - 1
    corner = (PITCH * column - WIDTH / 2, y - height / 2)
    style = "round,pad=0,rounding_size=0.1"
    axis.add_patch(
        FancyBboxPatch(corner, WIDTH, height, style, linewidth=1.2, **colors)
    )
    label(axis, column, y, text)


def label(axis, column, y, text):
    """Write a text."""
    axis.text(PITCH * column, y, text, ha="center", va="center", fontsize=7.5)


def arrow(axis, start, end, colors=NEUTRAL):
    """Draw an arrow from the right of one box to the left of another."""
    tail = (PITCH * start[0] + WIDTH / 2 + 0.03, start[1])
    head = (PITCH * end[0] - WIDTH / 2 - 0.03, end[1])
    draw_arrow(axis, tail, head, "--" if colors is MISSING else "-")


def arrow_between_rows(axis, column, start, end):
    """Draw an arrow up or down from one box to the next."""
    half = (HEIGHT / 2 + 0.03) * (1 if end > start else -1)
    x = PITCH * column
    draw_arrow(axis, (x, start + half), (x, end - half), "-")


def draw_arrow(axis, tail, head, linestyle):
    """Draw an arrow between two points."""
    style = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "color": "#555555"}
    axis.annotate("", head, tail, arrowprops=style | {"linestyle": linestyle})


def chain(axis, y, texts, colors=NEUTRAL, first=0):
    """Draw boxes from a column on, with an arrow from each to the next."""
    for column, text in enumerate(texts, start=first):
        box(axis, column, y, text, colors)
        if column > first:
            arrow(axis, (column - 1, y), (column, y), colors)


def missing(axis, y, text, column):
    """Draw a missing image and what stands in its place."""
    box(axis, 0, y, "no image", MISSING)
    box(axis, column, y, text, MISSING)
    arrow(axis, (0, y), (column, y), MISSING)


if __name__ == "__main__":
    main()
