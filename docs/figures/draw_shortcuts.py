"""Draw what predicts the label without the lesion, from the results of the study.

Run by hand when ``docs/studies/results/shortcuts.csv`` changes::

    python docs/figures/draw_shortcuts.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

DOCS = Path(__file__).parents[1]
RESULTS = DOCS / "studies" / "results" / "shortcuts.csv"
INTERVAL = r"(?P<auc>\S+) \((?P<low>\S+) to (?P<high>\S+)\)"
COLUMNS = [
    ["RSNA", "BUSI", "BUSI with normals"],
    ["BrEaST", "pooled ultrasound"],
    ["BUS-UCLM", "BUS-UCLM with normals", "pooled ultrasound with normals"],
]


def main():
    # The same results draw the same file.
    plt.rcParams["svg.hashsalt"] = "skfusion"
    table = pd.read_csv(RESULTS, keep_default_na=False)
    table = table.join(table["AUC"].str.extract(INTERVAL).astype(float))
    figure = draw(dict(iter(table.groupby("data set"))))
    path = DOCS / "_static" / "shortcuts.svg"
    figure.savefig(path, facecolor="white", metadata={"Date": None})


def draw(tables):
    """A panel for each data set, a row for each probe."""
    figure = plt.figure(figsize=(11, 7.6), layout="constrained")
    parts = figure.subfigures(1, len(COLUMNS))
    for part, names in zip(parts, COLUMNS, strict=True):
        heights = [len(tables[name]) + 3 for name in names]
        axes = part.subplots(len(names), 1, height_ratios=heights)
        for axis, name in zip(axes, names, strict=True):
            draw_panel(axis, tables[name], name)
        axes[-1].set_xlabel("area under the ROC curve")
    return figure


def draw_panel(axis, table, name):
    """Intervals of one data set; those of flagged probes are orange."""
    places = np.arange(len(table))
    errors = np.abs(table[["low", "high"]].sub(table["auc"], axis=0)).to_numpy().T
    for is_flagged, color in ((False, "#2f6da8"), (True, "#b4611a")):
        rows = (table["flagged"] == "yes").to_numpy() == is_flagged
        axis.errorbar(
            table["auc"][rows],
            places[rows],
            xerr=errors[:, rows],
            fmt="o",
            color=color,
            markersize=4,
        )
    axis.axvline(0.5, color="0.4", linewidth=0.8)
    axis.set_yticks(places, table["probe"], fontsize=8)
    axis.set_ylim(len(table) - 0.5, -0.5)
    axis.set_xlim(0.28, 1.02)
    axis.set_xticks([0.5, 0.75, 1])
    axis.set_title(name, fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
