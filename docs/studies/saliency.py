"""Where the maps of three kinds of models lie: on the publisher's mask, or beside it.

Run where the data sets and the weights are::

    python docs/studies/saliency.py DATA WEIGHTS --cache FOLDER

Three models of whole ultrasound images learn from the folds of ``folds.csv`` (seed 0)
other than fold 0, and from the development part, as in ``best_ultrasound.py``. They
explain the class that they predict in images of BUSI of fold 0: one image of each of 30
patients (families of near-duplicates), drawn by seed 0. The share of each map inside
the publisher's mask is beside that of maps that know nothing of the image: one that is
the same everywhere, smooth noise, and a Gaussian in the centre. "random weights" are
maps of Grad-CAM of the same model after the weights of its network were drawn anew.

Each model and method is a file of ``docs/studies/runs``, so that an interrupted study
continues; with ``--cache``, fitted models are kept there, too. The table is
``docs/studies/results/saliency.csv``. Images, folds, models and settings were fixed
before a number was known. The networks are smaller than in ``best_ultrasound.py`` (one
member, 5 epochs at 128 pixels), so that the study takes ten minutes.
"""

import argparse
from itertools import product
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from best_models import SETTINGS, make_model
from best_ultrasound import load
from make_folds import image_digests
from models import find_weights
from PIL import Image
from record import RUNS, current_commit, read_runs, write_results
from scipy.ndimage import gaussian_filter
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from skfusion.inspection import mass_inside, randomize_weights, saliency
from skfusion.metrics._bootstrap import resample_groups
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

