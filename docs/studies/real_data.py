"""Score the four models on real images, on the folds of folds.csv.

Run where the data sets and the weights are, in one go or model by model::

    python docs/studies/real_data.py DATA WEIGHTS --protocol ultrasound --seeds 0 1 2

A model of a fold learns from the other folds and the development part, which is never
scored. Predictions go to ``docs/studies/predictions``, one file for each protocol,
model and seed, so that an interrupted run continues where it stopped; the table goes to
``docs/studies/results/real_data.csv``.
"""

import argparse
import hashlib
from pathlib import Path
from time import perf_counter

import pandas as pd
from make_folds import N_FOLDS, TABLE, image_digests, load_all
from models import make_models
from record import current_commit, write_results
from sklearn.metrics import cohen_kappa_score

from skfusion.metrics import classification_summary

PREDICTIONS = Path(__file__).parent / "predictions"
# Digests, some of which look like numbers.
TEXT = {"image": str, "settings": str, "commit": str}
# Parameters that change no prediction.
WITHOUT_EFFECT = (
    "steps",
    "transformer_list",
    "cache",
    "image_cache",
    "memory",
    "verbose",
    "isolated",
)
PROTOCOLS = {
    "ultrasound": ["ultrasound"],
    "mammography": ["mammography"],
    "pooled": ["mammography", "ultrasound"],
}
NOTE = (
    "Folds that no patient or near-duplicate family crosses; out-of-fold predictions "
    "pooled over folds and seeds, 95 % intervals from a bootstrap of groups. The AUC "
    "compares scores of one fold and one seed only. Settings were searched for the "
    "two trained networks alone, on the ultrasound images of a development part of "
    "the groups, which is not scored (choose_settings.py). Nothing was chosen on "
    "mammograms: mammography and pooled use the settings of ultrasound, except for the "
    "epochs of the 17-layer CNN. Of these, 160 did best on the development part, "
    "about 860 steps of training; the models of ultrasound here learn from more than "
    "four times as many images, and take 80 epochs, about 1,900 steps. Mammography "
    "has 60 epochs and pooled 45, about 3,800 and 3,900 steps, because there are "
    "more images; neither number was tried against another. Of transfer learning, "
    "class weights at 192 pixels are used (mean AUC 0.875), which cost less than "
    "copies, or 224 pixels, which did best (0.877)."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="ultrasound")
    parser.add_argument("--models", nargs="+")
    parser.add_argument("--cache", type=Path, help="folder for features and images")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    arguments = parser.parse_args()
    # As it is now: the code in memory is what runs, whatever becomes of the files.
    commit = current_commit()
    data = load_all(arguments.data)
    names = arguments.models or list(make_models(arguments.weights))
    for seed in arguments.seeds:
        for name in names:
            models = make_models(
                arguments.weights, seed, arguments.cache, arguments.protocol
            )
            run(arguments.protocol, name, models[name], seed, data, commit)
    summarise()


def run(protocol, name, model, seed, data, commit):
    """Predict every image of the evaluation part once, out of fold."""
    path = PREDICTIONS / f"{protocol}_{name}_seed{seed}.csv"
    settings = digest_settings(model)
    if path.exists():
        refuse_other_settings(path, settings)
        return
    table = pd.read_csv(TABLE).set_index("image").loc[image_digests(data.data)]
    table = table.reset_index()
    used = table["modality"].isin(PROTOCOLS[protocol])
    fold = table[f"fold_seed{seed}"]
    parts = []
    for number in range(N_FOLDS):
        train = table.index[used & (fold != number)]
        test = table.index[used & (fold == number)]
        parts.append(predict_fold(model, data, train, test).assign(fold=number))
        print(f"{protocol} {name} seed {seed} fold {number} done", flush=True)
    PREDICTIONS.mkdir(exist_ok=True)
    table = pd.concat(parts).assign(settings=settings, commit=commit)
    table.to_csv(path, index=False)


