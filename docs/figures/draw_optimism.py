"""Draw what each protocol claims on real images, from the results of the study.

Run by hand when ``docs/studies/results/optimism.csv`` changes::

    python docs/figures/draw_optimism.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from skfusion.model_selection import OptimismDisplay

DOCS = Path(__file__).parents[1]
RESULTS = DOCS / "studies" / "results" / "optimism.csv"
INTERVAL = r"(?P<estimate>\S+) \((?P<lower>\S+) to (?P<upper>\S+)\)"
PANELS = {
    "ultrasound": "ultrasound: BUSI + BrEaST + BUS-UCLM",
    "mammography": "mammography: RSNA",
}
ROWS = [
    "balanced, then\nsplit by image",
    "split by image",
    "split by patient",
    "one data set\nleft out",
]


def main():
    # The same results draw the same file.
    plt.rcParams["svg.hashsalt"] = "skfusion"
    figure = draw(read_kappas())
    path = DOCS / "_static" / "optimism.svg"
    figure.savefig(path, facecolor="white", metadata={"Date": None})


def read_kappas():
    """Kappa and interval of each model and protocol, as numbers."""
    table = pd.read_csv(RESULTS)
    numbers = table["kappa"].str.extract(INTERVAL).astype(float)
    names = table[["data", "model", "protocol"]]
    return names.assign(sound=table["sound"] == "yes").join(numbers)


def draw(kappas):
    """A panel for each modality, a row for each protocol."""
    figure, axes = plt.subplots(
        1, 2, figsize=(8.5, 3.3), sharex=True, layout="constrained"
    )
    for ax, (data, title) in zip(axes, PANELS.items(), strict=True):
        part = kappas[kappas["data"] == data]
        display = OptimismDisplay(table=part.assign(chance=0), measure="kappa")
        display.plot(ax=ax)
        ax.set_title(title, fontsize=10)
        legend = display.ax_.get_legend()
        handles = legend.legend_handles
        labels = [text.get_text() for text in legend.get_texts()]
        legend.remove()
    axes[0].set_yticks(range(len(ROWS)), ROWS)
    # RSNA is one data set, which leaves its panel a row less.
    axes[1].set_ylim(axes[0].get_ylim())
    axes[1].text(0, 3, " a single data set", color="0.4", va="center", fontsize=9)
    axes[1].tick_params(labelleft=False)
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=len(labels),
        frameon=False,
        fontsize=9,
        handletextpad=0.2,
    )
    return figure


if __name__ == "__main__":
    main()
