"""Kappa of every model on labels that are pure noise.

Run where the data sets and the weights are::

    python docs/studies/honesty.py DATA WEIGHTS

Labels are permuted by group, the models and samplers of the README predict out of
fold, and a permutation test checks whether their kappa is above that of predictions
whose labels are permuted by group once more [1]_. All such tests are corrected by
Holm's method [2]_. One more row is a positive control that the test must detect: copies
made before the split, the mistake that the package is built to prevent.

It writes ``docs/studies/results/honesty.csv``; rows that it already holds are not run
again.

.. [1] Ojala and Garriga, "Permutation Tests for Studying Classifier Performance",
   Journal of Machine Learning Research 2010, 11:1833-1863.
.. [2] Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian
   Journal of Statistics 1979, 6:65-70.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from make_folds import load_all
from models import make_models
from record import RESULTS, current_commit, write_results
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

from skfusion.datasets import make_breast_images
from skfusion.metrics._paired import holm

SEEDS = (0, 1, 2)
N_FOLDS = 3
N_PERMUTATIONS = 999
N_IMAGES = 240
# Small enough to be fitted many times, and long enough to learn noise by heart.
FEATURES = {"cnnfeatureextractor__image_size": 96}
STOPPED = {
    "cnn17classifier__max_epochs": 12,
    "cnn17classifier__early_stopping": True,
    "cnn17classifier__n_iter_no_change": 3,
}
SMALL = {
    "svm": FEATURES,
    "forest": FEATURES,
    "logistic": FEATURES,
    "transfer-copies": {
        "transfercnnclassifier__image_size": 64,
        "transfercnnclassifier__max_epochs": 6,
    },
    "cnn17-copies": STOPPED,
}
LEAKY = "control: copies before the split (svm)"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    arguments = parser.parse_args()
    done, commits = read_done()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (X, y) in load_data(arguments.data, folder).items():
            for model in (*SMALL, LEAKY):
                row = done.get((name, model))
                if row is None:
                    row = test_model(name, model, X, y, arguments.weights)
                    commits.add(current_commit())
                rows.append(row)
    table = pd.DataFrame(rows, columns=["data", "model", "kappa", "p"])
    honest = ~table["model"].str.contains("control")
    table.loc[honest, "p (Holm)"] = holm(table.loc[honest, "p"])
    table["p (Holm)"] = table["p (Holm)"].map("{:.3f}".format, na_action="ignore")
    write_results(
        "honesty",
        table.fillna("-"),
        title="Kappa on labels permuted by group, where the true kappa is 0",
        command="python docs/studies/honesty.py DATA WEIGHTS",
        commit=" and ".join(sorted(commits)),
        note=f"Mean kappa of {len(SEEDS)} permutations of the labels, each with "
        f"{N_FOLDS} grouped folds; one-sided p-value of {N_PERMUTATIONS} permutations. "
        f"Holm over the {honest.sum()} tests except the controls. The 17-layer CNN "
        "augments every batch itself, so that it is the same model after a sampler of "
        "plain copies and after a sampler of augmented copies, and is listed once.",
    )
    print(table.to_string(index=False))


def read_done():
    """Rows that were run before, by data and model, and the commits that ran them."""
    path = RESULTS / "honesty.csv"
    if not path.exists():
        return {}, set()
    rows = pd.read_csv(path, dtype={"kappa": str}).to_dict("records")
    origin = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    commits = set(origin["commit"].split(" and "))
    return {(row["data"], row["model"]): row for row in rows}, commits


def load_data(data, folder):
    """A part of each: synthetic, and real images of each modality."""
    synthetic = make_breast_images(
        N_IMAGES, modality="both", n_views=2, folder=folder, random_state=0
    )
    real = load_all(data)
    sets = {"synthetic": (synthetic.data, synthetic.target)}
    for modality in ("ultrasound", "mammography"):
        rows = some_groups(real.data, modality)
        sets[f"real {modality}"] = (real.data.loc[rows], real.target[rows])
    return {
        name: (X.reset_index(drop=True), np.asarray(y)) for name, (X, y) in sets.items()
    }


def some_groups(X, modality):
    """Rows of randomly chosen groups, about N_IMAGES in all."""
    groups = X.loc[X["modality"] == modality, "group"]
    order = np.random.default_rng(0).permutation(groups.unique())
    sizes = groups.value_counts()[order].cumsum()
    return groups.index[groups.isin(order[sizes <= N_IMAGES])]


def test_model(name, model, X, y, weights):
    """Return one row: the scores of a model on shuffled labels."""
    groups = pd.factorize(X["group"])[0]
    noise = [permute_by_group(y, groups, np.random.default_rng(s)) for s in SEEDS]
    if model == LEAKY:
        leaky = [
            predict_leaky(X, labels, make_model("svm", weights, seed), seed)
            for seed, labels in zip(SEEDS, noise, strict=True)
        ]
        return summarise(name, model, *zip(*leaky, strict=True))
    predictions = [
        predict(X, labels, groups, make_model(model, weights, seed), seed)
        for seed, labels in zip(SEEDS, noise, strict=True)
    ]
    return summarise(name, model, noise, predictions, [groups] * len(SEEDS))


def make_model(name, weights, seed):
    """A model of the README: the four of the studies, and one more."""
    models = make_models(weights, random_state=seed)
    models["logistic"] = make_pipeline(
        models["svm"][0], StandardScaler(), LogisticRegression(max_iter=1000)
    )
    return models[name].set_params(**SMALL[name])


def permute_by_group(y, groups, rng):
    """Give each group the label of another; all rows of a group share it."""
    labels = y[np.unique(groups, return_index=True)[1]]
    return rng.permutation(labels)[groups]


def predict(X, y, groups, model, seed):
    """Out-of-fold predictions on folds that no group crosses."""
    predictions = np.empty_like(y)
    splitter = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    for train, test in splitter.split(X, y, groups):
        predictions[test] = model.fit(X.iloc[train], y[train]).predict(X.iloc[test])
    return predictions


def predict_leaky(X, y, model, seed):
    """The mistake: balance first, then split the copies."""
    row = pd.DataFrame({"row": np.arange(len(y))})
    row, y = RandomOverSampler(
        sampling_strategy={label: len(y) for label in np.unique(y)}, random_state=seed
    ).fit_resample(row, y)
    X = X.iloc[row["row"]].reset_index(drop=True)
    each_row = np.arange(len(y))
    predictions = predict(X, y, each_row, model, seed)
    return y, predictions, row["row"].to_numpy()


def summarise(name, model, labels, predictions, groups):
    """One row: mean kappa over the seeds, and its permutation p-value."""
    triples = list(zip(labels, predictions, groups, strict=True))
    found = np.mean([cohen_kappa_score(y, z) for y, z, _ in triples])
    rng = np.random.default_rng(0)
    null = [
        np.mean(
            [cohen_kappa_score(permute_by_group(y, g, rng), z) for y, z, g in triples]
        )
        for _ in range(N_PERMUTATIONS)
    ]
    p = (1 + np.sum(np.array(null) >= found)) / (1 + N_PERMUTATIONS)
    print(f"  {model}: kappa {found:.3f}, p {p:.3f}", flush=True)
    return {"data": name, "model": model, "kappa": f"{found:.3f}", "p": round(p, 3)}


if __name__ == "__main__":
    main()