NAME, SEED, FOLD, N_IMAGES = "saliency", 0, 0, 30
MODELS = ("frozen", "cnn17", "transfer")
METHODS = ("gradcam", "random_weights", "integrated_gradients", "occlusion")
CHANCE = ("the same everywhere", "smooth noise", "centre")
NOTE = (
    "Share of each map inside the publisher's mask, the mean over one BUSI image of "
    "each of 30 patients (families of near-duplicates) of an evaluation fold, with 95 "
    "% intervals by resampling patients. Whole images; the predicted class is "
    "explained. 'on it' is the share of images of which the greatest number of the map "
    "is inside the mask, and 'empty' that of images whose map is 0 everywhere, because "
    "nothing speaks for the class; it counts as 0. Without a model: a map that is the "
    "same everywhere, whose share is that of the area of the mask; smooth noise; a "
    "Gaussian in the centre, with a quarter of the sides as deviation. "
    "'random weights' is Grad-CAM "
    "after the weights of the network were drawn anew. AUC: of the test images. "
    "frozen: MobileNetV2 features and an SVM; cnn17: one network with the settings of "
    "the final study; transfer: SqueezeNet fine-tuned for 5 epochs at 128 pixels. "
    "Nothing was tuned on these images."
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    parser.add_argument("weights", type=Path, help="where the weights are")
    parser.add_argument("--cache", type=Path, help="folder for features and models")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    arguments = parser.parse_args()
    commit = current_commit()
    X, y, folds = load(arguments.data)
    fold = folds[f"fold_seed{SEED}"].to_numpy()
    test = X.index[fold == FOLD]
    shown = choose_images(X.loc[test])
    for method, name in product(arguments.methods, arguments.models):
        path = RUNS / f"{NAME}_{name}_{method}.csv"
        if path.exists():
            continue
        model = fit(name, X.loc[fold != FOLD], y[fold != FOLD], arguments)
        rows = measure(model, method, X.loc[shown]).assign(
            model=name, method=method, auc=area(model, X.loc[test], y[test])
        )
        rows.assign(commit=commit).to_csv(path, index=False)
        print(name, method, rows["share"].mean(), flush=True)
    path = RUNS / f"{NAME}_none.csv"
    if not path.exists():
        without_model(X.loc[shown]).assign(commit=commit).to_csv(path, index=False)
    summarise()


def choose_images(X):
    """Rows of one image of each of some patients of BUSI."""
    X = X[X["dataset"] == "busi"].sample(frac=1, random_state=SEED)
    return X.drop_duplicates("group").index[:N_IMAGES]


def make(name, weights, cache):
    """A model of whole images."""
    if name == "frozen":
        return make_model(name, "image", "ultrasound", weights, cache=cache)
    if name == "cnn17":
        return make_pipeline(CNN17Classifier(random_state=SEED))
    backbone = SETTINGS["transfer"]["backbone"]
    options = {"image_size": 128, "max_epochs": 5, "random_state": SEED}
    file = find_weights(weights, backbone)
    return make_pipeline(TransferCNNClassifier(backbone, weights=file, **options))


def fit(name, X, y, arguments):
    """Fit a model, or take the one that was kept."""
    kept = arguments.cache and arguments.cache / f"{NAME}_{name}.joblib"
    if kept and kept.exists():
        return joblib.load(kept)
    model = make(name, arguments.weights, arguments.cache).fit(X, y)
    if kept:
        joblib.dump(model, kept)
    return model


def area(model, X, y):
    """Area under the ROC curve of the test images."""
    if hasattr(model, "predict_proba"):
        return roc_auc_score(y, model.predict_proba(X)[:, 1])
    return roc_auc_score(y, model.decision_function(X))


def measure(model, method, X):
    """Shares of the maps of some images inside their masks."""
    if method == "random_weights":
        options = {"target": model.predict(X)}
        maps = saliency(randomize_weights(model, random_state=SEED), X, **options)
    else:
        maps = saliency(model, X, method=method)
    return describe(X, maps)


def describe(X, maps):
    """One row for each image."""
    rows = []
    for path, found in zip(X["image"], maps, strict=True):
        mask = read_mask(path)
        peak = np.unravel_index(found.argmax(), found.shape)
        rows.append((mass_inside(found, mask), bool(mask[peak])))
    table = pd.DataFrame(rows, columns=["share", "peak"])
    names = {"image": image_digests(X), "group": pd.factorize(X["group"])[0]}
    return table.assign(**names)


def read_mask(path):
    """The mask of an image: all of its files together."""
    path = Path(path)
    files = path.parent.glob(f"{path.stem}_mask*.png")
    return np.any([np.asarray(Image.open(file).convert("L")) > 0 for file in files], 0)


def without_model(X):
    """Shares of maps that know nothing of the image."""
    rng = np.random.default_rng(SEED)
    shapes = [read_mask(path).shape for path in X["image"]]
    maps = {
        "the same everywhere": [np.ones(shape) for shape in shapes],
        "smooth noise": [smooth_noise(shape, rng) for shape in shapes],
        "centre": [centre(shape) for shape in shapes],
    }
    parts = [
        describe(X, found).assign(model="none", method=name)
        for name, found in maps.items()
    ]
    return pd.concat(parts)


def smooth_noise(shape, rng):
    noise = gaussian_filter(rng.normal(size=shape), max(shape) / 16)
    return np.maximum(noise, 0)


def centre(shape):
    y, x = (np.linspace(-2, 2, n) for n in shape)
    return np.exp(-(y[:, np.newaxis] ** 2 + x**2) / 2)


def summarise():
    """Write the table of all runs there are."""
    runs, commit = read_runs(NAME)
    rows = []
    for name in ("none", *MODELS):
        methods = CHANCE if name == "none" else METHODS
        for method in methods:
            part = runs[(runs["model"] == name) & (runs["method"] == method)]
            if len(part):
                rows.append(summary_of(part, name, method))
    table = pd.DataFrame(rows)
    write_results(
        NAME,
        table,
        title="Where maps lie: share inside the publisher's mask",
        command="python docs/studies/saliency.py DATA WEIGHTS",
        commit=commit,
        note=NOTE,
    )
    print(table.to_string(index=False))


def summary_of(part, name, method):
    """One row of the table. A map of zeros has nothing on the lesion."""
    share = part["share"].fillna(0).to_numpy()
    lower, upper = interval(share, part["group"].to_numpy())
    return {
        "model": name,
        "method": method.replace("_", " "),
        "images": len(part),
        "share inside": f"{share.mean():.3f} ({lower:.3f} to {upper:.3f})",
        "on it": f"{part['peak'].mean():.2f}",
        "empty": f"{part['share'].isna().mean():.2f}",
        "AUC": "-" if name == "none" else f"{part['auc'].iloc[0]:.3f}",
    }


def interval(values, groups):
    """Percentiles of the mean over resampled patients."""
    codes = pd.factorize(groups)[0]
    sums, counts = np.bincount(codes, values), np.bincount(codes)
    draws = resample_groups(len(counts), 2000, len(values), np.random.RandomState(SEED))
    means = np.concatenate([w @ sums / (w @ counts) for w in draws])
    return np.quantile(means, [0.025, 0.975])


if __name__ == "__main__":
    main()
