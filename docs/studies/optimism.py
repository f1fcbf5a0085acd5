"""What studies on real images would have claimed under sound and unsound protocols.

Run where the data sets and the weights are::

    python docs/studies/optimism.py DATA WEIGHTS

The same models are evaluated under every protocol of
:func:`skfusion.model_selection.optimism`, on ultrasound images of three hospitals, on
RSNA mammograms, and on vectors with labels that are noise. Every run is a file of
``docs/studies/runs``; a run that is there is not computed again. With ``--cache`` the
predictions are kept, too: a run whose file was deleted is then only summarised again.
It writes ``docs/studies/results/optimism.csv``, which ``docs/figures/draw_optimism.py``
draws.

Models, seeds and folds were fixed before any result was known. No setting was chosen:
all are the defaults of scikit-learn, except that the classes are balanced by weights.
Only the noise is drawn ten times because of a result: the interval of a single draw
does not include the variation between training sets, and left out 0 (kappa of the
nearest neighbour by data set: -0.12).
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from models import find_weights
from record import RUNS, current_commit, read_runs, write_results
from scipy.stats import t as student_t
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_bus_uclm,
    load_busi,
    load_rsna,
)
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.model_selection import ProtocolComparison, optimism

N_FOLDS, N_REPEATS, SEED = 5, 3, 0
PREVALENCE, N_PATIENTS, N_VIEWS, N_FEATURES = 0.15, 200, 4, 20
N_DRAWS = 10
NOTE = (
    f"{N_FOLDS} folds, drawn {N_REPEATS} times; the predictions of all draws are "
    "pooled. 95 % intervals by resampling patients (in BUSI: families of "
    "near-duplicates). Optimism is the difference from the split by patient, on the "
    "same resamples. 'Balanced first' scores all rows of the balanced data, copies "
    "included, as such a study does. Ultrasound: benign and malignant images of BUSI, "
    "BrEaST and BUS-UCLM. Mammography: the subset of RSNA, which is one data set. "
    f"Noise: vectors of {N_PATIENTS} patients with {N_VIEWS} similar views, prevalence "
    f"{PREVALENCE:.0%}, in two halves that stand for data sets; mean of {N_DRAWS} "
    "draws, with t intervals over the draws; a kappa slightly below 0 occurs because a "
    "test side with many malignant patients leaves few to learn from. Settings are the "
    "defaults of scikit-learn, with class_weight='balanced'."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--cache", type=Path, help="folder of features, predictions")
    arguments = parser.parse_args()
    models = make_image_models(arguments.weights, arguments.cache)
    sets = load_images(arguments.data)
    for name, (X, y) in sets.items():
        run_missing(name, models, X, y, arguments.cache)
    run_noise()
    table, commit = read_runs("optimism")
    order = [*sets, "noise"]
    table = table.sort_values(
        "data", key=lambda names: names.map(order.index), kind="stable"
    )
    write_results(
        "optimism",
        table.fillna("-"),
        title="What each protocol claims on the same data, with the same models",
        command="python docs/studies/optimism.py DATA WEIGHTS",
        commit=commit,
        note=NOTE,
    )
    print(table.to_string(index=False))


def load_images(folder):
    """Images and labels of each modality."""
    ultrasound = concat_datasets(
        load_busi(folder), load_breast_lesions_usg(folder), load_bus_uclm(folder)
    )
    mammography = load_rsna(folder)
    return {
        "ultrasound": (ultrasound.data, ultrasound.target),
        "mammography": (mammography.data, mammography.target),
    }


def draw_noise(seed):
    """Similar views of each patient, and labels that have nothing to do with them."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(N_PATIENTS), N_VIEWS)
    malignant = np.arange(N_PATIENTS) < PREVALENCE * N_PATIENTS
    y = rng.permutation(malignant).astype(int)[patient]
    X = rng.normal(size=(N_PATIENTS, N_FEATURES))[patient]
    X += 0.3 * rng.normal(size=X.shape)
    table = pd.DataFrame(X, columns=[f"feature {i}" for i in range(N_FEATURES)])
    return table.assign(group=patient, dataset=np.where(patient % 2, "b", "a")), y


