"""The mean of the views of a breast, or a rule that is learnt from both breasts.

Run where the data sets and the weights are::

    python docs/studies/breasts.py DATA WEIGHTS

Frozen MobileNetV2 features and a logistic regression read the mammograms of the
development part of the RSNA subset, whole or cropped to the breast, in folds that no
patient crosses. :class:`skfusion.fusion.LevelAggregator` takes the mean of the images
of a breast; :class:`skfusion.fusion.BreastClassifier` learns the rule in inner folds,
with its default parameters.

Every fit is a file of ``docs/studies/runs``; a fit that is there is not computed again.
The table is ``docs/studies/results/breasts.csv``. Folds and settings were fixed before
a result was known, and nothing was tuned.
"""

import argparse
from pathlib import Path

import pandas as pd
from models import BACKBONE, find_weights, make_image_model
from patches import load_development
from real_data import interval
from record import RUNS, current_commit, read_runs, write_results
from sklearn.model_selection import StratifiedGroupKFold

from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import BreastClassifier, LevelAggregator
from skfusion.metrics import classification_summary
from skfusion.metrics._paired import paired_differences
from skfusion.metrics._predictions import check_predictions

NAME = "breasts"
N_FOLDS, SEED = 5, 0
REGIONS = ("image", "breast")
RULES = {"mean": "mean of the images", "learnt": "learnt, with the other breast"}
NOTE = (
    "RSNA, development part, out of fold by patient. Frozen MobileNetV2 features and a "
    "logistic regression with balanced weights, of the whole image or of the box of "
    f"the breast. {N_FOLDS} folds, one seed; 95 % intervals by resampling patients; "
    "the gain is the difference from the mean on the same resamples. 'Both breasts' "
    "are the breasts of patients with images of both. In this subset of RSNA most "
    "patients with a cancer have images of one breast only, and almost all others of "
    "both, so that the absence of the other breast alone, the last row, predicts the "
    "class. Neither rule reads it. Nothing was tuned."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--cache", type=Path, help="folder for features")
    arguments = parser.parse_args()
    X, y = load_development(arguments.data)
    RUNS.mkdir(exist_ok=True)
    commit = current_commit()
    folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=SEED)
    for fold, (train, test) in enumerate(folds.split(X, y, X["group"])):
        for region in REGIONS:
            for rule in RULES:
                path = RUNS / f"{NAME}_{region}_{rule}_{fold}.csv"
                if path.exists():
                    continue
                model = make_model(region, rule, arguments.weights, arguments.cache)
                model.fit(X.loc[train], y[train])
                rows = predict(model, X.loc[test], y[test], pd.factorize(X["group"])[0])
                rows = rows.assign(region=region, rule=rule, fold=fold, commit=commit)
                rows.to_csv(path, index=False)
                print(path.name, flush=True)
    summarise()


def make_model(region, rule, weights, cache):
    """A model of images, and a rule that combines them."""
    features = CNNFeatureExtractor(
        BACKBONE, weights=find_weights(weights, BACKBONE), region=region, cache=cache
    )
    image = make_image_model(features)
    if rule == "mean":
        return LevelAggregator(image)
    return BreastClassifier(image, random_state=SEED)


def predict(model, X, y, patients):
    """One row for each breast, with its score and the number of breasts of the exam."""
    rows = pd.DataFrame(
        {
            "group": patients[X.index],
            "laterality": X["laterality"].to_numpy(),
            "y_true": y,
            "y_score": model.predict_proba(X)[:, 1].round(6),
        }
    )
    rows = rows.drop_duplicates(["group", "laterality"])
    return rows.assign(n_breasts=rows.groupby("group")["y_true"].transform("size"))


def summarise():
    """Write one row for each region and rule, and one of the exam alone."""
    runs, commit = read_runs(NAME)
    rows = []
    for region in REGIONS:
        of_region = runs[runs["region"] == region]
        of_region = of_region.sort_values(["fold", "group", "laterality"])
        mean, learnt = (of_region[of_region["rule"] == rule] for rule in RULES)
        for rule, part in zip(RULES.values(), (mean, learnt), strict=True):
            gain = "-" if part is mean else describe_gain(part, mean)
            rows.append(
                {"region": region, "rule": rule, **describe(part), "gain": gain}
            )
    absence = mean.assign(y_score=(mean["n_breasts"] == 1).astype(float))
    alone = {"region": "-", "rule": "absence of the other breast alone"}
    rows.append(alone | describe(absence) | {"gain": "-"})
    table = pd.DataFrame(rows)
    write_results(
        NAME,
        table,
        title="RSNA: the images of a breast, and the other breast",
        command="python docs/studies/breasts.py DATA WEIGHTS",
        commit=commit,
        note=NOTE,
    )
    print(table.to_string(index=False))


def describe(part):
    """Count breasts, and compute the AUC of all and of those with another breast."""
    both = part[part["n_breasts"] == 2]
    return {
        "breasts": len(part),
        "positive": int(part["y_true"].sum()),
        "AUC": auc(part),
        "both breasts": len(both),
        "positive of these": int(both["y_true"].sum()),
        "AUC of these": auc(both),
    }


def auc(part):
    summary = classification_summary(
        part["y_true"], part["y_score"] >= 0.5, **scores_of(part)
    )
    return interval(summary.loc["AUC"])


def describe_gain(part, reference):
    """AUC of a rule minus that of another one, on the same breasts."""
    both = [
        check_predictions(rows["y_true"], rows["y_score"] >= 0.5, **scores_of(rows))
        for rows in (part, reference)
    ]
    gain = paired_differences(*both).rename(columns={"difference": "estimate"})
    return interval(gain.loc["AUC"])


def scores_of(part):
    """Scores, patients and folds, as the functions of metrics take them."""
    names = {"y_score": "y_score", "groups": "group", "folds": "fold"}
    return {name: part[column].to_numpy() for name, column in names.items()}


if __name__ == "__main__":
    main()
