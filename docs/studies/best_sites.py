"""The best honest numbers of another hospital: each of three, left out in turn.

Run where the data sets and the weights are::

    python docs/studies/best_sites.py DATA WEIGHTS

A model learns from two of BUSI, BrEaST and BUS-UCLM and is tested on the third one, on
the benign and malignant images that have a box. Of BUSI and BrEaST, the development
part is not scored, because settings were chosen on it. Models and settings are those of
``best_models.py``; "both" and "all networks" are the same as in
``best_ultrasound.py``. Every fit is a file of ``docs/studies/runs``; the frozen model
does not depend on the seed and is fitted once.

It writes two tables. ``docs/studies/results/best_sites.csv`` has kappa and AUC. Its
rows of all three sites compare scores of the same site and seed only, and those of all
sites with each other in a column of their own.
``docs/studies/results/best_sites_calibration.csv`` has calibration slope and intercept
at the held-out site before and after recalibration. "Before" are the probabilities of
the model. "After" are those of a line (Platt's) that was learnt from other patients of
the held-out site itself, in five folds of its patients: what a hospital can do that
has labels of some patients of its own. Recalibration of the training sites alone would
require inner folds, which cost several times as many fits.
"""

from itertools import product

import pandas as pd
from best_calibration import describe_calibration, recalibrate
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
from best_ultrasound import regions_of
from make_folds import TABLE, image_digests
from real_data import interval
from record import RUNS, current_commit, write_results
from region import HELD_OUT, check

from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_bus_uclm,
    load_busi,
)
from skfusion.metrics import classification_summary
from skfusion.metrics._paired import paired_differences

NAME = "best_sites"
ALL = "all three, held out"
COMMAND = "python docs/studies/best_sites.py DATA WEIGHTS"
COMMON = (
    "Learned from two of BUSI, BrEaST and BUS-UCLM and tested on the third one; of "
    "BUSI and BrEaST the development part, on which settings were chosen, is not "
    "scored. Benign and malignant images with a box. The predictions of all seeds are "
    "pooled; the frozen model has one. 95 % intervals by patient (BUSI: families of "
    "near-duplicates). The networks, 'both' and 'all networks' are the same as in "
    "best_ultrasound. "
)
NOTE = COMMON + (
    "The AUC compares scores of one site and one seed only; 'AUC across sites' "
    "compares scores of different sites, too, and therefore depends on whether the "
    "scores of the three models have the same level. 'minus transfer' is the "
    "difference in AUC from the fine-tuned network of the same region, on the same "
    "resamples."
)
CALIBRATION_NOTE = COMMON + (
    "slope: of the logistic regression of the class on the log-odds, 1 where they are "
    "neither too extreme nor too flat. intercept: of the same regression with its "
    "slope fixed at 1, 0 where the mean probability is right. Intervals: clustered by "
    "patient. 'before': the probabilities of the model; the SVM has none. 'after': "
    "Platt's line, learnt from other patients of the held-out site in five folds of "
    "its patients, for each seed."
)


def main():
    arguments = make_parser(__doc__).parse_args()
    commit = current_commit()
    X, y, is_scored = load(arguments.data)
    at = X["dataset"].to_numpy()
    for seed, name, site in product(arguments.seeds, arguments.models, HELD_OUT):
        if name == "frozen" and seed != 0:  # the same for every seed
            continue
        for region in regions_of(name, arguments.regions):
            names = {"test": HELD_OUT[site], "model": name, "region": region}
            names |= {"seed": seed, "fold": site, "commit": commit}
            fit_once(
                RUNS / f"{NAME}_{name}_{region}_seed{seed}_{site}.csv",
                make_model(
                    name,
                    region,
                    "ultrasound",
                    arguments.weights,
                    cache=arguments.cache,
                    seed=seed,
                ),
                *(X, y, X.index[at != site], X.index[(at == site) & is_scored]),
                names,
            )
    summarise()


