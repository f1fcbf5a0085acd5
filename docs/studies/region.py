"""The whole image, the lesion, and both: at the same hospitals, and at another one.

Run where the data sets and the weights are::

    python docs/studies/region.py DATA WEIGHTS

Three models learn from the whole ultrasound image, or from the lesion (the box of its
mask with the default margin). They are tested inside BUSI and BrEaST, in folds that no
patient or near-duplicate family crosses, and on each of BUSI, BrEaST and BUS-UCLM after
learning from the other two. "both" is the frozen features of both regions side by side
(``FeatureUnion``), and for networks the mean of the probabilities of the two networks
(what ``VotingClassifier(voting="soft")`` computes).

Every fit is a file of ``docs/studies/runs``; a fit that is there is not computed again.
The table is ``docs/studies/results/region.csv``, which
``docs/figures/draw_region.py`` draws. Models, settings, seed and folds were fixed
before a result was known, and none was tuned on these data sets: image size and epochs
are what two cores train in an evening.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from make_folds import image_digests
from models import BACKBONE, TRANSFER_BACKBONE, find_weights
from record import RUNS, current_commit, read_runs, write_results
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_bus_uclm,
    load_busi,
)
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.metrics import classification_summary
from skfusion.metrics._paired import paired_differences
from skfusion.metrics._predictions import check_predictions
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

NAME = "region"
N_FOLDS, SEED = 3, 0
INSIDE = "BUSI + BrEaST, by patient"
HELD_OUT = {
    "busi": "BUSI, held out",
    "breast_lesions_usg": "BrEaST, held out",
    "bus_uclm": "BUS-UCLM, held out",
}
REGIONS = ("image", "lesion")
MODELS = ("frozen", "transfer", "cnn17")
NOTE = (
    "Benign and malignant images. The lesion is the box of the publisher's mask, with "
    "a margin of 0.3 of its longer side: at prediction time somebody has found the "
    f"lesion. One seed. Inside: {N_FOLDS} folds of patients (BUSI: families of "
    "near-duplicates). Held out: learned from the other two of BUSI, BrEaST and "
    "BUS-UCLM. 95 % intervals by resampling patients; 'gain' is the difference from "
    "the whole image on the same resamples. frozen: MobileNetV2 features and an SVM; "
    "transfer: SqueezeNet fine-tuned at 160 pixels for 15 epochs; cnn17: the 17-layer "
    "CNN at 64 pixels for 40 epochs. Classes are balanced by weights; nothing was "
    "tuned."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--cache", type=Path, help="folder for features and images")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    arguments = parser.parse_args()
    folder = arguments.data
    data = concat_datasets(
        load_busi(folder), load_breast_lesions_usg(folder), load_bus_uclm(folder)
    )
    has_box = data.data["region"].notna().to_numpy()
    X, y = data.data[has_box].reset_index(drop=True), data.target[has_box]
    patient = pd.factorize(X["group"])[0]
    commit = current_commit()
    for split, number, train, test in make_splits(X, y):
        for name in arguments.models:
            for region in (*REGIONS, "both") if name == "frozen" else REGIONS:
                path = RUNS / f"{NAME}_{name}_{region}_{number}.csv"
                if path.exists():
                    continue
                model = make_model(name, region, arguments.weights, arguments.cache)
                model.fit(X.loc[train], y[train])
                rows = predict(model, X.loc[test])
                rows = rows.assign(y_true=y[test], group=patient[test])
                rows.assign(
                    split=split, model=name, region=region, fold=number, commit=commit
                ).to_csv(path, index=False)
                print(split, name, region, number, flush=True)
    summarise()


def make_splits(X, y):
    """Yield name, number, and the rows of training and test of each split."""
    at = X["dataset"].to_numpy()
    for train, test in LeaveOneGroupOut().split(X, y, at):
        held_out = at[test][0]
        yield HELD_OUT[held_out], held_out, train, test
    inside = np.flatnonzero(at != "bus_uclm")
    folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=SEED)
    splits = folds.split(inside, y[inside], X.loc[inside, "group"])
    for number, (train, test) in enumerate(splits):
        yield INSIDE, f"fold{number}", inside[train], inside[test]


def make_model(name, region, weights, cache):
    """A model that learns from one region, or the frozen model of both."""
    if name == "frozen":
        regions = REGIONS if region == "both" else (region,)
        features = [
            CNNFeatureExtractor(
                BACKBONE,
                weights=find_weights(weights, BACKBONE),
                region=each,
                cache=cache,
            )
            for each in regions
        ]
        svm = SVC(class_weight="balanced")
        return make_pipeline(make_union(*features), StandardScaler(), svm)
    settings = {
        "region": region,
        "class_weight": "balanced",
        "image_cache": cache,
        "random_state": SEED,
    }
    if name == "cnn17":
        return CNN17Classifier(weights=None, image_size=64, max_epochs=40, **settings)
    return TransferCNNClassifier(
        TRANSFER_BACKBONE,
        weights=find_weights(weights, TRANSFER_BACKBONE),
        image_size=160,
        max_epochs=15,
        **settings,
    )


def predict(model, X):
    """Scores and predictions of one fit."""
    rows = pd.DataFrame({"image": image_digests(X)})
    if hasattr(model, "predict_proba"):
        score = model.predict_proba(X)[:, 1]
        return rows.assign(y_score=score.round(5), y_pred=(score > 0.5).astype(int))
    score = model.decision_function(X)
    return rows.assign(y_score=score.round(5), y_pred=model.predict(X))


def with_both(runs):
    """Add the mean of the probabilities of the two networks."""
    networks = runs[runs["model"] != "frozen"]
    keys = ["split", "fold", "model", "image", "group", "y_true"]
    both = networks.groupby(keys, sort=False)["y_score"].agg(["mean", "size"])
    both = both[both["size"] == len(REGIONS)].reset_index()
    both = both.rename(columns={"mean": "y_score"}).drop(columns="size")
    both = both.assign(region="both", y_pred=(both["y_score"] > 0.5).astype(int))
    return pd.concat([runs, both], ignore_index=True)


def summarise():
    """Write the table of all complete sets of predictions there are."""
    runs, commit = read_runs(NAME)
    runs = with_both(runs.drop_duplicates(["model", "region", "fold", "image"]))
    rows = []
    for split in (*HELD_OUT.values(), INSIDE):
        for model in MODELS:
            part = runs[(runs["split"] == split) & (runs["model"] == model)]
            regions = {name: rows for name, rows in part.groupby("region")}
            n_folds = N_FOLDS if split == INSIDE else 1
            for region in (*REGIONS, "both"):
                found = regions.get(region)
                if found is not None and found["fold"].nunique() == n_folds:
                    names = {"test": split, "model": model, "region": region}
                    rows.append(names | describe(found, regions["image"]))
    table = pd.DataFrame(rows)
    write_results(
        NAME,
        table,
        title="The whole image, the lesion, and both: frozen and trained models",
        command="python docs/studies/region.py DATA WEIGHTS",
        commit=commit,
        note=NOTE,
    )
    print(table.to_string(index=False))


def describe(part, whole):
    """One row of the table."""
    first = check(part)
    summary = classification_summary(
        part["y_true"],
        part["y_pred"],
        y_score=part["y_score"],
        groups=part["group"],
        folds=part["fold"],
    )
    gain = paired_differences(first, check(align(whole, part)))
    show = {"kappa": "kappa", "AUC": "AUC"}
    is_whole = part["region"].iloc[0] == "image"
    return {
        "images": len(part),
        "patients": part["group"].nunique(),
        **{name: interval(summary.loc[key], "estimate") for name, key in show.items()},
        **{
            f"gain in {name}": "-" if is_whole else interval(gain.loc[key])
            for name, key in show.items()
        },
    }


def align(whole, part):
    """The rows of the whole images, in the order of others."""
    return whole.set_index("image").loc[part["image"]]


def check(part):
    return check_predictions(
        part["y_true"],
        part["y_pred"],
        y_score=part["y_score"],
        groups=part["group"],
        folds=part["fold"],
    )


def interval(row, name="difference"):
    """Estimate with its interval."""
    return f"{row[name]:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"


if __name__ == "__main__":
    main()
