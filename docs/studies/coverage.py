"""Coverage of the intervals and size of the paired tests, by simulation.

Run anywhere; it needs neither data nor weights::

    python docs/studies/coverage.py

Each draw is a set of patients with one to four images. Two models, equally good, score
each image; their scores share an effect of the patient and of the image. The true value
of each measure is that of a very large draw. The method was chosen on "per patient"
with other draws; "per breast" and "three classes" were not used to choose it. Each case
goes to a file in ``docs/studies/runs`` and is computed once; the tables go to
``docs/studies/results/coverage.csv`` and ``test_size.csv``.
"""

import argparse
import warnings

import numpy as np
import pandas as pd
from record import RUNS, current_commit, read_runs, write_results

from skfusion.metrics._bootstrap import resample_groups
from skfusion.metrics._delong import compare_areas
from skfusion.metrics._grouped_measures import GroupedMeasures
from skfusion.metrics._intervals import summarise
from skfusion.metrics._measures import BINARY_MEASURES
from skfusion.metrics._paired import paired_differences
from skfusion.metrics._predictions import check_predictions

NAME = "coverage"
COMMAND = "python docs/studies/coverage.py"
N_PATIENTS = (20, 40, 100)
N_LARGE = 400_000
LEVEL = 0.05
SEED = 2027  # the method was chosen on draws of other seeds
NOTE = (
    "{n} draws of 20, 40 and 100 patients, intervals of 95 %, 1,000 resamples. A draw "
    "in which a measure is not defined, such as the sensitivity without a malignant "
    "image, does not count. The standard error of a share of 0.95 or 0.05 is "
    "{error:.3f}. "
)
PERCENTILES = "Percentiles: coverage of percentiles of the same resamples. "
SCENARIOS_NOTE = (
    "Per patient: 30 % of the patients malignant, the scenario on which the method was "
    "chosen. Per breast: one or two breasts with one or two views, 25 % of the breasts "
    "malignant, skewed scores, five folds. Three classes: 50, 30 and 20 % of the "
    "patients."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draws", type=int, default=1000)
    n_draws = parser.parse_args().draws
    RUNS.mkdir(exist_ok=True)
    for number, (scenario, draw) in enumerate(SCENARIOS.items()):
        for n in N_PATIENTS:
            path = RUNS / f"{NAME}_{scenario.replace(' ', '-')}_{n}.csv"
            if not path.exists():
                rng = np.random.default_rng([SEED, number, n])
                table = run(draw, n, n_draws, rng)
                table.insert(0, "patients", n)
                table.insert(0, "scenario", scenario)
                table.assign(commit=current_commit()).to_csv(path, index=False)
                print(scenario, n, flush=True)
    write(n_draws)


def draw_by_patient(n, rng):
    """Labels of patients: sensitivity 0.74, specificity 0.76, AUC 0.83."""
    group = np.repeat(np.arange(n), rng.integers(1, 5, n))
    y = (rng.random(n) < 0.3).astype(int)[group]
    shared = 0.3**0.5 * rng.normal(size=n)[group] + 0.5 * rng.normal(size=len(y))
    own = [
        0.2**0.5 * rng.normal(size=n)[group] + 0.5 * rng.normal(size=len(y))
        for _ in range(2)
    ]
    scores = [1.35 * y + shared + each for each in own]
    return group, None, y, scores, [(s > 0.7).astype(int) for s in scores]


def draw_by_breast(n, rng):
    """Labels of breasts, skewed scores of five folds: sensitivity and AUC 0.93."""
    patient = np.repeat(np.arange(n), rng.integers(1, 3, n))
    malignant = (rng.random(len(patient)) < 0.25).astype(int)
    breast = np.repeat(np.arange(len(patient)), rng.integers(1, 3, len(patient)))
    group, y = patient[breast], malignant[breast]

    def noise(codes):
        return rng.exponential(size=codes.max() + 1)[codes] - 1

    image = np.arange(len(y))
    shared = 0.5 * noise(group) + 0.5 * noise(breast) + 0.3 * noise(image)
    scores = [
        2 * y + shared + 0.3 * noise(group) + 0.55 * noise(image) for _ in range(2)
    ]
    return group, group % 5, y, scores, [(s > 0.75).astype(int) for s in scores]


def draw_three_classes(n, rng):
    """Labels of patients, of three classes, without scores."""
    group = np.repeat(np.arange(n), rng.integers(1, 5, n))
    y = rng.choice(3, size=n, p=[0.5, 0.3, 0.2])[group]
    shape = (len(y), 3)
    shared = 0.5 * rng.normal(size=(n, 3))[group] + 0.5 * rng.normal(size=shape)
    own = [
        0.4 * rng.normal(size=(n, 3))[group] + 0.6 * rng.normal(size=shape)
        for _ in range(2)
    ]
    return group, None, y, None, [(np.eye(3)[y] + shared + o).argmax(1) for o in own]


SCENARIOS = {
    "per patient": draw_by_patient,
    "per breast": draw_by_breast,
    "three classes": draw_three_classes,
}


def check(drawn, n_classes):
    """Predictions of both models."""
    group, fold, y, scores, predicted = drawn
    return [
        check_predictions(
            *(y, predicted[model]),
            y_score=None if scores is None else scores[model],
            groups=group,
            folds=fold,
            labels=np.arange(n_classes),
        )
        for model in range(2)
    ]


def run(draw, n, n_draws, rng):
    """Count the intervals that hold the true value, and the significant differences."""
    n_classes = 3 if draw is draw_three_classes else 2
    large = check(draw(N_LARGE, np.random.default_rng(SEED)), n_classes)[0]
    true = summarise(large, n_resamples=0)["estimate"]
    covered, widths, of_percentiles, p_values = [], [], [], []
    for number in range(n_draws):
        models = check(draw(n, rng), n_classes)
        found = summarise(models[0], random_state=number)
        defined = found["estimate"].notna()
        holds = true.between(found["lower"], found["upper"])
        covered.append(holds.astype(float).where(defined))
        holds = true.between(*percentiles(models[0], number))
        of_percentiles.append(holds.astype(float).where(defined))
        widths.append(found["upper"] - found["lower"])
        p = paired_differences(*models, random_state=number)["p"]
        if n_classes == 2:
            p["AUC (DeLong)"] = compare_areas(*models).p
        p_values.append(p)
    p_values = pd.DataFrame(p_values)
    table = {
        "true value": true,
        "coverage": pd.DataFrame(covered).mean(),
        "percentiles": pd.DataFrame(of_percentiles).mean(),
        "mean width": pd.DataFrame(widths).mean(),
        "size": (p_values < LEVEL).mean(),
    }
    return pd.DataFrame(table).rename_axis("measure").reset_index()


def percentiles(predictions, seed):
    """Percentiles of the same resamples, the interval that is most often used."""
    measures, n = GroupedMeasures(predictions), predictions.group.max() + 1
    blocks = resample_groups(n, 1000, n, np.random.RandomState(seed))
    values = np.concatenate([measures(weights) for weights in blocks])
    bounds = np.nanquantile(values, [LEVEL / 2, 1 - LEVEL / 2], axis=0)
    return [pd.Series(each, measures.names) for each in bounds]


def write(n_draws):
    table, commit = read_runs(NAME)
    origin = {"command": COMMAND, "commit": commit}
    note = NOTE.format(n=f"{n_draws:,}", error=(0.95 * 0.05 / n_draws) ** 0.5)
    order = pd.Categorical(table["scenario"], list(SCENARIOS))
    table = table.assign(scenario=order).sort_values(["scenario", "patients"])
    keys = ["scenario", "measure"]
    intervals = table.dropna(subset="true value")
    write_results(
        NAME,
        spread(intervals, ["coverage", "percentiles", "mean width"], keys),
        title="Coverage of 95 % intervals, by simulation",
        note=note + PERCENTILES + SCENARIOS_NOTE,
        **origin,
    )
    write_results(
        "test_size",
        spread(table[table["measure"] != "prevalence"], ["size"], keys),
        title="Significant differences (p < 0.05) between equally good models",
        note=note + SCENARIOS_NOTE,
        **origin,
    )


def spread(table, values, keys):
    """One row for each measure, one column for each value and number of patients."""
    wide = table.pivot(index=keys, columns="patients", values=values).round(3)
    wide.columns = [f"{value}, {n}" for value, n in wide.columns]
    # In the order of the summary, not of the alphabet.
    order = [*BINARY_MEASURES, "AUC (DeLong)"].index
    wide = wide.sort_index(level=1, key=lambda names: names.map(order))
    return wide.reset_index().sort_values("scenario", kind="stable")


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of resamples in which nothing is defined
        main()
