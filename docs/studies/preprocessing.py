"""What each step of cleaning does to kappa and AUC in grouped cross-validation.

Run where the data sets and the weights are::

    python docs/studies/preprocessing.py DATA WEIGHTS --cache FOLDER

Frozen MobileNetV2 features and an SVM, with and without the step, on the same folds of
patients. Every comparison is a file of ``docs/studies/runs``; one that is there is not
computed again. It writes ``docs/studies/results/preprocessing.csv``.

The rule was fixed before any result was known: a step is part of skfusion if the
estimated difference in kappa is above 0 on at least one data set to which it applies,
and its interval lies wholly below 0 on none. Models, seeds and settings of the steps
were fixed, too: all are defaults, except that the classes are balanced by weights.
"""

import argparse
import warnings
from pathlib import Path

import pandas as pd
import rejected_steps
from models import find_weights
from record import RUNS, current_commit, read_runs, write_results
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion import preprocessing
from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_bus_uclm,
    load_busi,
    load_rsna,
)
from skfusion.exceptions import DataQualityWarning
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.model_selection import compare_models

N_DRAWS, N_FOLDS = 3, 5
STEPS = {
    "BUSI + BrEaST": ["OverlayRemover", "ContrastEqualizer"],
    "BUS-UCLM": ["OverlayRemover", "ContrastEqualizer"],
    "RSNA": ["LateralityFlipper", "BreastCropper", "ContrastEqualizer"],
    "RSNA, polarity of the files": ["PolarityFixer"],
}
NOTE = (
    f"{N_FOLDS} folds that no patient (in BUSI: no family of near-duplicates) crosses, "
    "drawn as often as the column draws states; the predictions of all draws are "
    "pooled. 95 % intervals by resampling patients; those of the differences are "
    "paired, and come from ModelComparison.tests. Model: frozen MobileNetV2 features, "
    "StandardScaler, SVC(class_weight='balanced'). Settings of the steps are their "
    "defaults; no other ones were tried. RSNA is read with its polarity corrected by "
    "load_rsna, and for PolarityFixer with that of its files, 381 of them inverted. "
    "Five comparisons (BUSI + BrEaST, BUS-UCLM, and LateralityFlipper) are older than "
    "the column draws: its value was added to their files by hand. The script of their "
    "commits, d970600 and e02d4ef, drew the folds with the three seeds 0, 1 and 2."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--cache", type=Path, required=True, help="images, features")
    parser.add_argument("--draws", type=int, default=N_DRAWS, help="of the folds")
    parser.add_argument("--steps", nargs="+", help="these steps alone")
    arguments = parser.parse_args()
    commit = current_commit()
    for data, steps in STEPS.items():
        missing = [step for step in steps if not run_file(data, step).exists()]
        missing = [step for step in missing if step in (arguments.steps or steps)]
        if missing:
            X, y = load(data, arguments.data)
        for step in missing:
            models = make_models(step, arguments.weights, arguments.cache)
            found = compare(models, X, y, arguments.cache, arguments.draws)
            row = {"data": data, "step": step, **found}
            table = pd.DataFrame([row | {"commit": commit}])
            table.to_csv(run_file(data, step), index=False)
            print(table.T.to_string(header=False), flush=True)
    summarise()


def run_file(data, step):
    slug = "".join(letter for letter in data.lower() if letter.isalnum())
    return RUNS / f"preprocessing_{slug}_{step}.csv"


def load(data, folder):
    """Images and labels of a data set."""
    if data == "BUSI + BrEaST":
        bunch = concat_datasets(load_busi(folder), load_breast_lesions_usg(folder))
    elif data == "BUS-UCLM":
        bunch = load_bus_uclm(folder)
    else:
        bunch = load_rsna(folder, correct_polarity=data == "RSNA")
    return bunch.data, bunch.target


def make_models(step, weights, cache):
    """The model without and with a step."""

    def make_model(*steps):
        path = find_weights(weights, "mobilenet_v2")
        features = CNNFeatureExtractor("mobilenet_v2", weights=path, cache=cache)
        svm = SVC(class_weight="balanced")
        return make_pipeline(*steps, features, StandardScaler(), svm)

    steps = vars(rejected_steps) | vars(preprocessing)
    cleaner = steps[step](folder=cache / "cleaned")
    return [("without", make_model()), ("with", make_model(cleaner))]


def compare(models, X, y, cache, n_draws):
    """Measures of both models, and their differences."""
    splitters = [
        StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
        for seed in range(n_draws)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataQualityWarning)  # no breast found: counted
        comparison = compare_models(models, X, y, cv=splitters, store=cache / "store")
    summary = comparison.summary.query("modality == 'all'")
    summary = summary.set_index(["model", "measure"])
    row = {"images": len(X), "groups": X["group"].nunique(), "draws": n_draws}
    for measure in ("kappa", "AUC"):
        for model, _ in models:
            row[f"{measure} {model}"] = interval(summary.loc[model, measure])
        test = comparison.tests(measure=measure).iloc[0]
        row[f"{measure} difference"] = interval(
            {**test, "estimate": test["difference"]}
        )
    return row


def interval(row):
    """Estimate with its interval."""
    return f"{row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"


def summarise():
    """Write the table of all comparisons there are."""
    table, commit = read_runs("preprocessing")
    order = list(STEPS)
    table = table.sort_values(
        ["step", "data"],
        key=lambda names: names.map(order.index) if names.name == "data" else names,
    )
    write_results(
        "preprocessing",
        table,
        title="Kappa and AUC with and without each step of cleaning",
        command="python docs/studies/preprocessing.py DATA WEIGHTS --cache FOLDER",
        commit=commit,
        note=NOTE,
    )
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