def digest_settings(model):
    """Digest of all parameters of a model; of files, their names only."""
    parameters = {
        name: value.name if isinstance(value, Path) else value
        for name, value in model.get_params().items()
        if not hasattr(value, "get_params") and not name.endswith(WITHOUT_EFFECT)
    }
    text = repr([*map(type, model), sorted(parameters.items(), key=str)])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def refuse_other_settings(path, settings):
    """Raise if predictions stand there that another model made."""
    kept = pd.read_csv(path, dtype=TEXT)
    if "settings" not in kept or set(kept["settings"]) != {settings}:
        raise ValueError(
            f"{path.name} holds predictions of other settings. Delete it, and run it "
            "again."
        )


def predict_fold(model, data, train, test):
    """Fit on some rows and predict others."""
    start = perf_counter()
    model.fit(data.data.loc[train], data.target[train])
    X = data.data.loc[test]
    return pd.DataFrame(
        {
            "image": image_digests(X),
            "group": pd.factorize(data.data["group"])[0][test],
            "modality": X["modality"].to_numpy(),
            "y_true": data.target[test],
            "y_score": score(model, X).round(5),
            "y_pred": model.predict(X),
            "seconds": round(perf_counter() - start, 1),
        }
    )


def score(model, X):
    """Score of the malignant class."""
    if hasattr(model, "predict_proba"):
        return model.predict_proba(X)[:, 1]
    return model.decision_function(X)


def summarise():
    """Write the table of all predictions there are."""
    rows, commits = [], set()
    files = pd.DataFrame(
        [[*path.stem.split("_"), path] for path in sorted(PREDICTIONS.glob("*.csv"))],
        columns=["protocol", "model", "seed", "path"],
    )
    for (protocol, name), group in files.groupby(["protocol", "model"]):
        pairs = zip(group["path"], group["seed"], strict=True)
        parts = pd.concat(
            [pd.read_csv(path, dtype=TEXT).assign(seed=seed) for path, seed in pairs]
        )
        commits |= set(parts["commit"])
        modalities = dict(list(parts.groupby("modality")))
        if len(modalities) > 1:
            modalities["all"] = parts
        for modality, part in modalities.items():
            row = {"protocol": protocol, "model": name, **describe(part, modality)}
            rows.append(row)
    write_results(
        "real_data",
        pd.DataFrame(rows),
        title="Real images: kappa and AUC of the models of the README",
        command="python docs/studies/real_data.py DATA WEIGHTS --protocol PROTOCOL",
        note=NOTE,
        commit=f"{' and '.join(sorted(commits))}, summarised at {current_commit()}",
    )
    print(pd.DataFrame(rows).to_string(index=False))


def read_predictions(protocol, model):
    """Out-of-fold predictions of all seeds there are."""
    paths = sorted(PREDICTIONS.glob(f"{protocol}_{model}_seed*.csv"))
    seeds = [int(path.stem.partition("_seed")[2]) for path in paths]
    return pd.concat(
        [
            pd.read_csv(path, dtype=TEXT).assign(seed=seed)
            for path, seed in zip(paths, seeds, strict=True)
        ],
        ignore_index=True,
    )


def describe(part, modality):
    """One row of the table."""
    summary = classification_summary(
        part["y_true"],
        part["y_pred"],
        y_score=part["y_score"],
        groups=part["group"],
        folds=name_folds(part),
    )
    seeds = part.groupby("seed").apply(kappa, include_groups=False)
    return {
        "modality": modality,
        "images": part["image"].nunique(),
        "prevalence": f"{summary.loc['prevalence', 'estimate']:.2f}",
        "kappa": interval(summary.loc["kappa"]),
        "AUC": interval(summary.loc["AUC"]),
        "kappa by seed": " ".join(f"{value:.3f}" for value in seeds),
        "seconds a fold": round(
            part.groupby(["seed", "fold"])["seconds"].first().mean()
        ),
    }


def name_folds(part):
    """Name the fold, of which seed, of each row: a model learnt for each."""
    return part["seed"].astype(str) + "/" + part["fold"].astype(str)


def kappa(part):
    return cohen_kappa_score(part["y_true"], part["y_pred"])


def interval(row):
    """Estimate with its interval."""
    return f"{row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"


if __name__ == "__main__":
    main()
