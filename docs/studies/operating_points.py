"""Thresholds and recalibration on patients who took no part in learning them.

Run where the data sets and the weights are::

    python docs/studies/operating_points.py DATA WEIGHTS --cache FOLDER

Features of a frozen MobileNetV2 of benign and malignant images of BUSI and BrEaST, on
the folds of ``folds.csv`` with its three seeds. A model of a fold learns from the other
folds and the development part, which is never scored. All images of BUS-UCLM that show
a lesion are another hospital, for which the models learn from all others.

Three classifiers balance the classes: an SVM and a logistic regression by class
weights, and a logistic regression by copies of malignant images. No setting was chosen
here, and the protocol was written down before a number was known: the targets
(specificity 0.9, sensitivity 0.95), five inner folds, and that a target is met unless
the interval of its measure lies below it, and calibration unless the interval of the
intercept leaves out 0.

It writes ``docs/studies/results/operating_points.csv`` (thresholds) and
``docs/studies/results/recalibration.csv`` (calibration intercept and slope).
"""

import numpy as np
import pandas as pd
from best_calibration import describe_calibration, log_odds
from best_models import CLASSIFIERS, SETTINGS, with_file
from best_runs import brier_score, has_probabilities, make_parser, read_interval
from best_ultrasound import load
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from make_folds import N_FOLDS
from real_data import interval
from record import current_commit, write_results
from scipy.special import expit, logit
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

from skfusion.datasets import load_bus_uclm
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.model_selection import compare_models, recalibrate

TARGETS = {"specificity": 0.9, "sensitivity": 0.95}
LOGISTIC = CLASSIFIERS["mammography"]
UNWEIGHTED = clone(LOGISTIC).set_params(class_weight=None)
MODELS = {
    "SVM, class weights": make_pipeline(StandardScaler(), CLASSIFIERS["ultrasound"]),
    "logistic, class weights": make_pipeline(StandardScaler(), LOGISTIC),
    "logistic, copies": make_pipeline(
        RandomOverSampler(random_state=0), StandardScaler(), UNWEIGHTED
    ),
}
CORRECTED = {name: recalibrate(model, random_state=0) for name, model in MODELS.items()}
INSIDE, OUTSIDE = "BUSI + BrEaST, by patient", "BUS-UCLM"
COMMAND = "python docs/studies/operating_points.py DATA WEIGHTS"
COMMON = (
    "Frozen MobileNetV2 features of benign and malignant images. BUSI + BrEaST: the "
    "evaluation part, in five folds that no patient or near-duplicate family crosses, "
    "with three seeds, pooled. BUS-UCLM: all images with a lesion, predicted by models "
    "that learnt from BUSI and BrEaST. 95 % intervals by patient. The protocol was "
    "written down before the study. "
)
NOTE = COMMON + (
    "The threshold of a fold was learnt from the scores of five inner folds of its "
    "training part, that of BUS-UCLM from the predictions of the cross-validation. A "
    "target is met unless the interval of its measure lies below it. 'default' is the "
    "threshold 0.5 of probabilities, and 0 of decision values."
)
CALIBRATION_NOTE = COMMON + (
    "intercept: of the logistic regression of the class on the log-odds with its slope "
    "fixed at 1, 0 where the mean probability is right. slope: of the same regression, "
    "1 where the log-odds are neither too extreme nor too flat. as fitted: balanced, "
    "not corrected; the SVM has no probabilities. temperature: CalibratedClassifierCV "
    "of scikit-learn in five inner folds, too. prior shift: the log-odds of the "
    "prevalence of the training part are added. recalibrate: recalibrate() of skfusion."
)


def main():
    arguments = make_parser(__doc__).parse_args()
    commit = current_commit()
    X, y, folds = load(arguments.data)
    outside = load_bus_uclm(arguments.data)
    has_box = outside.data["region"].notna().to_numpy()
    sets = [(X, y), (outside.data[has_box], outside.target[has_box])]
    settings = with_file(SETTINGS["frozen"], arguments.weights)
    extractor = CNNFeatureExtractor(**settings, cache=arguments.cache)
    sets = [
        (extractor.fit_transform(X), y, X["group"].to_numpy(dtype=object))
        for X, y in sets
    ]
    splits = make_splits(folds, arguments.seeds)
    studies = [
        compare(models, *sets, splits, arguments.cache)
        for models in (MODELS, CORRECTED)
    ]
    write_thresholds(studies[0], commit)
    write_calibration(*studies, *sets, splits, commit)


