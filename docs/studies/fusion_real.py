"""Fusion on label-made pairs of real images: the gain of two looks at one label.

Run where the data sets and the weights are::

    python docs/studies/fusion_real.py DATA WEIGHTS

A mammogram of RSNA is paired with an ultrasound image of BUSI or BrEaST of the same
class and of another woman, within blocks of patients (``make_label_pairs``), from the
evaluation part of ``folds.csv`` only. **Such a pair shares a label, not a woman.** A
run is a draw of pairs; its rows go to ``docs/studies/runs``, and all of them go to
``docs/studies/results/fusion_real.csv``.
"""

import argparse
from pathlib import Path

import pandas as pd
from make_folds import is_development
from models import (
    BACKBONE,
    TRANSFER_BACKBONE,
    find_weights,
    make_image_model,
)
from record import RUNS, current_commit, read_runs, write_results
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Bunch

from skfusion._validation._pair_warning import PAIR_WARNING
from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_busi,
    load_rsna,
    make_label_pairs,
)
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import (
    DecisionFusionClassifier,
    MultiBranchCNNClassifier,
    make_feature_fusion,
)
from skfusion.model_selection import fusion_gain

SEEDS = (0, 1, 2)
NETWORK_SEEDS = (0,)  # of which the network is trained, too, for the time it takes
NAME = "fusion_real"
COLUMNS = ["mammogram", "ultrasound"]
SHUFFLES = ("shuffled within the class", "shuffled across classes")
ORDER = (
    *COLUMNS,
    "best single",
    "pooled",
    "per modality",
    "features",
    "decisions",
    "decisions, weighted",
    "decisions, stacked",
    "two branches",
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--cache", type=Path, help="folder for features and images")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    arguments = parser.parse_args()
    commit = current_commit()
    for seed in arguments.seeds:
        path = RUNS / f"{NAME}_seed{seed}.csv"
        if not path.exists():
            rows = run(seed, arguments)
            RUNS.mkdir(exist_ok=True)
            rows.assign(seed=seed, commit=commit).to_csv(path, index=False)
            print(rows.to_string(index=False), flush=True)
    summarise()


def run(seed, arguments):
    """Kappa and gain of each model, and the controls, for one draw of pairs."""
    pairs = make_label_pairs(*load_evaluation_part(arguments.data), random_state=seed)
    extractor, fusions = make_fusions(arguments.weights, arguments.cache, seed)
    image = make_image_model(extractor)
    result = fusion_gain(
        [(column, image) for column in COLUMNS],
        fusions,
        pairs.data,
        pairs.target,
        random_state=seed,
    )
    n_blocks = pairs.data["group"].nunique()
    return tabulate(result).assign(pairs=len(pairs.target), blocks=n_blocks)


def load_evaluation_part(folder):
    """Mammograms and ultrasound images of the groups that no setting was chosen on."""
    ultrasound = concat_datasets(load_busi(folder), load_breast_lesions_usg(folder))
    for data in (load_rsna(folder), ultrasound):
        rows = ~is_development(data.data).to_numpy()
        yield Bunch(
            data=data.data[rows].reset_index(drop=True),
            target=data.target[rows],
            groups=data.groups[rows],
            target_names=data.target_names,
            DESCR=data.DESCR,
        )


def make_fusions(weights, cache, seed):
    """The extractor of frozen features, and the three fusions."""
    extractor = CNNFeatureExtractor(
        BACKBONE, weights=find_weights(weights, BACKBONE), cache=cache
    )
    image = make_image_model(extractor)
    linear = LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
    network = MultiBranchCNNClassifier(
        COLUMNS,
        branch=TRANSFER_BACKBONE,
        weights=find_weights(weights, TRANSFER_BACKBONE),
        image_size=128,
        max_epochs=15,
        class_weight="balanced",
        image_cache=cache,
        random_state=seed,
    )
    decisions = DecisionFusionClassifier(
        [(c, image) for c in COLUMNS], random_state=seed
    )
    stacked = clone(decisions).set_params(final_estimator=LogisticRegression())
    fusions = [
        ("features", make_feature_fusion([(c, extractor) for c in COLUMNS], linear)),
        ("decisions", decisions),
        ("decisions, weighted", clone(decisions).set_params(weights="cv")),
        ("decisions, stacked", stacked),
        ("two branches", network),
    ]
    return extractor, fusions if seed in NETWORK_SEEDS else fusions[:-1]


def tabulate(result):
    """One row a model."""
    rows = result.summary.merge(result.gain, on="model", how="left", suffixes=("", "_"))
    controls = result.controls.pivot(index="model", columns="control", values="kappa")
    table = pd.DataFrame(
        {
            "model": rows["model"],
            "kappa": [show(row, "kappa") for _, row in rows.iterrows()],
            "gain": [show(row, "gain", "_") for _, row in rows.iterrows()],
            "p (Holm)": rows["p_holm"],
            **{name: rows["model"].map(controls[name]) for name in SHUFFLES},
            "presence only": controls.loc["-", "presence only"],
        }
    ).round(3)
    order = [name for name in ORDER if name in set(table["model"])]
    return table.set_index("model").loc[order].reset_index()


def show(row, name, suffix=""):
    """Estimate with its interval; nothing where there is none."""
    if pd.isna(row[name]):
        return ""
    lower, upper = row["lower" + suffix], row["upper" + suffix]
    return f"{row[name]:.3f} ({lower:.3f} to {upper:.3f})"


def summarise():
    """Write the table of all runs there are."""
    table, commit = read_runs(NAME)
    first = ["seed", "pairs", "blocks", "model"]
    write_results(
        NAME,
        table[first + [c for c in table if c not in first]],
        title="Label-made pairs of RSNA and BUSI + BrEaST: one label, two women",
        command="python docs/studies/fusion_real.py DATA WEIGHTS",
        commit=commit,
        note=f"{PAIR_WARNING} Evaluation part; five folds that no block of patients "
        "crosses; gain over the best single modality, chosen in inner folds, with its "
        "paired 95 % interval, by block. Holm over the fusions of a draw: five on the "
        "first, where the network is trained, too, and four on the others. The last "
        "columns show kappa on pairs of which two blocks of one fold swap their "
        "ultrasound images: within the class it should stay, across classes it should "
        "fall to about that of the mammogram alone. They also show kappa of presence, "
        "which is constant here. The network was not trained again on swapped pairs "
        "since the swaps were introduced, so that its cells are empty.",
    )
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
