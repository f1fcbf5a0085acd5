"""Whether fusion gains where it must, on synthetic pairs of known complementarity.

Run where the weights are::

    python docs/studies/fusion_synthetic.py WEIGHTS

Half of the lesions, or none, show their class in one of the two images only. The single
modalities, and the fusions of features and of decisions, rest on frozen features; the
network of two branches is trained from scratch. It writes
``docs/studies/results/fusion_synthetic.csv``, seed by seed; those that stand there
already are not run again.
"""

import argparse
import tempfile
from pathlib import Path

import pandas as pd
from models import BACKBONE, find_weights
from record import RESULTS, current_commit, write_results
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import (
    DecisionFusionClassifier,
    MultiBranchCNNClassifier,
    make_feature_fusion,
)
from skfusion.model_selection import fusion_gain

N_SAMPLES = 300
IMAGE_SIZE = 64
N_EPOCHS = 40
SEEDS = (0, 1, 2)
COLUMNS = ["mammogram", "ultrasound"]
NAME = "fusion_synthetic"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    arguments = parser.parse_args()
    commit = current_commit()
    path = RESULTS / f"{NAME}.csv"
    tables = [pd.read_csv(path)] if path.exists() else []
    for seed in arguments.seeds:
        for complementarity in (0.5, 0.0):
            if not is_done(tables, complementarity, seed):
                rows = run(complementarity, seed, arguments.weights)
                tables.append(rows.assign(commit=commit))
                write(pd.concat(tables, ignore_index=True))


def is_done(tables, complementarity, seed):
    """Whether these rows stand in the results."""
    return any(
        ((t["complementarity"] == complementarity) & (t["seed"] == seed)).any()
        for t in tables
    )


def run(complementarity, seed, weights):
    """Gain of each fusion, and its controls, for one draw of pairs."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = make_breast_images(
            N_SAMPLES,
            paired=True,
            complementarity=complementarity,
            image_size=IMAGE_SIZE,
            folder=Path(folder) / "images",
            random_state=seed,
        )
        single, fusions = make_models(weights, Path(folder) / "cache", seed)
        result = fusion_gain(
            single, fusions, pairs.data, pairs.target, random_state=seed
        )
    best = result.summary.set_index("model").loc["best single"]
    rows = result.gain.merge(result.summary, on="model", suffixes=("", " (kappa)"))
    controls = result.controls.pivot(index="model", columns="control", values="kappa")
    return pd.DataFrame(
        {
            "complementarity": complementarity,
            "seed": seed,
            "fusion": rows["model"],
            "kappa": rows["kappa"].round(3),
            "best single": round(best["kappa"], 3),
            "gain": [interval(row) for _, row in rows.iterrows()],
            "p (Holm)": rows["p (Holm)"].round(4),
            **{
                name: rows["model"].map(controls[name]).round(3)
                for name in ("shuffled within the class", "shuffled across classes")
            },
        }
    )


def make_models(weights, cache, seed):
    """Models of single images, and fusions."""
    extractor = CNNFeatureExtractor(
        BACKBONE, weights=find_weights(weights, BACKBONE), image_size=128, cache=cache
    )
    linear = LogisticRegression(C=0.01, max_iter=1000)
    image = make_pipeline(extractor, StandardScaler(), linear)
    single = [(column, image) for column in COLUMNS]
    columns = [(column, extractor) for column in COLUMNS]
    network = MultiBranchCNNClassifier(
        COLUMNS, image_size=IMAGE_SIZE, max_epochs=N_EPOCHS, random_state=seed
    )
    return single, [
        ("features", make_feature_fusion(columns, linear)),
        ("decisions", DecisionFusionClassifier(single, random_state=seed)),
        ("two branches", network),
    ]


def interval(row):
    """Gain with its interval."""
    return f"{row['gain']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"


def write(table):
    """Write what there is so far."""
    write_results(
        NAME,
        table,
        title="Synthetic pairs: what fusion gains over the best single modality",
        command="python docs/studies/fusion_synthetic.py WEIGHTS",
        commit=" and ".join(sorted(set(table["commit"]))),
        note=f"{N_SAMPLES} pairs; kappa of five grouped folds, gain with its paired "
        "95 % interval, Holm over the three fusions. The best single modality is "
        "chosen in inner folds.",
    )
    print(table.to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
