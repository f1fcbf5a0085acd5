"""From images to breasts and patients: kappa and AUC at the three levels.

Run where RSNA and the weights are, behind ``real_data.py --protocol mammography``::

    python docs/studies/levels.py DATA WEIGHTS

It combines the out-of-fold probabilities of ``docs/studies/predictions``, on folds that
no patient crosses, as :class:`skfusion.fusion.LevelAggregator` does, and writes
``docs/studies/results/levels.csv``. The cheapest model is fitted again in inner folds,
which no patient crosses either, to learn operating points.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from make_folds import TABLE, image_digests
from models import make_models
from real_data import interval, name_folds, read_predictions
from record import current_commit, write_results
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

from skfusion.datasets import load_rsna
from skfusion.fusion import aggregate_scores
from skfusion.metrics import classification_summary

MODELS = ("logistic", "forest", "transfer", "cnn17")  # those with probabilities
LEVELS = {"breast": ["group", "laterality"], "patient": ["group"]}
METHODS = ("mean", "max", "noisy_or")
TUNED = "logistic"  # the one whose operating points are learnt
NOTE = (
    "RSNA, out-of-fold by patient, evaluation part; 95 % intervals from a bootstrap of "
    "patients. A breast, or a patient, is malignant where one of her images is. The "
    "operating point of a fold is the threshold of the best kappa in five inner folds "
    "of what it learns from, on the same level. 'mean, max': the mean of a breast's "
    "images, then the greater one of her breasts. Every level has a prevalence of its "
    "own, with which kappa moves. Operating points are learnt for the cheapest model "
    "only; AUC compares scores of one fold and one seed."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--cache", type=Path, help="folder for features")
    arguments = parser.parse_args()
    data = load_rsna(arguments.data)
    data.data.index = pd.Index(image_digests(data.data), name="image")
    rows, commits = [], {current_commit()}  # which learns the operating points
    for model in MODELS:
        images = read_predictions("mammography", model)
        images = images.join(data.data["laterality"], on="image")
        commits |= set(images["commit"])
        inner = None
        if model == TUNED:
            inner = predict_inner(data, arguments.weights, arguments.cache, images)
        rows += [{"model": model, **row} for row in describe_model(images, inner)]
    write_results(
        "levels",
        pd.DataFrame(rows),
        title="RSNA: images, breasts and patients",
        command="python docs/studies/levels.py DATA WEIGHTS",
        commit=" and ".join(sorted(commits)),
        note=NOTE + describe_counts(images),
    )
    print(pd.DataFrame(rows).to_string(index=False))


def describe_counts(images):
    """Say how many images patients of each class have."""
    patients = images[images["seed"] == images["seed"].min()].groupby("group")
    counts = patients.size().groupby(patients["y_true"].max()).mean()
    return (
        f" In this subset of RSNA, patients with a cancer have {counts[1]:.1f} images "
        f"on average and others {counts[0]:.1f}: what grows with the number of images, "
        "as max and more so noisy_or do, is drawn down, or turned round, on the level "
        "of patients."
    )


def predict_inner(data, weights, cache, images):
    """Out-of-fold predictions inside what each model learnt from."""
    folds = pd.read_csv(TABLE).set_index("image").loc[data.data.index]
    parts = []
    for seed in images["seed"].unique():
        model = make_models(weights, seed, cache, "mammography")[TUNED]
        for fold in images["fold"].unique():
            rows = (folds[f"fold_seed{seed}"] != fold).to_numpy()
            X, y = data.data[rows], data.target[rows]
            splitter = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
            y_score = cross_val_predict(
                model, X, y, groups=X["group"], cv=splitter, method="predict_proba"
            )
            learnt = {"y_true": y, "y_score": y_score[:, 1], "seed": seed, "fold": fold}
            parts.append(X[["group", "laterality"]].assign(**learnt))
    return pd.concat(parts, ignore_index=True)


def describe_model(images, inner):
    """One row a level and method."""
    yield {"level": "image", "method": "-", **describe(images, inner)}
    for level, by in LEVELS.items():
        for method in METHODS:
            tables = [combine(table, by, method) for table in (images, inner)]
            yield {"level": level, "method": method, **describe(*tables)}
    tables = [combine(table, LEVELS["breast"], "mean") for table in (images, inner)]
    tables = [combine(table, LEVELS["patient"], "max") for table in tables]
    yield {"level": "patient", "method": "mean, max", **describe(*tables)}


def combine(table, by, method):
    """One row for each of what `by` names, with the combined score."""
    if table is None:
        return None
    codes = table.groupby(["seed", "fold", *by]).ngroup().to_numpy()
    whole = table.groupby(codes)[["seed", "fold", "group", "y_true"]].max()
    scores = aggregate_scores(table["y_score"], codes, method)
    return whole.assign(y_score=scores.loc[whole.index])


def describe(table, inner):
    """Kappa at 0.5 and at a learnt operating point, and AUC."""
    at_half = summarise(table, table["y_score"] >= 0.5)
    row = {
        "n": len(table) // table["seed"].nunique(),
        "prevalence": f"{at_half.loc['prevalence', 'estimate']:.2f}",
        "AUC": interval(at_half.loc["AUC"]),
        "kappa at 0.5": interval(at_half.loc["kappa"]),
        "kappa at the learnt point": "",
    }
    if inner is not None:
        learnt = summarise(table, table["y_score"] >= operating_points(table, inner))
        row["kappa at the learnt point"] = interval(learnt.loc["kappa"])
    return row


def summarise(table, is_positive):
    return classification_summary(
        table["y_true"],
        is_positive.astype(int),
        y_score=table["y_score"],
        groups=table["group"],
        folds=name_folds(table),
    )


def operating_points(table, inner):
    """For each row, the threshold that is best inside what its model learnt from."""
    points = {
        number: best_threshold(part) for number, part in inner.groupby(["seed", "fold"])
    }
    return [points[number] for number in zip(table["seed"], table["fold"], strict=True)]


def best_threshold(table):
    """Threshold with the best kappa, of the hundredths of the scores."""
    thresholds = table["y_score"].quantile(np.linspace(0.01, 0.99, 99)).unique()
    kappas = [
        cohen_kappa_score(table["y_true"], table["y_score"] >= threshold)
        for threshold in thresholds
    ]
    return thresholds[int(np.argmax(kappas))]


if __name__ == "__main__":
    main()
