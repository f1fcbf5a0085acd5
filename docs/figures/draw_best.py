"""Draw the order of three kinds of models by region and site, from the final studies.

Run by hand when ``best_ultrasound.csv``, ``best_sites.csv`` or
``best_mammography.csv`` of ``docs/studies/results`` changes::

    python docs/figures/draw_best.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

DOCS = Path(__file__).parents[1]
RESULTS = DOCS / "studies" / "results"
INTERVAL = r"(?P<estimate>\S+) \((?P<lower>\S+) to (?P<upper>\S+)\)"
MODELS = {
    "frozen": ("frozen features", "tab:blue", "o"),
    "transfer": ("fine-tuned network", "tab:orange", "s"),
    "cnn17": ("17-layer CNN", "tab:green", "^"),
}
REGIONS = {"image": "whole image", "lesion": "lesion", "both": "both"}
TESTS = {
    "BUSI + BrEaST, by patient": "BUSI + BrEaST,\nby patient",
    "BUSI, held out": "BUSI,\nheld out",
    "BrEaST, held out": "BrEaST,\nheld out",
    "BUS-UCLM, held out": "BUS-UCLM,\nheld out",
    "all three, held out": "all three,\nheld out",
    "RSNA, by patient": "RSNA breasts,\nby patient",
}
CHANCE = {"AUC": 0.5, "kappa": 0}
RSNA = len(TESTS) - 1


def main():
    # The same results draw the same file.
    plt.rcParams["svg.hashsalt"] = "skfusion"
    figure = draw(read_tables())
    path = DOCS / "_static" / "best.svg"
    figure.savefig(path, facecolor="white", metadata={"Date": None})


def read_tables():
    """One row for each test, model and region; a breast has no lesion region."""
    names = ("best_ultrasound", "best_sites", "best_mammography")
    ultrasound, sites, breasts = (pd.read_csv(RESULTS / f"{n}.csv") for n in names)
    breasts = breasts[breasts["level"] == "breast"].assign(region="image")
    return pd.concat([ultrasound, sites, breasts], ignore_index=True)


def draw(table):
    """A column for each region, a row for each measure."""
    figure, axes = plt.subplots(
        2, 3, figsize=(8.5, 7), sharex="row", sharey=True, layout="constrained"
    )
    for row, measure in enumerate(CHANCE):
        for ax, (region, title) in zip(axes[row], REGIONS.items(), strict=True):
            draw_panel(ax, table[table["region"] == region], measure)
            ax.set_title(title if row == 0 else "", fontsize=10)
            ax.set_xlabel(measure)
        for ax in axes[row, 1:]:
            ax.text(
                *(CHANCE[measure], RSNA, " no boxes"),
                **{"color": "0.4", "va": "center", "fontsize": 9},
            )
    axes[0, 0].set_yticks(range(len(TESTS)), TESTS.values())
    axes[0, 0].set_ylim(RSNA + 0.5, -0.5)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(labels), frameon=False
    )
    return figure


def draw_panel(ax, table, measure):
    """Estimates with intervals, three models in the row of each test."""
    ax.axvline(CHANCE[measure], color="0.8", linewidth=1)
    # Inside the data sets, at other sites, and mammography.
    for line in (0.5, RSNA - 0.5):
        ax.axhline(line, color="0.9", linewidth=1, zorder=0)
    for place, (model, (label, colour, marker)) in enumerate(MODELS.items()):
        part = table[table["model"] == model].set_index("test")[measure]
        numbers = part.str.extract(INTERVAL).astype(float)
        y = [list(TESTS).index(test) + 0.24 * (place - 1) for test in numbers.index]
        ax.errorbar(
            numbers["estimate"],
            y,
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
