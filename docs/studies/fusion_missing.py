"""Loss of fusion where images are missing, on synthetic pairs.

Run where the weights are::

    python docs/studies/fusion_missing.py WEIGHTS

Three tenths of the samples lack the mammogram and three other tenths the ultrasound
image, in training and in prediction; or all of them lack one of the two in prediction
only. The first is compared with an oracle, which is right if an image that is present
shows the class, and otherwise predicts benign; the second with the same model of the
other modality alone. Predictions go to ``docs/studies/runs``, one file per draw of
pairs; the tables go to ``docs/studies/results/fusion_missing.csv`` and
``fusion_absent.csv``.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from record import RUNS, current_commit, read_runs, write_results
from sklearn.base import clone
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import StratifiedKFold
from synthetic_pairs import COLUMNS, N_SAMPLES, draw, make_fusions

from skfusion.metrics._paired import paired_kappa_gain

SEEDS = (0, 1, 2)
NAME = "fusion_missing"
COMPLEMENTARITY = 0.5
SHARE = 0.3
COMMAND = "python docs/studies/fusion_missing.py WEIGHTS"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    arguments = parser.parse_args()
    commit = current_commit()
    for seed in arguments.seeds:
        path = RUNS / f"{NAME}_seed{seed}.csv"
        if not path.exists():
            rows = run(seed, arguments.weights)
            RUNS.mkdir(exist_ok=True)
            rows.assign(seed=seed, commit=commit).to_csv(path, index=False)
    summarise()


def run(seed, weights):
    """Out-of-fold predictions of each fusion, a column a case."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = draw(COMPLEMENTARITY, seed, folder)
        gaps = make_gaps(pairs.data, seed)
        models = {
            "both": dict(make_fusions(weights, folder, seed)),
            **{
                column: dict(make_fusions(weights, folder, seed, [column]))
                for column in COLUMNS
            },
        }
        return pd.concat(
            [
                predict(name, models, pairs, gaps, seed).assign(fusion=name)
                for name in models["both"]
            ]
        )


def make_gaps(X, seed):
    """Take one image each from three tenths of the samples, and the other from as many.

    Never both: a sample without any image is an error.
    """
    # A stream of its own: the seed alone would repeat the order in which the classes
    # were dealt, and what is missing would give the class away.
    order = np.random.default_rng([seed, 1]).permutation(len(X))
    n_missing = round(SHARE * len(X))
    gaps = X.copy()
    for number, column in enumerate(COLUMNS):
        rows = order[number * n_missing : (number + 1) * n_missing]
        gaps.iloc[rows, gaps.columns.get_loc(column)] = None
    return gaps


def predict(name, models, pairs, gaps, seed):
    """Predict each sample once, out of fold, in every case."""
    X, y = pairs.data, pairs.target
    table = pd.DataFrame({"y": y, "oracle": ask_oracle(pairs.frame, gaps)})
    # Every sample is a patient of its own.
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    for train, test in folds.split(X, y):
        learn = X.iloc[train], y[train]
        whole = clone(models["both"][name]).fit(*learn)
        table.loc[test, "complete"] = whole.predict(X.iloc[test])
        some = clone(models["both"][name]).fit(gaps.iloc[train], y[train])
        table.loc[test, "gaps"] = some.predict(gaps.iloc[test])
        for column, other in (COLUMNS, COLUMNS[::-1]):
            without = X.iloc[test].assign(**{other: None})
            table.loc[test, f"{column} there"] = whole.predict(without)
            alone = clone(models[column][name]).fit(*learn)
            table.loc[test, f"{column} alone"] = alone.predict(X.iloc[test])
        print(name, "seed", seed, len(test), "predicted", flush=True)
    return table.astype(int)


def ask_oracle(frame, gaps):
    """Right where an image that is there shows the class; benign elsewhere."""
    shown = [
        frame["visible_in"].isin(["both", column]) & gaps[column].notna()
        for column in COLUMNS
    ]
    return np.where(np.any(shown, axis=0), frame["target"], 0)


