"""The best honest numbers of ultrasound: whole image, lesion, and both, by patient.

Run where the data sets and the weights are, in one go or model by model::

    python docs/studies/best_ultrasound.py DATA WEIGHTS

Benign and malignant images of BUSI and BrEaST, on the folds of ``folds.csv``. Only the
evaluation part is scored: five folds, drawn with three seeds. A model of a fold learns
from the other four folds and from the development part, on which the settings were
chosen. The development part is never scored. No patient and no family of
near-duplicates is on both sides of a fold; a split that breaks this is refused.

The settings are those of ``best_models.py``. "both" is the mean of the probabilities of
the two networks of one kind; of the frozen model, it is the features of both regions
side by side. "all networks" is the mean of the four networks. Every fit is a file of
``docs/studies/runs``, and the table is ``docs/studies/results/best_ultrasound.csv``,
which ``docs/figures/draw_best.py`` draws.
"""

from itertools import product

import pandas as pd
from best_models import MODELS, NETWORKS, REGIONS, make_model
from best_runs import (
    add_goals,
    describe,
    fit_once,
    fuse,
    keep_complete,
    make_parser,
    read_interval,
    read_runs,
)
from make_folds import N_FOLDS, TABLE, image_digests
from real_data import name_folds
from record import RUNS, current_commit, write_results

from skfusion.datasets import concat_datasets, load_breast_lesions_usg, load_busi

NAME = "best_ultrasound"
TEST = "BUSI + BrEaST, by patient"
GOALS = [
    ({"model": ["cnn17"], "region": ["image"]}, "kappa", "estimate", 0.60),
    ({"model": ["transfer"], "region": ["image"]}, "kappa", "estimate", 0.68),
    ({"model": MODELS, "region": ["image"]}, "AUC", "estimate", 0.91),
    ({"model": ["cnn17"], "region": ["lesion"]}, "kappa", "estimate", 0.66),
    ({"model": MODELS, "region": ["lesion"]}, "kappa", "estimate", 0.72),
    ({"model": MODELS, "region": ["lesion"]}, "AUC", "estimate", 0.93),
]
NOTE = (
    "Benign and malignant images of the evaluation part, in five folds that no patient "
    "or near-duplicate family crosses, drawn once for each seed; a model learns from "
    "the other folds and from the development part, on which settings were chosen and "
    "which is never scored. The predictions of all seeds are pooled, with 95 % "
    "intervals by resampling patients (BUSI: families of near-duplicates). The AUC "
    "compares scores of one fold and one seed only. 'lesion' is the box of the "
    "publisher's mask with its margin: somebody has found the lesion. 'both' is the "
    "mean of the probabilities of the networks of the whole image and of the lesion; "
    "of the frozen model, the features of both side by side. 'all networks' is the "
    "mean of the four networks. transfer is one network, and cnn17 has three members, "
    "which together are fitted in less time. frozen: features and an SVM, whose scores "
    "are no probabilities and have no Brier score. The goals were written down before "
    "the study; a goal for the best model stands in its row, and that of 'both' is the "
    "better one of the two regions."
)


def main():
    arguments = make_parser(__doc__).parse_args()
    commit = current_commit()
    X, y, folds = load(arguments.data)
    for seed, name in product(arguments.seeds, arguments.models):
        fold = folds[f"fold_seed{seed}"].to_numpy()
        regions = regions_of(name, arguments.regions)
        for region, number in product(regions, range(N_FOLDS)):
            names = {"test": TEST, "model": name, "region": region}
            names |= {"seed": seed, "fold": number, "commit": commit}
            fit_once(
                RUNS / f"{NAME}_{name}_{region}_seed{seed}_fold{number}.csv",
                make_model(
                    name,
                    region,
                    "ultrasound",
                    arguments.weights,
                    cache=arguments.cache,
                    seed=seed,
                ),
                *(X, y, X.index[fold != number], X.index[fold == number]),
                names,
            )
    summarise()


def load(folder):
    """Images, labels and folds; every image has a box."""
    data = concat_datasets(load_busi(folder), load_breast_lesions_usg(folder))
    X, y = data.data, data.target
    if X["region"].isna().any():
        n_missing = int(X["region"].isna().sum())
        raise ValueError(f"Expected a box in every image. Got {n_missing} without.")
    folds = pd.read_csv(TABLE).set_index("image").loc[image_digests(X)]
    return X, y, folds


def regions_of(name, regions):
    """The frozen model is fitted to both regions, too, if both are wanted."""
    return (*regions, "both") if name == "frozen" and len(regions) > 1 else regions


def summarise():
    """Write the table of all complete seeds there are."""
    runs, commit = read_runs(NAME)
    runs = keep_complete(runs, N_FOLDS)
    fused = [fuse(runs, [name], name) for name in NETWORKS]
    fused.append(fuse(runs, NETWORKS, "all networks"))
    runs = pd.concat([runs, *fused])
    rows = []
    for model in (*MODELS, "all networks"):
        for region in (*REGIONS, "both"):
            part = runs[(runs["model"] == model) & (runs["region"] == region)]
            if len(part):
                row = {"test": TEST, "model": model, "region": region}
                rows.append(row | describe(part, name_folds(part)))
    table = pd.DataFrame(rows)
    table = add_goals(table, GOALS + goals_of_both(table))
    write_results(
        NAME,
        table,
        title="Ultrasound by patient: whole image, lesion, and both",
        command="python docs/studies/best_ultrasound.py DATA WEIGHTS",
        commit=commit,
        note=NOTE,
    )
    print(table.to_string(index=False))


def goals_of_both(table):
    """Both regions at least as good as the better one, for each model."""
    goals = []
    for model in MODELS:
        single = table[(table["model"] == model) & table["region"].isin(REGIONS)]
        if len(single) == len(REGIONS):
            where = {"model": [model], "region": ["both"]}
            for measure in ("kappa", "AUC"):
                values = [read_interval(text)["estimate"] for text in single[measure]]
                goals.append((where, measure, "estimate", max(values)))
    return goals


if __name__ == "__main__":
    main()