def make_image_models(weights, cache):
    """Classifiers of the features of two frozen networks."""

    def features(backbone):
        path = find_weights(weights, backbone)
        return CNNFeatureExtractor(backbone, weights=path, cache=cache)

    svm = SVC(class_weight="balanced")
    forest = RandomForestClassifier(class_weight="balanced", random_state=SEED)
    linear = LogisticRegression(class_weight="balanced", max_iter=1000)
    return {
        "MobileNetV2 + SVM": make_pipeline(
            features("mobilenet_v2"), StandardScaler(), svm
        ),
        "MobileNetV2 + forest": make_pipeline(features("mobilenet_v2"), forest),
        "SqueezeNet + logistic": make_pipeline(
            features("squeezenet1_1"), StandardScaler(), linear
        ),
    }


def make_vector_models():
    """Classifiers of the columns of numbers."""
    numbers = FunctionTransformer(lambda X: X.filter(like="feature").to_numpy())
    svm = SVC(class_weight="balanced")
    return {
        "nearest neighbour": make_pipeline(numbers, KNeighborsClassifier(1)),
        "SVM": make_pipeline(numbers, svm),
    }


def run_missing(name, models, X, y, cache):
    """Run the models that have no file yet."""
    for number, (model, estimator) in enumerate(models.items()):
        slug = f"optimism_{name}_{number}"
        path = RUNS / f"{slug}.csv"
        if path.exists():
            continue
        kept = None if cache is None else cache / f"{slug}.csv"
        if kept is not None and kept.exists():
            predictions = pd.read_csv(kept)
            comparison = ProtocolComparison(predictions, np.unique(y))
        else:
            comparison = run(model, estimator, X, y)
        if kept is not None:
            comparison.predictions.to_csv(kept, index=False)
        print(name, comparison, sep="\n", flush=True)
        table = describe(comparison.summary)
        table.insert(0, "data", name)
        table.assign(commit=current_commit()).to_csv(path, index=False)


def run(model, estimator, X, y):
    """One model under every protocol."""
    options = {"cv": N_FOLDS, "n_repeats": N_REPEATS, "random_state": SEED}
    return optimism([(model, estimator)], X, y, **options)


def run_noise():
    """Run each model of vectors on several draws, and write the means of the draws."""
    for number, (model, estimator) in enumerate(make_vector_models().items()):
        path = RUNS / f"optimism_noise_{number}.csv"
        if path.exists():
            continue
        draws = []
        for seed in range(N_DRAWS):
            options = {"cv": N_FOLDS, "random_state": seed}
            study = optimism([(model, estimator)], *draw_noise(seed), **options)
            draws.append(study.summary)
        table = describe(average(pd.concat(draws)))
        table.insert(0, "data", "noise")
        table.assign(commit=current_commit()).to_csv(path, index=False)


def average(draws):
    """Mean of each estimate over the draws, with a t interval."""
    keys = ["model", "protocol", "sound", "measure", "n_groups"]
    grouped = draws.groupby(keys, sort=False)
    table = grouped["n"].sum().to_frame()
    for name, prefix in [("estimate", ""), ("optimism", "optimism_")]:
        mean = grouped[name].mean()
        half = student_t.ppf(0.975, N_DRAWS - 1) * grouped[name].sem()
        table[name] = mean
        table[f"{prefix}lower"], table[f"{prefix}upper"] = mean - half, mean + half
    return table.reset_index()


def describe(summary):
    """One row for each protocol."""
    rows = []
    for (model, protocol), part in summary.groupby(["model", "protocol"], sort=False):
        part = part.set_index("measure")
        kappa, area = part.loc["kappa"], part.loc["AUC"]
        rows.append(
            {
                "model": model,
                "protocol": protocol,
                "sound": "yes" if kappa["sound"] else "no",
                "kappa": interval(kappa, "estimate", "lower", "upper"),
                "optimism in kappa": interval_of_optimism(kappa),
                "AUC": interval(area, "estimate", "lower", "upper"),
                "optimism in AUC": interval_of_optimism(area),
                "n predictions": kappa["n"],
                "patients": kappa["n_groups"],
            }
        )
    return pd.DataFrame(rows)


def interval_of_optimism(row):
    return interval(row, "optimism", "optimism_lower", "optimism_upper")


def interval(row, estimate, lower, upper):
    """An estimate and its interval as text."""
    if pd.isna(row[estimate]):
        return "-"
    return f"{row[estimate]:.3f} ({row[lower]:.3f} to {row[upper]:.3f})"


if __name__ == "__main__":
    main()