def summarise():
    """Write both tables, of all runs there are."""
    table, commit = read_runs(NAME)
    origin = {"command": COMMAND, "commit": commit}
    parts = [*table.groupby(["fusion", "seed"]), *table.groupby("fusion")]
    parts = [((k, "all") if isinstance(k, str) else k, part) for k, part in parts]
    parts.sort(key=lambda pair: (pair[0][0], str(pair[0][1])))
    missing = [{**key_of(key), **describe_missing(part)} for key, part in parts]
    absent = [
        {**key_of(key), **describe_absent(part, column)}
        for key, part in parts
        for column in COLUMNS
    ]
    pairs = f"{N_SAMPLES} synthetic pairs per seed, complementarity {COMPLEMENTARITY}; "
    write_results(
        "fusion_missing",
        pd.DataFrame(missing),
        title="Three tenths of each column missing, in training and in prediction",
        note=pairs
        + "kappa of five folds. The gain is that over the same model of the better of "
        "the two columns. The oracle predicts the class if an image that shows it is "
        "present, and otherwise benign; without gaps its kappa is 1. The 95 % "
        "intervals come from a bootstrap of the samples.",
        **origin,
    )
    write_results(
        "fusion_absent",
        pd.DataFrame(absent),
        title="One column completely missing in prediction",
        note=pairs + "kappa of five folds of the fusion, trained on both, and of the "
        "same model trained on the column that is present; their difference has a "
        "paired 95 % interval.",
        **origin,
    )
    print(pd.DataFrame(missing).to_string(), pd.DataFrame(absent).to_string(), sep="\n")


def key_of(key):
    return {"fusion": key[0], "seed": key[1]}


def describe_missing(part):
    """Kappa with all images and with gaps, and what the gaps themselves explain."""
    whole, some = kappa(part, "complete"), kappa(part, "gaps")
    oracle = cohen_kappa_score(part["y"], part["oracle"])
    alone = max((f"{column} alone" for column in COLUMNS), key=lambda c: kappa(part, c))
    return {
        "complete": round(whole, 3),
        "gain over the better alone": compare(part, "complete", alone),
        "with gaps": round(some, 3),
        "fall of the oracle": round(1 - oracle, 3),
        "fall beyond the oracle": interval_of(part, fall_beyond_the_oracle),
        "share kept": round(some / whole, 3),
        "share the oracle keeps": round(oracle, 3),
    }


def kappa(part, name):
    return cohen_kappa_score(part["y"], part[name])


def fall_beyond_the_oracle(part):
    """What gaps cost, above what they cost the oracle, which has kappa 1 without."""
    oracle = 1 - kappa(part, "oracle")
    return kappa(part, "complete") - kappa(part, "gaps") - oracle


def interval_of(part, measure, n_resamples=1000):
    """A measure with its 95 % interval from a bootstrap of the samples."""
    rng = np.random.default_rng(0)
    values = [
        measure(part.iloc[rng.integers(len(part), size=len(part))])
        for _ in range(n_resamples)
    ]
    lower, upper = np.quantile(values, [0.025, 0.975])
    return f"{measure(part):.3f} ({lower:.3f} to {upper:.3f})"


def describe_absent(part, column):
    """Kappa of a fusion that gets one column only, and of a model of that column."""
    there, alone = f"{column} there", f"{column} alone"
    return {
        "column there": column,
        "kappa": round(kappa(part, there), 3),
        "kappa alone": round(kappa(part, alone), 3),
        "difference": compare(part, there, alone),
    }


def compare(part, first, second):
    """Kappa of the first above that of the second, with its interval."""
    y, first, second = (part[name].to_numpy() for name in ("y", first, second))
    gain = paired_kappa_gain(y, first, second, np.arange(len(y)))
    return f"{gain['gain']:.3f} ({gain['lower']:.3f} to {gain['upper']:.3f})"


if __name__ == "__main__":
    main()