def load(folder):
    """Images with a box, their labels, and whether no setting was chosen on them."""
    data = concat_datasets(
        load_busi(folder), load_breast_lesions_usg(folder), load_bus_uclm(folder)
    )
    has_box = data.data["region"].notna().to_numpy()
    X, y = data.data[has_box].reset_index(drop=True), data.target[has_box]
    part = pd.read_csv(TABLE).set_index("image")["part"].reindex(image_digests(X))
    return X, y, (part != "development").to_numpy()


def summarise():
    """Write both tables of all complete seeds there are."""
    runs, commit = read_runs(NAME)
    runs = keep_complete(runs, len(HELD_OUT))
    fused = [fuse(runs, [name], name) for name in NETWORKS]
    fused.append(fuse(runs, NETWORKS, "all networks"))
    runs = pd.concat([runs, *fused])
    rows, calibrations = [], []
    for test in (*HELD_OUT.values(), ALL):
        part = runs if test == ALL else runs[runs["test"] == test]
        for model, region in product((*MODELS, "all networks"), (*REGIONS, "both")):
            found = part[(part["model"] == model) & (part["region"] == region)]
            if len(found):
                row = {"test": test, "model": model, "region": region}
                transfer = part[part["model"] == "transfer"]
                transfer = transfer[transfer["region"] == region]
                rows.append(row | measure(found, transfer, test))
                calibrations.append(row | compare(found))
    table = pd.DataFrame(rows)
    write(NAME, add_goals(table, make_goals(table)), NOTE, commit, "kappa and AUC")
    table = pd.DataFrame(calibrations)
    write(f"{NAME}_calibration", table, CALIBRATION_NOTE, commit, "calibration")


def measure(part, transfer, test):
    """Measures of one model, and its difference from the fine-tuned network."""
    row = describe(part, name_sites(part))
    row["AUC across sites"] = row["minus transfer"] = "-"
    if test == ALL:
        row["AUC across sites"] = interval(across_sites(part).loc["AUC"])
    aligned = align(transfer, part)
    if set(part["model"]) == {"cnn17"} and len(aligned) == len(part):
        both = (check(rows.assign(fold=name_sites(rows))) for rows in (part, aligned))
        gain = paired_differences(*both).loc["AUC"]
        row["minus transfer"] = interval(gain.rename({"difference": "estimate"}))
    return row


def name_sites(part):
    """Name the site and the seed of each row: a model learnt for each."""
    return part["seed"].astype(str) + "/" + part["test"]


def across_sites(part):
    """Measures whose AUC compares scores of different sites, too."""
    return classification_summary(
        part["y_true"],
        part["y_pred"],
        y_score=part["y_score"],
        groups=part["group"],
        folds=part["seed"],
    )


def align(other, part):
    """The rows of another model, in the order of a part, where it has them."""
    keys = ["seed", "image"]
    return part[keys].merge(other, on=keys, validate="one_to_one")


def compare(part):
    """Calibration, Brier score and kappa before and after recalibration."""
    row = {}
    for state, rows in {"before": part, "after": recalibrate(part)}.items():
        measures = describe(rows, name_sites(rows))
        found = describe_calibration(rows)
        found |= {name: measures[name] for name in ("Brier", "kappa")}
        row |= {f"{name} {state}": value for name, value in found.items()}
    return row


def make_goals(table):
    """Of the lesion at all three sites; the 17-layer CNN not below fine-tuning."""
    where = {"test": [ALL], "region": ["lesion"]}
    goals = [(where | {"model": MODELS}, "AUC", "estimate", 0.80)]
    chosen = table["test"].eq(ALL) & table["region"].eq("lesion")
    transfer = table[chosen & table["model"].eq("transfer")]
    if len(transfer):
        least = read_interval(transfer["AUC"].item())["estimate"]
        goals.append((where | {"model": ["cnn17"]}, "AUC", "estimate", least))
    return goals


def write(name, table, note, commit, what):
    """Write one of the tables."""
    title = f"Ultrasound at a hospital that was left out: {what}"
    write_results(name, table, title=title, command=COMMAND, commit=commit, note=note)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
