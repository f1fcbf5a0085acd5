"""Choose the settings of the trained networks on the development part.

Run where the data sets and the weights are::

    python docs/studies/choose_settings.py DATA WEIGHTS --model cnn17
    python docs/studies/choose_settings.py DATA WEIGHTS --model transfer

Only ultrasound images of the development part of ``folds.csv`` are read, which no other
study scores. Each candidate predicts all of them out of fold, for each seed. Kappa of
so few images varies much with the seed, so candidates are ranked by the mean area under
the ROC curve. It writes ``docs/studies/results/settings_MODEL.csv``, one row per
candidate; candidates that it already holds are not run again.
"""

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from make_folds import TABLE, image_digests, load_all
from models import find_weights
from record import RESULTS, current_commit, write_results
from sklearn.metrics import cohen_kappa_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.over_sampling import ImageOverSampler

N_FOLDS = 3
SEEDS = (0, 1)
WEIGHTED = {"class_weight": "balanced"}
MOBILENET = {
    "backbone": "mobilenet_v2",
    "image_size": 128,
    "max_epochs": 15,
    "learning_rate": 0.01,
    "trainable": 12,
    "precision": "float32",
}
SQUEEZENET = {
    "backbone": "squeezenet1_1",
    "image_size": 128,
    "max_epochs": 15,
    "learning_rate": 0.003,
}
CNN17 = [
    {"max_epochs": 40, "copies": RandomOverSampler},
    {"max_epochs": 80, **WEIGHTED},
    {"max_epochs": 80, "width": 16, **WEIGHTED},
    {"max_epochs": 80, "width": 16, "image_size": 96, **WEIGHTED},
    {"max_epochs": 80, "limits": 2, **WEIGHTED},
    {"max_epochs": 160, "limits": 2, **WEIGHTED},
    {"max_epochs": 80, "resize": "stretch", **WEIGHTED},
    {"max_epochs": 160, "limits": 2, "weight_decay": 0.1, **WEIGHTED},
    {"max_epochs": 160, "limits": 2},
]
TRANSFER = [
    {**MOBILENET, **WEIGHTED},
    {**SQUEEZENET, **WEIGHTED},
    {**SQUEEZENET, "max_epochs": 30, **WEIGHTED},
    {**SQUEEZENET, "image_size": 192, **WEIGHTED},
    {**SQUEEZENET, "image_size": 224, **WEIGHTED},
    {**SQUEEZENET, "image_size": 192, "copies": ImageOverSampler},
    {**MOBILENET, "copies": ImageOverSampler},
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--model", choices=["cnn17", "transfer"], required=True)
    arguments = parser.parse_args()
    X, y = load_development(arguments.data)
    candidates = CNN17 if arguments.model == "cnn17" else TRANSFER
    commit = current_commit()
    path = RESULTS / f"settings_{arguments.model}.csv"
    rows = pd.read_csv(path).to_dict("records") if path.exists() else []
    for settings in candidates:
        if describe(settings) not in [row["settings"] for row in rows]:
            row = score(describe(settings), settings, X, y, arguments.weights)
            rows.append({**row, "commit": commit})
            write(arguments.model, rows)


def load_development(folder):
    """Ultrasound images of the development part."""
    data = load_all(folder)
    table = pd.read_csv(TABLE).set_index("image").loc[image_digests(data.data)]
    ours = (table["part"] == "development") & (table["modality"] == "ultrasound")
    rows = data.data.index[ours.to_numpy()]
    return data.data.loc[rows].reset_index(drop=True), data.target[rows]


def describe(settings):
    """One line that names a candidate."""
    named = {
        name: getattr(value, "__name__", value) for name, value in settings.items()
    }
    return ", ".join(f"{name}={value}" for name, value in named.items())


def make_model(settings, weights_folder, seed):
    """A candidate: a network, behind a sampler where its settings require copies."""
    settings = {**settings, "random_state": seed}
    copies, strength = settings.pop("copies", None), settings.pop("limits", 1)
    if "backbone" in settings:
        settings["weights"] = find_weights(weights_folder, settings["backbone"])
        network = TransferCNNClassifier(**settings)
    else:
        network = CNN17Classifier(weights=None, **settings)
        network._augmentation_strength = strength
    samplers = [] if copies is None else [copies(random_state=seed)]
    return make_pipeline(*samplers, network)


def score(name, settings, X, y, weights_folder):
    """One row: what a candidate reached."""
    start = perf_counter()
    scores = np.zeros((len(SEEDS), len(y)))
    for row, seed in zip(scores, SEEDS, strict=True):
        splitter = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
        for train, test in splitter.split(X, y, X["group"]):
            model = make_model(settings, weights_folder, seed)
            model.fit(X.iloc[train], y[train])
            row[test] = model.predict_proba(X.iloc[test])[:, 1]
    kappa = [cohen_kappa_score(y, row > 0.5) for row in scores]
    auc = [roc_auc_score(y, row) for row in scores]
    row = {
        "settings": name,
        "mean AUC": round(np.mean(auc), 3),
        "AUC by seed": " ".join(f"{value:.3f}" for value in auc),
        "mean kappa": round(np.mean(kappa), 3),
        "kappa by seed": " ".join(f"{value:.3f}" for value in kappa),
        "seconds a fit": round((perf_counter() - start) / len(SEEDS) / N_FOLDS),
    }
    print(row, flush=True)
    return row


def write(model, rows):
    """Write what there is so far, the best first."""
    table = pd.DataFrame(rows).sort_values("mean AUC", ascending=False)
    write_results(
        f"settings_{model}",
        table,
        title=f"Settings of {model} on the development part of the ultrasound images",
        command=f"python docs/studies/choose_settings.py DATA WEIGHTS --model {model}",
        commit=" and ".join(sorted(set(table["commit"]))),
        note=f"{N_FOLDS} grouped folds, {len(SEEDS)} seeds; ultrasound images of "
        "the development part, which no other study scores.",
    )


if __name__ == "__main__":
    main()