def make_splits(folds, seeds):
    """Rows to learn from and rows to score, for each fold of each seed."""
    numbers = [folds[f"fold_seed{seed}"].to_numpy() for seed in seeds]
    return [
        (np.flatnonzero(fold != number), np.flatnonzero(fold == number))
        for fold in numbers
        for number in range(N_FOLDS)
    ]


def compare(models, inside, outside, splits, store):
    """Compare models on the folds and on another hospital."""
    X, y, groups = inside
    study = compare_models(
        list(models.items()), X, y, groups=groups, cv=splits, store=store, verbose=1
    )
    return study.external(OUTSIDE, *outside)


def write_thresholds(study, commit):
    """Sensitivity and specificity at each operating point."""
    rows = []
    for at in (None, *TARGETS):
        text = None if at is None else f"{at}={TARGETS[at]}"
        summary = study.summary(at=text).set_index(["data", "model", "measure"])
        for data, model in summary.index.droplevel("measure").unique():
            found = summary.loc[(data, model)]
            row = {"test": OUTSIDE if data == OUTSIDE else INSIDE, "model": model}
            row |= {"target": text or "default"}
            row |= {name: interval(found.loc[name]) for name in TARGETS}
            is_met = at is not None and found.at[at, "upper"] >= TARGETS[at]
            row["met"] = "-" if at is None else ("yes" if is_met else "no")
            rows.append(row)
    table = pd.DataFrame(rows)
    table = table.sort_values(["test", "model"], kind="stable", ignore_index=True)
    title = "Operating points on patients who were held out"
    write("operating_points", table, title, NOTE, commit)


def write_calibration(study, corrected, inside, outside, splits, commit):
    """Calibration before and after each correction."""
    everything = (np.arange(len(inside[1])), slice(None))
    found = []
    for test, data, parts in (
        (INSIDE, inside, splits),
        (OUTSIDE, outside, [everything]),
    ):
        before, after = (tables_of(each, test) for each in (study, corrected))
        for model in MODELS:
            part = before[before["model"] == model]
            states = {"as fitted": part}
            if hasattr(MODELS[model], "predict_proba"):
                states["temperature"] = scale(part, MODELS[model], inside, data, parts)
                states["prior shift"] = shift(part, inside[1], parts)
            states["recalibrate"] = after[after["model"] == model]
            for state, rows in states.items():
                row = {"test": test, "model": model, "probabilities": state}
                row |= describe_calibration(rows)
                row["Brier"] = brier_score(rows) if has_probabilities(rows) else "-"
                found.append(row | {"intercept over 0": covers_zero(row["intercept"])})
    table = pd.DataFrame(found)
    title = "Calibration of balanced models before and after it is corrected"
    write("recalibration", table, title, CALIBRATION_NOTE, commit)


def tables_of(study, test):
    """Predictions of a test, in the order of its folds."""
    return study.predictions if test == INSIDE else study.externals[OUTSIDE]


def shift(part, y, splits):
    """Add the log-odds of the prevalence of the training part."""
    prevalence = np.array([y[train].mean() for train, _ in splits])[part["fold"]]
    score = expit(log_odds(part["y_score"]) + logit(prevalence))
    return part.assign(y_score=score)


def scale(part, model, inside, data, splits):
    """Probabilities of scikit-learn's temperature scaling in grouped inner folds."""
    X, y, groups = inside
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    scores = []
    for train, test in splits:
        inner = list(folds.split(train, y[train], groups[train]))
        scaled = CalibratedClassifierCV(
            model, method="temperature", cv=inner, ensemble=False
        )
        scaled.fit(X[train], y[train])
        scores.append(scaled.predict_proba(data[0][test])[:, 1])
    return part.assign(y_score=np.concatenate(scores))


def covers_zero(text):
    """Whether an interval holds 0."""
    if text == "-":
        return text
    bounds = read_interval(text)
    return "yes" if bounds["lower"] <= 0 <= bounds["upper"] else "no"


def write(name, table, title, note, commit):
    """Write one of the tables."""
    write_results(name, table, title=title, command=COMMAND, note=note, commit=commit)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
