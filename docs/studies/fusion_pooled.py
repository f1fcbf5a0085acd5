"""Gain of one model of both modalities over one model for each.

Run after ``real_data.py`` with each of its protocols::

    python docs/studies/fusion_pooled.py

The rows are mammograms and ultrasound images of different women. It compares the
out-of-fold predictions of ``docs/studies/predictions``, which were made on the same
folds, image by image, and writes ``docs/studies/results/fusion_pooled.csv``. No model
is fitted.
"""

import pandas as pd
from real_data import interval, name_folds, read_predictions
from record import current_commit, write_results

from skfusion.metrics import classification_summary
from skfusion.metrics._paired import paired_kappa_gain

MODELS = ("svm", "forest", "logistic", "transfer", "cnn17")
MODALITIES = ("mammography", "ultrasound")
NOTE = (
    "Evaluation part, with the seeds of both protocols. The 95 % intervals come from a "
    "bootstrap of groups; those of the gain are paired. Modality only: AUC of the "
    "share of malignant images of each modality in the other folds, compared within a "
    "fold; above 0.5, the modality would give the class away. The 17-layer CNN trains "
    "for fewer epochs on more images."
)


def main():
    rows, commits = [], set()
    for model in MODELS:
        table = read_both(model)
        commits |= set(table["commit"]) | set(table["commit_alone"])
        parts = [*table.groupby("modality"), ("all", table)]
        rows += [
            {"model": model, "modality": name, **describe(part)} for name, part in parts
        ]
    write_results(
        "fusion_pooled",
        pd.DataFrame(rows),
        title="One model of both modalities (pooled) compared with one model for each",
        command="python docs/studies/fusion_pooled.py",
        commit=f"{' and '.join(sorted(commits))}, summarised at {current_commit()}",
        note=NOTE,
    )
    print(pd.DataFrame(rows).to_string(index=False))


def read_both(model):
    """Predictions of the pooled model, and those of the model of one modality."""
    pooled = read_predictions("pooled", model)
    alone = pd.concat([read_predictions(name, model) for name in MODALITIES])
    return pooled.merge(
        alone[["image", "seed", "y_pred", "commit"]],
        on=["image", "seed"],
        suffixes=("", "_alone"),
        validate="one_to_one",
    )


def describe(part):
    """Kappa of both, the gain, and the AUC of the modality alone."""
    groups = part["group"]
    y, pooled, alone = (
        part[c].to_numpy() for c in ("y_true", "y_pred", "y_pred_alone")
    )
    gain = paired_kappa_gain(y, pooled, alone, groups)
    return {
        "images": part["image"].nunique(),
        "seeds": part["seed"].nunique(),
        "kappa per modality": kappa(y, alone, groups),
        "kappa pooled": kappa(y, pooled, groups),
        "gain": interval({**gain, "estimate": gain["gain"]}),
        "modality only": modality_auc(part),
    }


def kappa(y, y_pred, groups):
    """Kappa with its interval."""
    return interval(classification_summary(y, y_pred, groups=groups).loc["kappa"])


def modality_auc(part):
    """Return the AUC of the modality alone, or empty text for one modality."""
    if part["modality"].nunique() < 2:
        return ""
    whole = part.groupby(["seed", "modality"])["y_true"]
    fold = part.groupby(["seed", "modality", "fold"])["y_true"]
    n_malignant = whole.transform("sum") - fold.transform("sum")
    n_others = whole.transform("size") - fold.transform("size")
    summary = classification_summary(
        part["y_true"],
        part["y_pred"],
        y_score=n_malignant / n_others,
        folds=name_folds(part),
        n_resamples=0,
    )
    return round(summary.loc["AUC", "estimate"], 3)


if __name__ == "__main__":
    main()
