"""Coverage of the intervals of calibration and net benefit, by simulation.

Run anywhere; it needs neither data nor weights::

    python docs/studies/calibration_coverage.py

Each draw is a set of patients with one to four images, whose log-odds share an effect
of the patient that the model sees, and another one that it does not see. The true value
of each measure is that of a very large draw. The intervals were chosen on other draws.
The table goes to ``docs/studies/results/calibration_coverage.csv``.
"""

import argparse
import warnings

import numpy as np
import pandas as pd
from coverage import N_PATIENTS, SEED
from record import current_commit, write_results
from scipy.special import expit
from scipy.stats import norm

from skfusion.metrics import calibration_summary, decision_curve
from skfusion.metrics._bootstrap import resample_groups
from skfusion.metrics._calibration_errors import group_errors

NAME = "calibration_coverage"
N_LARGE = 200_000
THRESHOLDS = (0.02, 0.1, 0.3, 0.5)
N_BINS, ERROR = 10, "calibration error"
# What is done to the log-odds of a calibrated model: their factor, and what is added.
MODELS = {"calibrated": (1, 0), "too extreme and too high": (2, 1)}
NOTE = (
    "{n:,} draws of 20, 40 and 100 patients, intervals of 95 %, 1,000 resamples. A "
    "draw in which a measure is not defined does not count. The standard error of a "
    "share of 0.95 is {error:.3f}. 'percentiles' are those of the same resamples, the "
    "interval that is used most often. Too extreme and too high: the log-odds of the "
    "calibrated model, doubled, plus 1. A third of the images are malignant."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draws", type=int, default=300)
    n_draws = parser.parse_args().draws
    tables, commit = [], current_commit()
    for number, model in enumerate(MODELS):
        true = estimate(*draw(N_LARGE, MODELS[model], np.random.default_rng(SEED)))
        found = {}
        for n in N_PATIENTS:
            rng = np.random.default_rng([SEED, number, n])
            found[n] = run(true, MODELS[model], n, n_draws, rng)
            print(model, n, flush=True)
        tables.append(tabulate(model, true, found))
    table = pd.concat(tables)
    write_results(
        NAME,
        table,
        title="Coverage of 95 % intervals of calibration and net benefit",
        command="python docs/studies/calibration_coverage.py",
        commit=commit,
        note=NOTE.format(n=n_draws, error=(0.95 * 0.05 / n_draws) ** 0.5),
    )
    print(table.to_string(index=False))


def draw(n, model, rng):
    """Labels, probabilities and patients."""
    factor, shift = model
    group = np.repeat(np.arange(n), rng.integers(1, 5, n))
    log_odds = rng.normal(size=n)[group] + 0.7 * rng.normal(size=len(group)) - 1
    # What the model does not see is normal, and images of a patient share a part of it.
    unseen = 0.6 * rng.normal(size=n)[group] + 0.8 * rng.normal(size=len(group))
    y = (norm.cdf(unseen) < expit(log_odds)).astype(int)
    return y, expit(factor * log_odds + shift), group


def estimate(y, probability, group, **options):
    """All measures with their intervals."""
    options = {"groups": group, "n_resamples": 0} | options
    summary = calibration_summary(y, probability, n_bins=N_BINS, **options)
    curve = decision_curve(y, probability, thresholds=THRESHOLDS, **options)
    names = [f"net benefit at {threshold:g}" for threshold in THRESHOLDS]
    curve = curve.rename(columns={"net_benefit": "estimate"}).set_axis(names)
    return pd.concat([summary, curve[summary.columns]])


def run(true, model, n, n_draws, rng):
    """Coverage and mean width of each interval."""
    covered, widths = [], []
    for number in range(n_draws):
        drawn = draw(n, model, rng)
        found = estimate(*drawn, n_resamples=1000, random_state=number)
        found.loc[f"{ERROR}, percentiles"] = percentiles(*drawn, number)
        value = true["estimate"].reindex(found.index)
        value = value.fillna(value[ERROR])
        holds = value.between(found["lower"], found["upper"]).astype(float)
        covered.append(holds.where(found["estimate"].notna()))
        widths.append(found["upper"] - found["lower"])
    return pd.DataFrame(covered).mean(), pd.DataFrame(widths).mean()


def percentiles(y, probability, group, seed):
    """Calibration error with percentiles of its resamples."""
    n = group.max() + 1
    sums = group_errors(y == 1, probability, group, N_BINS)
    blocks = resample_groups(n, 1000, n, np.random.RandomState(seed))
    total = np.concatenate([weights @ sums for weights in blocks])
    values = np.abs(total[:, 2:]).sum(axis=1) / total[:, 0]
    middle = np.abs(sums[:, 2:].sum(axis=0)).sum() / sums[:, 0].sum()
    return [middle, *np.quantile(values, [0.025, 0.975])]


def tabulate(model, true, found):
    """One row for each measure, one column for each value and number of patients."""
    columns = {"true value": true["estimate"]}
    for position, name in enumerate(["coverage", "mean width"]):
        columns |= {f"{name}, {n}": values[position] for n, values in found.items()}
    table = pd.DataFrame(columns).reindex(next(iter(found.values()))[0].index)
    table["true value"] = table["true value"].fillna(true.loc[ERROR, "estimate"])
    table = table.round(3).rename_axis("measure").reset_index()
    table.insert(0, "model", model)
    return table


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of draws in which the slope is not defined
        main()
