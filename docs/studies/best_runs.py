"""Fit, keep, read and describe the runs of the final studies.

A run is one fit: a file of ``docs/studies/runs`` with one row for each image that it
predicted. A run that is there is not computed again, and one of other settings is
refused.
"""

import argparse
import re
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from best_models import MODELS, REGIONS
from real_data import TEXT, digest_settings, interval, refuse_other_settings
from record import RUNS
from region import predict

from skfusion.metrics import classification_summary
from skfusion.metrics._bootstrap import resample_groups
from skfusion.metrics._score_interval import bootstrap_variance, score_interval

MEASURES = ("kappa", "AUC", "sensitivity", "specificity")
KEYS = ["test", "seed", "fold", "image", "group", "y_true"]
INTERVAL = re.compile(r"(?P<estimate>\S+) \((?P<lower>\S+) to (?P<upper>\S+)\)")
N_RESAMPLES = 1000


def make_parser(text, models=MODELS, regions=REGIONS):
    """The arguments of all final studies."""
    parser = argparse.ArgumentParser(description=text.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--cache", type=Path, help="folder for features and images")
    parser.add_argument("--models", nargs="+", choices=models, default=models)
    parser.add_argument("--regions", nargs="+", choices=regions, default=regions)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    return parser


def fit_once(path, model, X, y, train, test, names):
    """Fit on some rows and predict others, unless this was done.

    `names` are further columns of the run: what distinguishes it from others.
    """
    settings = digest_settings(model)
    if path.exists():
        refuse_other_settings(path, settings)
        return
    refuse_shared_groups(X, train, test)
    start = perf_counter()
    model.fit(X.loc[train], y[train])
    rows = predict(model, X.loc[test]).assign(
        group=pd.factorize(X["group"])[0][test],
        y_true=y[test],
        seconds=round(perf_counter() - start, 1),
        settings=settings,
        **names,
    )
    path.parent.mkdir(exist_ok=True)
    rows.to_csv(path, index=False)
    print(path.stem, flush=True)


def refuse_shared_groups(X, train, test):
    """Raise if a patient, or a family of near-duplicates, is on both sides."""
    shared = set(X.loc[train, "group"]) & set(X.loc[test, "group"])
    if shared:
        raise ValueError(
            "Expected groups that stand on one side of the split. Got "
            f"{len(shared)} on both, such as {min(shared)!r}. Draw folds of groups."
        )


def read_runs(name):
    """All runs of a study in one table, and their commits."""
    paths = sorted(RUNS.glob(f"{name}_*.csv"))
    runs = pd.concat([pd.read_csv(path, dtype=TEXT) for path in paths])
    commits = " and ".join(sorted(set(runs["commit"])))
    return runs.drop(columns="commit").reset_index(drop=True), commits


def keep_complete(runs, n_folds):
    """Rows of the seeds of which every fold was run."""
    found = runs.groupby(["model", "region", "seed"])["fold"].transform("nunique")
    return runs[found == n_folds]


def fuse(runs, models, name):
    """Mean probability of networks, each of both regions, where all of them exist."""
    part = runs[runs["model"].isin(models) & runs["region"].isin(REGIONS)]
    fused = part.groupby(KEYS, sort=False)["y_score"].agg(["mean", "size"])
    fused = fused[fused["size"] == len(models) * len(REGIONS)].reset_index()
    fused = fused.rename(columns={"mean": "y_score"}).drop(columns="size")
    is_malignant = (fused["y_score"] > 0.5).astype(int)
    return fused.assign(model=name, region="both", y_pred=is_malignant)


def describe(part, folds):
    """Measures of some predictions; the AUC compares scores of the same fold."""
    summary = classification_summary(
        part["y_true"],
        part["y_pred"],
        y_score=part["y_score"],
        groups=part["group"],
        folds=folds,
    )
    return {
        "seeds": part["seed"].nunique(),
        "n": len(part) // part["seed"].nunique(),
        "patients": part["group"].nunique(),
        "prevalence": f"{summary.loc['prevalence', 'estimate']:.2f}",
        **{name: interval(summary.loc[name]) for name in MEASURES},
        "Brier": brier_score(part) if has_probabilities(part) else "-",
    }


def has_probabilities(part):
    """Whether the scores are probabilities, and not decision values."""
    return part["y_score"].between(0, 1).all()


def brier_score(part):
    """Mean squared error of the probabilities, with an interval by patient."""
    error = (part["y_score"] - part["y_true"]) ** 2
    return interval(mean_by_group(error, part["group"]))


def mean_by_group(values, groups):
    """Mean of some values, such as a share, with an interval by group."""
    sums = values.groupby(np.asarray(groups)).agg(["sum", "size"]).to_numpy()
    n = len(sums)
    blocks = resample_groups(n, N_RESAMPLES, n, np.random.RandomState(0))
    drawn = np.concatenate([weights @ sums for weights in blocks])
    estimate, n_counted = np.array([values.mean()]), np.array([n])
    lower, upper = score_interval(
        estimate,
        bootstrap_variance(drawn[:, :1] / drawn[:, 1:], n_counted),
        n_counted,
        limits=(np.zeros(1), np.ones(1)),
        has_certain_middle=False,
        n_groups=n,
        level=0.95,
    )
    return {"estimate": estimate[0], "lower": lower[0], "upper": upper[0]}


def read_interval(text):
    """Estimate, lower and upper bound of a cell, as numbers."""
    return {name: float(x) for name, x in INTERVAL.match(text).groupdict().items()}


def add_goals(table, goals):
    """Add the goals of each row, and whether it met them.

    A goal is the values of some columns that choose its rows, a measure, which number
    of it counts (the estimate or its lower bound) and the least value. Of several rows,
    the goal stands in the best one.
    """
    texts = pd.Series("", index=table.index)
    for where, measure, number, least in goals:
        chosen = pd.Series(True, index=table.index)
        for column, values in where.items():
            chosen &= table[column].isin(values)
        if not chosen.any():
            continue
        cells = table.loc[chosen, measure].map(read_interval)
        reached = cells.map(lambda cell, number=number: cell[number])
        best = reached.idxmax()
        state = "met" if reached[best] >= least else "missed"
        what = measure if number == "estimate" else f"lower bound of {measure}"
        text = f"{what} at least {least:.3f}: {state}"
        texts[best] = f"{texts[best]}; {text}".removeprefix("; ")
    return table.assign(goal=texts.replace("", "-"))
