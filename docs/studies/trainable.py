"""How much of a pretrained network should learn: kappa and AUC against time.

Run where the data sets and the weights are::

    python docs/studies/trainable.py DATA WEIGHTS

A MobileNetV2 learns from the ultrasound images of the development part of
``folds.csv``, which no other study scores: the head alone, the last stages, or all of
its 19 stages, in float32 or bfloat16. Settings and folds were fixed before a result was
known. After three seeds, the choice between the precisions was open: seeds 3 to 5, and
12 and 8 stages in float32, were added then.

The folds of a candidate and a seed are a file of ``docs/studies/runs``, which is not
computed again.
"""

import argparse
from pathlib import Path
from time import process_time

import pandas as pd
from choose_settings import load_development
from make_folds import image_digests
from models import BACKBONE, find_weights
from record import RUNS, current_commit, read_runs, write_results
from sklearn.metrics import cohen_kappa_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from skfusion.neural_network import TransferCNNClassifier

NAME = "trainable"
N_FOLDS, SEEDS = 3, range(6)
REFERENCE = ("all", "float32")
CANDIDATES = [
    REFERENCE,
    (12, "float32"),
    (8, "float32"),
    *[(trainable, "bfloat16") for trainable in ("all", 12, 8, 4, 2, "head")],
]
SETTINGS = {
    "image_size": 128,
    "max_epochs": 8,
    "learning_rate": 0.01,
    "class_weight": "balanced",
    "device": "cpu",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--cache", type=Path, help="folder for decoded images")
    arguments = parser.parse_args()
    X, y = load_development(arguments.data)
    settings = SETTINGS | {
        "weights": find_weights(arguments.weights, BACKBONE),
        "image_cache": arguments.cache,
    }
    RUNS.mkdir(exist_ok=True)
    commit = current_commit()
    for seed in SEEDS:
        for candidate in CANDIDATES:
            path = RUNS / "_".join(map(str, (NAME, *candidate, f"{seed}.csv")))
            if not path.exists():
                rows = run(X, y, candidate, {**settings, "random_state": seed})
                rows.assign(seed=seed, commit=commit).to_csv(path, index=False)
                print(path.name, flush=True)
    summarise()


def run(X, y, candidate, settings):
    """Scores of all images out of fold, and the seconds of each fit."""
    trainable, precision = candidate
    model = TransferCNNClassifier(BACKBONE, trainable=trainable, **settings)
    splitter = StratifiedGroupKFold(
        N_FOLDS, shuffle=True, random_state=settings["random_state"]
    )
    parts = []
    for fold, (train, test) in enumerate(splitter.split(X, y, X["group"])):
        start = process_time()
        model.set_params(precision=precision).fit(X.iloc[train], y[train])
        seconds = round(process_time() - start, 2)
        model.set_params(precision="float32")  # "auto" predicts in float32, too
        score = model.predict_proba(X.iloc[test])[:, 1].round(5)
        rows = pd.DataFrame({"image": image_digests(X.iloc[test]), "y_true": y[test]})
        parts.append(rows.assign(y_score=score, fold=fold, seconds=seconds))
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(trainable=trainable, precision=precision)


def summarise():
    """Write one row for each candidate."""
    runs, commit = read_runs(NAME)
    runs["trainable"] = runs["trainable"].astype(str)
    keys = ["trainable", "precision", "seed", "fold"]
    folds = runs.groupby(keys).apply(score, include_groups=False)
    slowest = folds.loc[REFERENCE]
    rows = []
    for trainable, precision in CANDIDATES:
        ours = folds.loc[(str(trainable), precision)]
        gain = ours - slowest
        rows.append(
            {
                "trainable": trainable,
                "precision": precision,
                "kappa": spread(ours["kappa"]),
                "AUC": spread(ours["AUC"]),
                "gain in kappa": spread(gain["kappa"]),
                "gain in AUC": spread(gain["AUC"]),
                "times as fast": f"{(slowest / ours)['seconds'].median():.2f}",
            }
        )
    table = pd.DataFrame(rows)
    write_results(
        NAME,
        table,
        title="MobileNetV2 on the development part, by the stages that learn",
        command="python docs/studies/trainable.py DATA WEIGHTS",
        commit=commit,
        note=f"Ultrasound images of the development part, {N_FOLDS} grouped folds of "
        f"{len(SEEDS)} seeds. Mean of the folds and their standard deviation; a gain "
        "is the difference from the first row on the same fold. Times are CPU seconds "
        f"of fits on one core, median of the ratios. {SETTINGS['image_size']} pixels, "
        f"{SETTINGS['max_epochs']} epochs, learning rate {SETTINGS['learning_rate']}; "
        "nothing was tuned.",
    )
    print(table.to_string(index=False))


def score(rows):
    """Kappa, AUC and seconds of a fold."""
    values = {
        "kappa": cohen_kappa_score(rows["y_true"], rows["y_score"] > 0.5),
        "AUC": roc_auc_score(rows["y_true"], rows["y_score"]),
        "seconds": rows["seconds"].iloc[0],
    }
    return pd.Series(values)


def spread(values):
    """Mean and standard deviation of the folds."""
    return f"{values.mean():.3f} ± {values.std():.3f}"


if __name__ == "__main__":
    main()
