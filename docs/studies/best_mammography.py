"""The best honest numbers of mammography: images, breasts and patients.

Run where RSNA and the weights are, in one go or model by model::

    python docs/studies/best_mammography.py DATA WEIGHTS

The subset of RSNA on the folds of ``folds.csv``. Only the evaluation part is scored:
five folds, drawn with each seed. A model of a fold learns from the other four folds and
from the development part, which is never scored. No patient is on both sides of a fold;
a split that breaks this is refused.

The models are those of ``best_models.py`` and read the breast without the air around
it. The score of a breast is the mean of its views, and that of a patient the mean of
all of her images. Every fit is a file of ``docs/studies/runs``, and the table is
``docs/studies/results/best_mammography.csv``, which ``docs/figures/draw_best.py``
draws.
"""

from itertools import product

import pandas as pd
from best_models import COMBINED, MODELS, make_model
from best_runs import (
    add_goals,
    describe,
    fit_once,
    keep_complete,
    make_parser,
    read_runs,
)
from levels import LEVELS, combine
from make_folds import N_FOLDS, TABLE, image_digests
from real_data import name_folds
from record import RUNS, current_commit, write_results

from skfusion.datasets import load_rsna

NAME = "best_mammography"
TEST = "RSNA, by patient"
ALL_MODELS = (*MODELS, *COMBINED)
REGION = "breast"
GOALS = [
    ({"level": ["breast"], "model": ALL_MODELS}, "AUC", "estimate", 0.68),
    ({"level": ["patient"], "model": ALL_MODELS}, "AUC", "estimate", 0.70),
    ({"level": ["breast"], "model": ["cnn17"]}, "AUC", "lower", 0.50),
]
NOTE = (
    "The subset of RSNA. The evaluation part, in five folds that no patient crosses, "
    "drawn once for each seed; a model learns from the other folds and from the "
    "development part, on which settings were chosen and which is never scored. The "
    "predictions of all seeds are pooled, with 95 % intervals by resampling patients. "
    "The AUC compares scores of one fold and one seed only. Images are cropped to the "
    "breast. A breast, or a patient, is malignant if one of its images is; its score "
    "is the mean of its images. Levels differ in prevalence, on which kappa depends. "
    "frozen: features and a logistic regression; 'frozen, sides': the same, with both "
    "breasts of the exam. transfer is one network, and cnn17 has three members. The "
    "goals were written down before the study; a goal for the best model stands in its "
    "row."
)


def main():
    parser = make_parser(__doc__, ALL_MODELS, (REGION,))
    arguments = parser.parse_args()
    commit = current_commit()
    data = load_rsna(arguments.data)
    X, y = data.data, data.target
    folds = pd.read_csv(TABLE).set_index("image").loc[image_digests(X)]
    for seed, name in product(arguments.seeds, arguments.models):
        fold = folds[f"fold_seed{seed}"].to_numpy()
        slug = name.replace(", ", "-")
        for number in range(N_FOLDS):
            names = {"test": TEST, "model": name, "region": REGION}
            names |= {"seed": seed, "fold": number, "commit": commit}
            fit_once(
                RUNS / f"{NAME}_{slug}_{REGION}_seed{seed}_fold{number}.csv",
                make_model(
                    name,
                    REGION,
                    "mammography",
                    arguments.weights,
                    cache=arguments.cache,
                    seed=seed,
                ),
                *(X, y, X.index[fold != number], X.index[fold == number]),
                names,
            )
    summarise(pd.Series(X["laterality"].to_numpy(), image_digests(X)))


def summarise(laterality):
    """Write the table of all complete seeds there are."""
    runs, commit = read_runs(NAME)
    runs = keep_complete(runs, N_FOLDS)
    runs["laterality"] = runs["image"].map(laterality)
    rows = []
    for model in ALL_MODELS:
        images = runs[runs["model"] == model]
        if images.empty:
            continue
        levels = {"image": images}
        levels |= {each: combine(images, by, "mean") for each, by in LEVELS.items()}
        for level, part in levels.items():
            part = part.assign(y_pred=(part["y_score"] > 0.5).astype(int))
            row = {"test": TEST, "model": model, "level": level}
            rows.append(row | describe(part, name_folds(part)))
    table = add_goals(pd.DataFrame(rows), GOALS)
    write_results(
        NAME,
        table,
        title="Mammography by patient: images, breasts and patients",
        command="python docs/studies/best_mammography.py DATA WEIGHTS",
        commit=commit,
        note=NOTE,
    )
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
