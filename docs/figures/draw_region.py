"""Draw what the lesion changes, from the results of the study of regions.

Run by hand when ``docs/studies/results/region.csv`` changes::

    python docs/figures/draw_region.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

DOCS = Path(__file__).parents[1]
RESULTS = DOCS / "studies" / "results" / "region.csv"
INTERVAL = r"(?P<estimate>\S+) \((?P<lower>\S+) to (?P<upper>\S+)\)"
MODELS = {
    "frozen": "frozen MobileNetV2 + SVM",
    "transfer": "fine-tuned SqueezeNet",
    "cnn17": "17-layer CNN",
}
REGIONS = {
    "image": ("whole image", "tab:blue", "o"),
    "lesion": ("lesion", "tab:orange", "s"),
    "both": ("both", "tab:green", "^"),
}
CHANCE = {"AUC": 0.5, "kappa": 0}


def main():
    # The same results draw the same file.
    plt.rcParams["svg.hashsalt"] = "skfusion"
    figure = draw(pd.read_csv(RESULTS))
    path = DOCS / "_static" / "region.svg"
    figure.savefig(path, facecolor="white", metadata={"Date": None})


def draw(table):
    """A column for each model, a row for each measure."""
    figure, axes = plt.subplots(
        2, 3, figsize=(8.5, 4.6), sharex="row", sharey=True, layout="constrained"
    )
    tests = table["test"].unique()
    for row, measure in enumerate(CHANCE):
        for ax, (model, title) in zip(axes[row], MODELS.items(), strict=True):
            draw_panel(ax, table[table["model"] == model], measure, tests)
            ax.set_title(title if row == 0 else "", fontsize=10)
            ax.set_xlabel(measure)
    axes[0, 0].set_yticks(range(len(tests)), tests)
    axes[0, 0].invert_yaxis()
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(labels), frameon=False
    )
    return figure


def draw_panel(ax, table, measure, tests):
    """Estimates with intervals, one row for each test."""
    ax.axvline(CHANCE[measure], color="0.8", linewidth=1)
    for place, (region, (label, colour, marker)) in enumerate(REGIONS.items()):
        part = table[table["region"] == region].set_index("test")[measure]
        numbers = part.str.extract(INTERVAL).astype(float)
        y = [list(tests).index(test) for test in numbers.index]
        ax.errorbar(
            numbers["estimate"],
            np.array(y) + 0.22 * (place - 1),
            xerr=[
                numbers["estimate"] - numbers["lower"],
                numbers["upper"] - numbers["estimate"],
            ],
            fmt=marker,
            markersize=4,
            linewidth=1,
            color=colour,
            label=label,
        )


if __name__ == "__main__":
    main()
