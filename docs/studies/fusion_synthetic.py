"""Gain of fusion on synthetic pairs of known complementarity.

Run where the weights are::

    python docs/studies/fusion_synthetic.py WEIGHTS

Half of the lesions, or none, show their class in one of the two images only. The
single modalities, and the fusions of features and of decisions, use frozen features;
the network with two branches is trained from scratch. A run is a draw of pairs; its
rows go to ``docs/studies/runs``, so that an interrupted study continues where it
stopped, and all of them go to ``docs/studies/results/fusion_synthetic.csv``.
"""

import argparse
import tempfile
from pathlib import Path

import pandas as pd
from record import RUNS, current_commit, read_runs, write_results
from synthetic_pairs import (
    CLASS_SEP,
    COLUMNS,
    N_SAMPLES,
    draw,
    make_fusions,
    make_image_model,
)

from skfusion.model_selection import fusion_gain

SEEDS = (0, 1, 2)
NAME = "fusion_synthetic"
SHOWN = ["complementarity", "seed", "model", "kappa", "best single", "gain", "p (Holm)"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--complementarity", nargs="+", type=float, default=[0.5, 0.0])
    arguments = parser.parse_args()
    commit = current_commit()
    for seed in arguments.seeds:
        for complementarity in arguments.complementarity:
            path = RUNS / f"{NAME}_{complementarity}_seed{seed}.csv"
            if not path.exists():
                rows = run(complementarity, seed, arguments.weights)
                RUNS.mkdir(exist_ok=True)
                rows.assign(commit=commit).to_csv(path, index=False)
                print(rows.to_string(index=False), flush=True)
    summarise()


def run(complementarity, seed, weights):
    """Gain of each fusion, and its controls, for one draw of pairs."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = draw(complementarity, seed, folder)
        image = make_image_model(weights, folder)
        result = fusion_gain(
            [(column, image) for column in COLUMNS],
            make_fusions(weights, folder, seed),
            pairs.data,
            pairs.target,
            random_state=seed,
        )
    return tabulate(result).assign(complementarity=complementarity, seed=seed)


def tabulate(result):
    """One row a fusion, and one each for pooled and per modality."""
    rows = result.gain.merge(result.summary, on="model", suffixes=("", " (kappa)"))
    best = result.summary.set_index("model").loc["best single", "kappa"]
    return pd.DataFrame(
        {
            "model": rows["model"],
            "kappa": rows["kappa"].round(3),
            "best single": round(best, 3),
            "gain": [interval(row) for _, row in rows.iterrows()],
            "p (Holm)": rows["p_holm"].round(4),
        }
    )


def interval(row):
    """Gain with its interval."""
    return f"{row['gain']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"


def summarise():
    """Write the table of all runs there are."""
    table, commit = read_runs(NAME)
    table = table.sort_values(["complementarity", "seed"], ascending=[False, True])
    write_results(
        NAME,
        table[SHOWN],
        title="Synthetic pairs: gain of fusion over the best single modality",
        command="python docs/studies/fusion_synthetic.py WEIGHTS",
        commit=commit,
        note=f"{N_SAMPLES} pairs, class_sep {CLASS_SEP} (chosen, with the settings of "
        "the models, on another draw, so that a lesion which shows its class shows it "
        "clearly and the possible gain comes from complementarity alone); kappa of "
        "five grouped folds, gain with its paired 95 % interval, Holm over the three "
        "fusions. The best single modality is chosen in inner folds. It uses frozen "
        "features, like all rows except the last; the network is a different type of "
        "model, and its gain over networks with one branch is in the study of missing "
        "images.",
    )


if __name__ == "__main__":
    main()
