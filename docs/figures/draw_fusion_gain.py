"""Draw what fusion gains on synthetic pairs, from the results of the study.

Run by hand when ``docs/studies/results/fusion_synthetic.csv`` changes::

    python docs/figures/draw_fusion_gain.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

DOCS = Path(__file__).parents[1]
RESULTS = DOCS / "studies" / "results" / "fusion_synthetic.csv"
FUSIONS = ("features", "decisions", "two branches")
INTERVAL = r"(?P<gain>\S+) \((?P<lower>\S+) to (?P<upper>\S+)\)"


def main():
    # The same results draw the same file.
    plt.rcParams["svg.hashsalt"] = "skfusion"
    figure = draw(read_gains())
    path = DOCS / "_static" / "fusion_gain.svg"
    figure.savefig(path, facecolor="white", metadata={"Date": None})


def read_gains():
    """Gain and interval of each model and draw, as numbers."""
    table = pd.read_csv(RESULTS)
    numbers = table["gain"].str.extract(INTERVAL).astype(float)
    return table[["complementarity", "seed", "model"]].join(numbers)


def draw(gains):
    """A panel for each complementarity, a row a model, a point a draw."""
    panels = list(gains.groupby("complementarity", sort=False))
    figure, axes = plt.subplots(
        1, len(panels), figsize=(8, 2.8), sharex=True, sharey=True, layout="constrained"
    )
    models = list(gains["model"].drop_duplicates())
    for axis, (complementarity, part) in zip(axes, panels, strict=True):
        for position, model in enumerate(models):
            color = "#b4611a" if model in FUSIONS else "#2f6da8"
            draw_model(axis, part[part["model"] == model], position, color)
        axis.axvline(0, color="0.5", linewidth=0.8, linestyle=":")
        axis.set_title(f"complementarity {complementarity:g}", fontsize=10)
        axis.set_xlabel("gain in kappa")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_yticks(range(len(models)), models)
    axes[0].invert_yaxis()
    return figure


def draw_model(axis, part, position, color):
    """Gains of one model: a point and an interval for each draw."""
    shifts = np.linspace(-0.2, 0.2, len(part))
    errors = np.abs(part[["lower", "upper"]].sub(part["gain"], axis=0)).T
    axis.errorbar(
        part["gain"], position + shifts, xerr=errors, fmt="o", color=color, markersize=4
    )


if __name__ == "__main__":
    main()
